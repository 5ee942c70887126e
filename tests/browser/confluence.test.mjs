import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CONFLUENCE, openConfluence } from "./confluence.mjs";
import { ask, createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, READING, SERVER } from "./support.mjs";

const skip = CONFLUENCE === "" ? "the server was started without Confluence" : false;

/** More spaces than anybody wants to look through, some of them with pages. */
const spaces = Object.fromEntries([["DOC", "Handbook"], ["HR", "People"], ...Array.from({ length: 40 }, (_, at) => [`T${at}`, `Team ${at + 1}`])]);
const pages = [
  { id: "101", space: "DOC", title: "Filling", storage: "<p>The lantern is filled with <strong>lamp oil</strong> up to the brass ring.</p>" },
  { id: "102", space: "DOC", title: "Plans", storage: "<table><tbody><tr><th>Plan</th><th>Users</th></tr><tr><td>Team</td><td>20</td></tr></tbody></table>" },
  { id: "103", space: "DOC", title: "Contents", storage: "<ac:structured-macro ac:name=\"children\" />" },
  { id: "104", space: "HR", title: "Salaries", storage: "<p>Nobody's business.</p>" },
];

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openConfluence>>} */
let confluence;
before(async () => {
  if (skip) return;
  browser = await openBrowser();
  confluence = await openConfluence({ redirect: `${SERVER}/integrations/confluence/callback`, site: "Orchard works", spaces, pages });
});
after(async () => {
  confluence?.close();
  await browser?.close();
});

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner connects Confluence, picks a space of many, and finishes at Atlassian, ${theme}, ${width} pixels wide`, { skip }, async () => {
    const { page, calm, close } = await openPage(browser, { theme, width, sites: [new URL(CONFLUENCE).origin] });
    const seen = async (/** @type {string} */ where) => {
      assert.deepEqual(await barriers(page), [], where);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(scrolls, 0, `${where}: nothing is wider than the window`);
      if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/confluence-${where.replaceAll(" ", "-")}-${theme}.png`, fullPage: true });
    };
    await signUp(page);
    await createProject(page, "Lantern");
    await visit(page, "Sources");
    await page.getByRole("link", { name: "Confluence", exact: true }).click();
    await page.getByRole("heading", { name: "Connect Confluence first" }).waitFor();
    await seen("before an account");
    await page.getByRole("button", { name: "Connect Confluence" }).click();
    // Nothing is asked for that could change anything there.
    await page.getByText("read:space:confluence read:page:confluence").waitFor();
    await page.getByRole("link", { name: "Allow access" }).click();

    await page.getByRole("heading", { level: 1, name: "Add Confluence" }).waitFor();
    assert.equal(await page.getByLabel("Orchard works").isChecked(), true);
    assert.match(page.url(), /\/sources\/new\/confluence\?grant=[\w-]+$/, "the ticket is not left in the address");
    await page.getByLabel("Chosen spaces").check();
    await page.getByText("42 spaces found").waitFor();
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.getByText("Choose at least one space").waitFor();
    await page.getByRole("searchbox", { name: "Search spaces" }).fill("hand");
    await page.getByText("1 space found").waitFor();
    await page.getByRole("checkbox", { name: "Handbook" }).check();
    await page.getByRole("button", { name: "Take Handbook off" }).waitFor();
    await seen("the picker");
    await page.getByRole("button", { name: "Add and start" }).click();

    const now = page.getByRole("region", { name: "Confluence" });
    await now.getByText("Up to date", { exact: true }).waitFor({ timeout: READING });
    await now.getByRole("link", { name: "2 documents" }).waitFor();
    await page.getByRole("region", { name: "Left out" }).getByText("Nothing to read in it").first().waitFor();
    await seen("a source of Confluence");

    // What was given for an hour is over: it is renewed, and what renewed it is good for nothing after that.
    const [first] = confluence.given.refresh.slice(-1);
    await confluence.expire();
    await page.getByRole("button", { name: "Sync now" }).click();
    await comesTo(page.getByRole("region", { name: "History" }).getByRole("row"), 3, "the heading and two syncs");
    await now.getByText("Up to date", { exact: true }).waitFor({ timeout: READING });
    assert.equal(await confluence.isActive(first ?? ""), false);
    const [stored] = confluence.given.refresh.slice(-1);
    assert.equal(await confluence.isActive(stored ?? ""), true);

    await visit(page, "Ask");
    const answered = await ask(page, "What is the lantern filled with?");
    await answered.getByText(/lamp oil/).first().waitFor();
    await comesTo(page.getByText("Nobody's business"), 0);

    await page.goto(`${SERVER}/workspace/integrations`);
    const accounts = page.getByRole("region", { name: "Accounts" });
    await accounts.getByRole("button", { name: "Disconnect Orchard works, Confluence" }).click();
    const dialog = page.getByRole("dialog", { name: "Disconnect Orchard works?" });
    await dialog.getByText("Atlassian has no way to remove the app from here").waitFor();
    await dialog.getByRole("radio", { name: /^Kept/ }).check();
    await seen("the dialog");
    await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
    const receipts = page.getByRole("region", { name: "Receipts" });
    const finish = receipts.getByRole("link", { name: /Atlassian/ }).first();
    await finish.waitFor({ timeout: READING });
    assert.equal(await finish.getAttribute("href"), "https://id.atlassian.com/manage-profile/apps");
    await page.getByRole("heading", { name: "No account is connected" }).waitFor({ timeout: READING });
    assert.equal(await confluence.isActive(stored ?? ""), false, "the authorization server says that what was stored is dead");
    await seen("the receipts");
    calm(`Confluence, ${theme}, ${width}`);
    await close();
  });
}
