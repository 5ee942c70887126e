import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { createProject, signUp } from "./people.mjs";
import { barriers, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<import("playwright-core").BrowserContext["storageState"]>>} */
let signedIn;
let tenant = "";

/** Runs the program itself beside the server. @param {string} act @param {string} email */
const operator = (act, email) => {
  const program = process.env["PERNOEX_TEST_PROGRAM"];
  assert(program, "tests/services names the program");
  execFileSync(program, ["operator", act, email], { env: { PATH: process.env["PATH"], PERNOEX_DATA: process.env["PERNOEX_TEST_DATA"] } });
};

/** @param {Page} page */
const settled = async (page) => {
  await page.getByRole("heading", { level: 1, name: "Actors" }).waitFor();
  await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
};

before(async () => {
  browser = await openBrowser();
  const { page, calm, close } = await openPage(browser);
  const person = await signUp(page);
  await createProject(page, "A name that no operator sees");
  await page.goto(`${SERVER}/operator`);
  await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
  operator("grant", person.email);
  await page.goto(`${SERVER}/projects`);
  tenant = await page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).workspace.id);
  signedIn = await page.context().storageState();
  calm("becoming an operator");
  await close();
});
after(() => browser.close());

test("an operator finds a tenant, resets its vault, and sees that it was written down", async () => {
  const { page, calm, close } = await openPage(browser);
  await page.context().addCookies(signedIn.cookies);
  await page.goto(`${SERVER}/projects`);
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("link", { name: "Actors" }).click();
  await settled(page);
  await page.getByRole("searchbox", { name: /^Tenant id/ }).fill(tenant);
  await page.getByText(/^1 of \d+ tenants?$|^1 tenant$/).waitFor();
  await page.locator(`details[data-tenant="${tenant}"] summary`).press("Enter");
  await page.getByRole("button", { name: "Reset Vault" }).click();
  await page.getByRole("dialog", { name: "Reset this vault?" }).getByRole("button", { name: "Reset" }).click();
  await page.getByText("Vault reset").waitFor();
  // The table is asked for anew meanwhile: it may still show what other stories did.
  const act = page.getByRole("region", { name: "What operators did" }).getByRole("row").filter({ hasText: `Reset Vault of ${tenant}` });
  await act.getByText("done", { exact: true }).waitFor();
  assert.equal(await act.count(), 1);
  assert(!(await page.locator("main").innerText()).includes("A name that no operator sees"));
  await page.getByRole("button", { name: /Quarantined/ }).click();
  await page.getByRole("heading", { name: /^Nothing is quarantined$|^No actor matches$/ }).waitFor();
  calm("the operators' page");
  await close();
});

test("what the page tells anew leaves who reads it with the keyboard where they are", async () => {
  const { page, calm, close } = await openPage(browser);
  await page.context().addCookies(signedIn.cookies);
  await page.goto(`${SERVER}/operator?tenant=${tenant}`);
  await settled(page);
  await page.locator("details.tree summary").first().press("Enter");
  const reset = page.getByRole("button", { name: "Reset Vault" });
  await reset.focus();
  // The whole page is told every ten seconds.
  await page.waitForTimeout(12_000);
  assert(await reset.evaluate((button) => button === document.activeElement), "the focus stays");
  calm("the operators' page, read by keyboard");
  await close();
});

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 390]) {
    test(`the operators' page has no barrier and no complaint, ${theme}, ${width} pixels wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width });
      await page.context().addCookies(signedIn.cookies);
      await page.goto(`${SERVER}/operator?tenant=${tenant}`);
      await settled(page);
      await page.locator("details.tree summary").first().click();
      await page.getByRole("button", { name: "Reset Vault" }).waitFor();
      assert.deepEqual(await barriers(page), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, "pixels wider than the window");
      calm(`the operators' page, ${theme}, ${width}`);
      await close();
    });
  }
}
