import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { createProject, signUp } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** @param {Page} page */
const entries = (page) => page.getByRole("list", { name: "Entries, the latest first" }).getByRole("listitem");

test("an owner reads who did what, filters it, and takes a signed copy home", async () => {
  const { page, calm, close } = await openPage(browser);
  const owner = await signUp(page);
  await createProject(page, "Halvern H3");
  await page.getByRole("navigation", { name: "Workspace pages" }).getByRole("link", { name: "Audit log" }).click();
  await page.getByRole("heading", { level: 1, name: "Audit log" }).waitFor();
  await entries(page).first().waitFor();
  assert.equal(await page.getByRole("link", { name: "Audit log" }).first().getAttribute("aria-current"), "page");
  const words = await entries(page).allInnerTexts();
  assert.ok(words[0]?.startsWith(`${owner.email} created the project “Halvern H3”`), words[0]);
  assert.ok(words.some((line) => line.includes("signed in")) && words.some((line) => line.includes(`created the workspace “${owner.workspace}”`)), words.join("\n"));
  assert.match(words[0] ?? "", /just now · from [\d.:a-f]+ · entry 3/);

  await page.getByLabel("What").selectOption("project");
  await page.waitForURL(/act=project/);
  await entries(page).nth(1).waitFor({ state: "detached" });
  await comesTo(entries(page), 1);
  await page.getByLabel("What").selectOption("keys");
  await page.getByText("No entry matches these filters.").waitFor();
  assert.deepEqual(await barriers(page), [], "a filter that matches nothing");
  await page.getByLabel("What").selectOption("");
  await page.getByLabel("Who").selectOption(owner.email);
  await entries(page).nth(2).waitFor();
  await page.getByLabel("To").fill("2020-01-01");
  await page.getByText("No entry matches these filters.").waitFor();
  await page.reload();
  await page.getByText("No entry matches these filters.").waitFor();
  assert.equal(await page.getByLabel("To").inputValue(), "2020-01-01", "the address keeps the filters");

  for (const [button, ending, begins] of /** @type {const} */ ([["Export JSON lines", ".jsonl", '{"type":"header"'], ["Export CSV", ".csv", "number,time"]])) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
    assert.ok(download.suggestedFilename().endsWith(ending), download.suggestedFilename());
    const text = await readFile(await download.path(), "utf8");
    assert.ok(text.startsWith(begins), text.slice(0, 80));
    assert.ok(text.trimEnd().split("\n").at(-1)?.includes("checkpoint"), "it ends with the signature");
  }
  await page.goto(`${SERVER}/audit`);
  await entries(page).first().getByText("exported the audit log as CSV").waitFor();
  await page.getByText("Check an export yourself").click();
  await page.getByText(/^[\w-]{43}$/).waitFor();
  calm("the audit log");
  await close();
});

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 390]) {
    test(`the audit log has no barrier, ${theme}, ${width} wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width });
      await signUp(page);
      await createProject(page, "A project whose name is longer than most of them are");
      if (width < 720) {
        await page.getByRole("button", { name: "Account menu" }).click();
        await page.getByRole("group", { name: "Account" }).getByRole("link", { name: "Audit log" }).click();
      } else {
        await page.goto(`${SERVER}/audit`);
      }
      await entries(page).nth(2).waitFor();
      await page.getByText("Check an export yourself").click();
      assert.deepEqual(await barriers(page), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, "nothing sticks out");
      if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/audit-${theme}-${width}.png`, fullPage: true });
      calm("the audit log");
      await close();
    });
  }
}
