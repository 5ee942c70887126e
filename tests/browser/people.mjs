/** What a person does in the dashboard, by the names a person reads there. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { documents } from "./fixtures/product.mjs";
import { ANSWERING, READING, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** Signs a new person up and ends on the list of projects. @param {Page} page @param {{ password?: string }} [chosen] */
export async function signUp(page, { password = `${randomBytes(9).toString("base64url")} vents` } = {}) {
  const name = randomBytes(5).toString("hex");
  const person = { email: `${name}@halvern.example`, password, workspace: `Halvern ${name}` };
  await page.goto(`${SERVER}/sign-up`);
  await page.getByLabel("Workspace name").fill(person.workspace);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(`${SERVER}/projects`);
  return person;
}

/** Creates a project and ends on its overview. Answers its address. @param {Page} page @param {string} name */
export async function createProject(page, name) {
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Project name").fill(name);
  await dialog.getByRole("button", { name: "Create project" }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  assert.match(page.url(), /\/projects\/[\w-]+$/);
  return page.url();
}

/** Follows the project's navigation, where a number may stand behind the name, and waits for the page's heading. @param {Page} page @param {string} name */
export async function visit(page, name) {
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: new RegExp(`^${name}( \\d.*)?$`) }).click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}

/** Uploads the three documents and waits until each is ready. Answers the address of each by its name. @param {Page} page */
export async function uploadDocuments(page) {
  await visit(page, "Documents");
  await page.locator("input[type=file]").first().setInputFiles(documents);
  /** @type {Map<string, string>} */
  const addresses = new Map();
  for (const { name } of documents) {
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
    await row.getByText("Ready", { exact: true }).waitFor({ timeout: READING });
    const path = await row.getByRole("link", { name, exact: true }).getAttribute("href");
    addresses.set(name, new URL(path ?? "", SERVER).pathname);
  }
  return addresses;
}

/** Asks on the Ask page and waits for the whole answer. Answers the turn that holds it. @param {Page} page @param {string} question */
export async function ask(page, question) {
  const answers = page.getByRole("group", { name: "Was this answer helpful?" });
  const before = await answers.count();
  await page.getByRole("textbox", { name: "Your question" }).fill(question);
  await page.keyboard.press("Enter");
  await answers.nth(before).waitFor({ timeout: ANSWERING });
  return page.getByRole("list", { name: "Conversation" }).locator(":scope > li").last();
}

/** Allows a website on the Widget page. Answers the snippet to paste. @param {Page} page @param {string} origin */
export async function allowWebsite(page, origin) {
  await visit(page, "Widget");
  await page.getByRole("textbox", { name: "Allowed domain", exact: true }).first().fill(origin);
  await page.getByRole("button", { name: "Save domains" }).click();
  await page.getByText("Domains saved").waitFor();
  const snippet = await page.getByText(/^<script src=/).innerText();
  assert.match(snippet, /^<script src="[^"]+\/widget\.js" data-key="pk_[\w-]+" async><\/script>$/);
  return snippet;
}
