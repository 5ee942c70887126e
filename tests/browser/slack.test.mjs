import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createProject, signUp } from "./people.mjs";
import { openSlack, SLACK } from "./slack.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

const skip = SLACK === "" ? "the server was started without Slack" : false;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSlack>>} */
let slack;
before(async () => {
  if (skip) return;
  browser = await openBrowser();
  slack = await openSlack();
});
after(async () => {
  slack?.close();
  await browser?.close();
});

const team = (/** @type {string} */ name) => ({ id: `T${randomBytes(5).toString("hex").toUpperCase()}`, name });

/** @param {Page} page */
async function connect(page) {
  await page.getByRole("button", { name: "Connect a Slack workspace" }).click();
  await page.getByRole("link", { name: "Allow" }).click();
}

for (const [width, theme] of /** @type {const} */ ([[1280, "light"], [390, "dark"]])) {
  test(`an owner connects Slack, chooses projects for channels, and disconnects (${theme}, ${width} wide)`, { skip }, async () => {
    const { page, calm, close } = await openPage(browser, { sites: [new URL(SLACK).origin], width, theme });
    await signUp(page);
    await createProject(page, "Orchard guide");
    slack.be(team("Orchard works"));
    await page.goto(`${SERVER}/workspace`);
    await page.getByRole("link", { name: "Open Slack" }).click();
    await page.getByRole("heading", { name: "No Slack workspace is connected" }).waitFor();
    assert.deepEqual(await barriers(page), [], "the page before");
    await connect(page);
    const card = page.getByRole("region", { name: "Orchard works" });
    await card.getByText("Connected", { exact: true }).waitFor();
    await page.getByText("One step is left").waitFor();
    assert.equal(page.url(), `${SERVER}/workspace/slack`, "the ticket is not left in the address");

    await slack.mention("C0999ZZZZ");
    for (let n = 0; n < 100 && !(await card.getByText("Somebody asked here.").isVisible()); n += 1) {
      await page.reload();
      await card.waitFor();
    }
    await page.getByText("No project is chosen for the channel.").waitFor();

    await card.getByRole("button", { name: "Choose a project for All other channels, and direct messages" }).click();
    await page.getByRole("dialog").getByLabel("Project").selectOption({ label: "Orchard guide" });
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await card.getByText("asks").first().waitFor();

    // An answer that Slack did not take is sent when somebody asks for it.
    slack.refuseOnce("channel_not_found");
    await slack.mention("C0999ZZZZ");
    const again = page.getByRole("button", { name: /^Try again what came/ });
    for (let n = 0; n < 100 && !(await again.isVisible()); n += 1) {
      await page.reload();
      await card.waitFor();
    }
    await page.getByText("Slack refused: channel_not_found.").waitFor();
    assert.deepEqual(await barriers(page), [], "a delivery that failed");
    await again.click();
    await page.getByRole("region", { name: "Last deliveries" }).getByText("Done", { exact: true }).waitFor();
    await comesTo(again, 0);

    await card.getByRole("button", { name: "Add a channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Channel link or ID").fill("#help");
    await dialog.getByLabel("Project").selectOption({ label: "Orchard guide" });
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Paste the channel's link").waitFor();
    assert.deepEqual(await barriers(page), [], "the dialog");
    await dialog.getByLabel("Channel link or ID").fill("https://orchard.slack.com/archives/C0123ABCD");
    await dialog.getByLabel("Name").fill("help");
    await dialog.getByRole("button", { name: "Save" }).click();
    await card.getByText("#help").waitFor();
    assert.deepEqual(await barriers(page), [], "the page with channels");
    const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.equal(scrolls, false, "nothing is wider than the window");

    await card.getByRole("button", { name: "Actions for #help" }).click();
    await page.getByRole("menuitem", { name: "Take off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Take off" }).click();
    await card.getByText("#help").waitFor({ state: "detached" });

    const before = slack.revoked();
    await card.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("heading", { name: "No Slack workspace is connected" }).waitFor();
    for (let n = 0; n < 100 && slack.revoked() === before; n += 1) await page.waitForTimeout(100);
    assert.equal(slack.revoked(), before + 1, "the token is ended at Slack");
    // The wrong channel was refused, which browsers write to the console.
    void calm;
    await close();
  });
}

test("who does not agree in Slack is told so and can begin again", { skip }, async () => {
  const { page, close } = await openPage(browser, { sites: [new URL(SLACK).origin] });
  await signUp(page);
  slack.be(team("Orchard works"));
  await page.goto(`${SERVER}/workspace/slack`);
  await page.getByRole("button", { name: "Connect a Slack workspace" }).click();
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByText("You did not agree in Slack").waitFor();
  assert.deepEqual(await barriers(page), [], "the page that says so");
  await connect(page);
  await page.getByRole("region", { name: "Orchard works" }).waitFor();
  await close();
});
