import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NOTION, openNotion } from "./notion.mjs";
import { createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, READING, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

const skip = NOTION === "" ? "the server was started without Notion" : false;

/** A handbook of many pages: more than anybody wants to look through. */
const pages = Array.from({ length: 60 }, (_, at) => ({
  id: `aaaaaaaa-0000-4000-8000-${String(at).padStart(12, "0")}`,
  title: at === 41 ? "Filling the lantern" : `Chapter ${at + 1}`,
  text: at === 41 ? "The lantern is filled with lamp oil up to the brass ring." : `What chapter ${at + 1} is about.`,
}));

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openNotion>>} */
let notion;
before(async () => {
  if (skip) return;
  browser = await openBrowser();
  notion = await openNotion({ redirect: `${SERVER}/integrations/notion/callback`, workspace: "Orchard works", pages });
});
after(async () => {
  notion?.close();
  await browser?.close();
});

/** Goes to the form of a source of Notion, in a new workspace. @param {Page} page */
async function begin(page) {
  await signUp(page);
  await createProject(page, "Lantern");
  await visit(page, "Sources");
  await page.getByRole("link", { name: "Notion", exact: true }).click();
  await page.getByRole("heading", { name: "Connect Notion first" }).waitFor();
}

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner connects Notion, picks a page of many, and ends the access, ${theme}, ${width} pixels wide`, { skip }, async () => {
    const { page, calm, close } = await openPage(browser, { theme, width, sites: [new URL(NOTION).origin] });
    const seen = async (/** @type {string} */ where) => {
      assert.deepEqual(await barriers(page), [], where);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(scrolls, 0, `${where}: nothing is wider than the window`);
    };
    await begin(page);
    await seen("before an account");
    await page.getByRole("button", { name: "Connect Notion" }).click();
    await page.getByRole("link", { name: "Allow access" }).click();

    // Back where they were, with the account that was just connected.
    await page.getByRole("heading", { level: 1, name: "Add Notion" }).waitFor();
    assert.equal(await page.getByLabel("Orchard works").isChecked(), true);
    assert.match(page.url(), /\/sources\/new\/notion\?grant=[\w-]+$/, "the ticket is not left in the address");
    await page.getByLabel("Chosen pages and databases").check();
    // Whatever there is can be got at, a part at a time.
    for (const [so_far, next] of [["25 pages so far", "50 pages so far"], ["50 pages so far", "60 pages found"]]) {
      await page.getByText(so_far).waitFor();
      await page.getByRole("button", { name: "Load more" }).click();
      await page.getByText(next).waitFor();
    }
    await comesTo(page.getByRole("button", { name: "Load more" }), 0, "that was all");
    await seen("all of them");
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.getByText("Choose at least one page").waitFor();
    await page.getByRole("searchbox", { name: "Search pages" }).fill("filling");
    await page.getByText("1 page found").waitFor();
    await page.getByRole("checkbox", { name: "Filling the lantern" }).check();
    await page.getByRole("button", { name: "Take Filling the lantern off" }).waitFor();
    await seen("the picker");
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.getByRole("heading", { level: 1, name: "Filling the lantern" }).waitFor();
    const now = page.getByRole("region", { name: "Notion" });
    await now.getByText("Up to date", { exact: true }).waitFor({ timeout: READING });
    await now.getByRole("link", { name: "1 document" }).waitFor();
    await seen("a source of Notion");

    // When the access is over that was given for an hour, it is renewed: with another token each time.
    const [first] = notion.given.refresh.slice(-1);
    assert.equal(await notion.isActive(first ?? ""), true);
    await notion.expire();
    await page.getByRole("button", { name: "Sync now" }).click();
    await comesTo(page.getByRole("region", { name: "History" }).getByRole("row"), 3, "the heading and two syncs");
    await now.getByText("Up to date", { exact: true }).waitFor({ timeout: READING });
    assert.equal(await notion.isActive(first ?? ""), false, "what renewed it is used up");
    assert.equal((await notion.alive()).length, 2, "another access, and what renews that");

    // What is chosen by its id alone is called by its name as soon as that is known.
    await page.getByRole("button", { name: "Source actions" }).click();
    await page.getByRole("menuitem", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Take Filling the lantern off" }).waitFor();
    await seen("the settings of a source");

    await page.goto(`${SERVER}/workspace/integrations`);
    const accounts = page.getByRole("region", { name: "Accounts" });
    await accounts.getByText("Used by").getByRole("link", { name: "Filling the lantern" }).waitFor();
    await accounts.getByRole("button", { name: "Disconnect Orchard works, Notion" }).click();
    const dialog = page.getByRole("dialog", { name: "Disconnect Orchard works?" });
    await dialog.getByText("The access is revoked at Notion.").waitFor();
    await dialog.getByText("1 source that reads with it is removed: Filling the lantern.").waitFor();
    await seen("the dialog");
    await dialog.getByRole("radio", { name: /^Deleted/ }).check();
    await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
    const receipts = page.getByRole("region", { name: "Receipts" });
    await receipts.getByText("Notion confirmed that the access ended.").waitFor({ timeout: READING });
    await receipts.getByText("1 document deleted").first().waitFor({ timeout: READING });
    await page.getByRole("heading", { name: "No account is connected" }).waitFor({ timeout: READING });
    assert.deepEqual(await notion.alive(), [], "the authorization server says of every token, of both kinds, that it is dead");
    await seen("the receipts");
    calm(`connections, ${theme}, ${width}`);
    await close();
  });
}

test("who does not agree at Notion is told so and finds the way back", { skip }, async () => {
  const { page, calm, close } = await openPage(browser, { sites: [new URL(NOTION).origin] });
  await begin(page);
  await page.getByRole("button", { name: "Connect Notion" }).click();
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByText("You did not agree there, so nothing was connected.").waitFor();
  assert.equal(page.url(), `${SERVER}/workspace/integrations`, "nothing is left in the address");
  assert.deepEqual(await barriers(page), [], "the page that says so");
  await page.getByRole("link", { name: "Back to where you were" }).click();
  await page.getByRole("heading", { name: "Connect Notion first" }).waitFor();
  calm("a refusal");
  await close();
});
