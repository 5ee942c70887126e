import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** @param {import("playwright-core").Page} page @param {{ email: string, password: string }} person */
async function signIn(page, person) {
  await page.goto(`${SERVER}/sign-in`);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${SERVER}/projects`);
}

test("a person sees where they are signed in and signs out there", async () => {
  const [here, there, third] = [await openPage(browser), await openPage(browser), await openPage(browser)];
  const person = await signUp(here.page);
  await signIn(there.page, person);
  await signIn(third.page, person);

  await here.page.getByRole("button", { name: "Account menu" }).click();
  await here.page.getByRole("link", { name: "Account and sessions" }).click();
  await here.page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
  const lines = here.page.getByRole("region", { name: "Where you are signed in" }).getByRole("listitem");
  await lines.filter({ hasText: "This one" }).waitFor();
  await comesTo(lines, 3);
  await here.page.getByRole("button", { name: /^Sign out Chrome on / }).first().click();
  await here.page.getByText("Signed out there").waitFor();
  await comesTo(lines, 2);
  await here.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await here.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere else" }).click();
  await here.page.getByText("Signed out everywhere else").waitFor();
  await comesTo(lines, 1);
  here.calm("the account page");
  for (const other of [there, third]) {
    await other.page.goto(`${SERVER}/projects`);
    await other.page.waitForURL(/\/sign-in/);
    await other.close();
  }
  await here.close();
});

test("what is grave asks for the password once more, and then goes on", async () => {
  const { page, close } = await openPage(browser);
  const person = await signUp(page);
  await createProject(page, "Halvern H3");
  await visit(page, "Settings");
  // Ten minutes pass at the network's edge: the first request is answered as an old session's.
  let refused = 0;
  await page.route("**/api/v1/projects/*", (route) => {
    if (route.request().method() !== "DELETE" || refused > 0) return route.continue();
    refused += 1;
    return route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ code: "step_up_needed", status: 403, title: "Confirm that it is you", detail: "" }) });
  });
  await page.getByRole("button", { name: "Delete project" }).click();
  const dialog = page.getByRole("dialog", { name: /Delete/ });
  await dialog.getByRole("textbox").fill("Halvern H3");
  await dialog.getByRole("button", { name: "Delete project" }).click();
  const confirm = page.getByRole("dialog", { name: "Confirm that it is you" });
  await confirm.getByLabel("Password", { exact: true }).fill("not this one, surely");
  await confirm.getByRole("button", { name: "Confirm" }).click();
  await confirm.getByText("That is not your password.").waitFor();
  assert.deepEqual(await barriers(page), []);
  await confirm.getByLabel("Password", { exact: true }).fill(person.password);
  await confirm.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("Deleted Halvern H3").waitFor();
  await close();
});

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 390]) {
    test(`the account page has no barrier, ${theme}, ${width} pixels wide`, async () => {
      const { page, calm, close } = await openPage(browser, { theme, width });
      await signUp(page);
      await page.goto(`${SERVER}/account`);
      await page.getByText("This one").waitFor();
      assert.deepEqual(await barriers(page), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0);
      if (process.env.PERNOEX_SHOTS) await page.screenshot({ path: `${process.env.PERNOEX_SHOTS}/account-${theme}-${width}.png`, fullPage: true });
      calm("the account page");
      await close();
    });
  }
}
