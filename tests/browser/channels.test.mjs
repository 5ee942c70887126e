import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { ask, createProject, signUp, visit } from "./people.mjs";
import { openSlack, SLACK } from "./slack.mjs";
import { barriers, openBrowser, openPage, READING, SERVER } from "./support.mjs";

const skip = SLACK === "" ? "the server was started without Slack" : false;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSlack>>} */
let slack;
before(async () => {
  if (skip) return;
  browser = await openBrowser();
  slack = await openSlack();
  slack.people({ U1: "Ada", U2: "Bob" });
  slack.channel("C0HELP", "help", [
    { user: "U1", ts: "1700000000.000100", text: "How is the lantern filled?", replies: [{ user: "U2", ts: "1700000001.000100", text: "With lamp oil, up to the brass ring." }] },
    { user: "U1", ts: "1700001000.000100", text: "thanks!", replies: [] },
  ]);
  slack.channel("C0BOARD", "board", null);
});
after(async () => {
  slack?.close();
  await browser?.close();
});

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner reads a channel of Slack, and revokes everything, ${theme}, ${width} pixels wide`, { skip }, async () => {
    const { page, calm, close } = await openPage(browser, { theme, width, sites: [new URL(SLACK).origin] });
    const seen = async (/** @type {string} */ where) => {
      assert.deepEqual(await barriers(page), [], where);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(scrolls, 0, `${where}: nothing is wider than the window`);
      if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/channels-${where.replaceAll(" ", "-")}-${theme}.png`, fullPage: true });
    };
    const { workspace } = await signUp(page);
    const project = await createProject(page, "Lantern");
    await visit(page, "Sources");
    await page.getByRole("link", { name: "Slack", exact: true }).click();
    await page.getByRole("heading", { name: "Connect Slack first" }).waitFor();
    await seen("before a workspace");
    await page.getByRole("link", { name: "Open Slack" }).click();
    slack.be({ id: `T${randomBytes(5).toString("hex").toUpperCase()}`, name: "Orchard works" });
    await page.getByRole("button", { name: "Connect a Slack workspace" }).click();
    // Reading what is said in channels is asked for, because this server was set up to.
    await page.getByText("channels:history").waitFor();
    await page.getByRole("link", { name: "Allow" }).click();
    await page.getByRole("region", { name: "Orchard works" }).waitFor();

    await page.goto(`${project}/sources/new/slack`);
    await page.getByRole("heading", { level: 1, name: "Add Slack" }).waitFor();
    await page.getByText("2 channels found").waitFor();
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.getByText("Choose at least one channel").waitFor();
    for (const name of ["help", "board"]) await page.getByRole("checkbox", { name }).check();
    await page.getByRole("button", { name: "Take help off" }).waitFor();
    await seen("the picker");
    await page.getByRole("button", { name: "Add and start" }).click();
    const now = page.getByRole("region", { name: "Slack" });
    await now.getByText("Up to date", { exact: true }).waitFor({ timeout: READING });
    await now.getByRole("link", { name: "1 document" }).waitFor();
    // The app is in one of the two only: it says so, and how that is mended.
    await page.getByRole("region", { name: "Left out" }).getByText(/invite/i).first().waitFor();
    await seen("a source of Slack");

    await visit(page, "Ask");
    const answered = await ask(page, "How is the lantern filled?");
    await answered.getByText(/lamp oil/).first().waitFor();

    await page.goto(`${SERVER}/workspace/integrations`);
    const before = slack.revoked();
    await page.getByRole("button", { name: "Revoke everything" }).click();
    const dialog = page.getByRole("dialog", { name: "Revoke every integration?" });
    await dialog.getByText("Orchard works in Slack is disconnected").waitFor();
    await dialog.getByRole("radio", { name: /^Deleted/ }).check();
    await dialog.getByLabel("Workspace name").fill(workspace);
    await seen("the dialog");
    await dialog.getByRole("button", { name: "Revoke everything" }).click();
    const receipts = page.getByRole("region", { name: "Receipts" });
    await receipts.getByText("Slack confirmed that the access ended.").first().waitFor({ timeout: READING });
    assert.equal(slack.revoked(), before + 1, "the token is ended at Slack");
    await seen("the receipts");
    calm(`channels, ${theme}, ${width}`);
    await close();
  });
}
