import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { signUp } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const data = process.env["PERNOEX_TEST_DATA"];

/** The link in the latest mail to `to` whose subject has `about` in it: the server has no mail server, and writes files. @param {string} to @param {string} about */
async function mailedLink(to, about) {
  assert(data, "PERNOEX_TEST_DATA names the server's data folder");
  const folder = join(data, "mail");
  for (let tries = 0; tries < 100; tries += 1) {
    let names = /** @type {string[]} */ ([]);
    try {
      names = readdirSync(folder).filter((name) => name.endsWith(".eml")).sort();
    } catch {
      // Made with the first mail.
    }
    for (const name of names.reverse()) {
      const mail = readFileSync(join(folder, name), "utf8");
      const link = /(\/[\w-]+#[\w-]{20,})/.exec(mail.replaceAll("=\r\n", ""))?.[1];
      if (mail.includes(`To: ${to}`) && mail.includes(about) && link) return `${SERVER}${link}`;
    }
    await new Promise((later) => setTimeout(later, 200));
  }
  throw new Error(`no mail about ${about} came to ${to}`);
}

/** @param {import("playwright-core").Page} page @param {string} email @param {string} password */
async function signIn(page, email, password) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${SERVER}/projects`);
}

test("who is not signed in finds the form for a forgotten password empty", async () => {
  const { page, calm, close } = await openPage(browser);
  await page.goto(`${SERVER}/forgot-password`);
  assert.equal(await page.getByLabel("Email").inputValue(), "");
  calm("the form for a forgotten password");
  await close();
});

test("who forgot their password gets a link by mail, chooses another and signs in with it", async () => {
  const { page, calm, close } = await openPage(browser);
  const person = await signUp(page);
  await page.getByText("Please confirm your address").waitFor();
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByRole("heading", { name: "Forgot your password?" }).waitFor(); // the page before it asks for an email too
  await page.getByLabel("Email").fill(person.email);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  const link = await mailedLink(person.email, "Choose a new password");
  await page.goto(link);
  const chosen = page.getByLabel("New password", { exact: true });
  await chosen.waitFor();
  assert.equal(new URL(page.url()).hash, "", "the link's token stays in no address");
  await chosen.fill("short");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Use at least 12 characters.").waitFor();
  const password = "violet teapot on gravel";
  await chosen.fill(password);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "Your new password is set" }).waitFor();
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page, person.email, password);
  // Whoever followed the link reads the mail of the address.
  await comesTo(page.getByText("Please confirm your address"), 0);
  calm("the way back");
  // A link works once.
  await page.goto(link);
  await page.getByLabel("New password", { exact: true }).fill("another teapot on gravel");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "This link is not valid" }).waitFor();
  await close();
});

test("an account's address is confirmed, its password changed and its address changed for another", async () => {
  const { page, calm, close } = await openPage(browser, { width: 390 });
  const person = await signUp(page);
  await page.goto(await mailedLink(person.email, "Confirm your e-mail address"));
  await page.getByRole("button", { name: "Confirm address" }).click();
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  await page.goto(`${SERVER}/account`);
  await page.getByText("Confirmed", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Change password" }).click();
  let dialog = page.getByRole("dialog", { name: "Change your password" });
  await dialog.getByLabel("Current password", { exact: true }).fill(person.password);
  await dialog.getByLabel("New password", { exact: true }).fill("violet teapot on gravel");
  assert.deepEqual(await barriers(page), []);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Password changed").waitFor();

  await page.getByRole("button", { name: "Change address" }).click();
  dialog = page.getByRole("dialog", { name: "Change your address" });
  const next = `new.${person.email}`;
  await dialog.getByLabel("New address").fill(next);
  await dialog.getByRole("button", { name: "Send the links" }).click();
  await page.getByText("Both links are on their way").waitFor();
  await page.goto(await mailedLink(person.email, "Confirm your new e-mail address"));
  await page.getByRole("button", { name: "Agree to the change" }).click();
  await page.getByRole("heading", { name: "One of two is done" }).waitFor();
  await page.goto(await mailedLink(next, "Confirm your new e-mail address"));
  await page.getByRole("button", { name: "Agree to the change" }).click();
  await page.getByRole("heading", { name: "Your address has changed" }).waitFor();
  await page.getByRole("link", { name: "Go to your account" }).click();
  await page.getByRole("main").getByText(next).first().waitFor();
  calm("an account's own page");
  await close();
});
