import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { documents, questions, unanswerable } from "./fixtures/product.mjs";
import { ask, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { comesTo, openBrowser, openPage, READING, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

test("a newcomer uploads three documents and every answer cites the right one", async () => {
  const { page, calm, close } = await openPage(browser);
  const person = await signUp(page);
  await createProject(page, "Halvern H3");
  const addresses = await uploadDocuments(page);
  assert.equal(new Set(addresses.values()).size, 3);

  await visit(page, "Ask");
  for (const { ask: question, document, title, says } of questions) {
    const turn = await ask(page, question);
    assert.match(await turn.innerText(), says, question);
    const mark = turn.getByRole("button", { name: /^Source 1: / });
    await mark.first().waitFor();
    assert.match((await mark.first().getAttribute("aria-label")) ?? "", title, question);
    await mark.first().click();
    const cited = new URL((await turn.getByRole("link", { name: "Open in document" }).first().getAttribute("href")) ?? "", SERVER);
    assert.equal(cited.pathname, addresses.get(document), `the first source of “${question}” is ${document}`);
  }

  const honest = await ask(page, unanswerable);
  await honest.getByText("No answer in your documents").waitFor();
  await comesTo(honest.getByRole("button", { name: /^Source \d/ }), 0, "an answer that was not found cites nothing");

  // A reload comes back to the same conversation, and the address of a cited passage opens the document.
  await page.reload();
  await page.getByText(questions[0]?.ask ?? "").first().waitFor();
  await page.getByRole("button", { name: /^Source 1: / }).first().click();
  await page.getByRole("link", { name: "Open in document" }).first().click();
  await page.getByRole("heading", { level: 1, name: questions[0]?.document ?? "" }).waitFor();

  // Out and in again: the account is real.
  await page.getByRole("button", { name: "Account menu" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: "Halvern H3" }).first().waitFor();
  calm("the newcomer's way");
  await close();
});

test("a file that cannot be read says why, and is replaced or read again in its place", async () => {
  const { page, calm, close } = await openPage(browser);
  await signUp(page);
  await createProject(page, "Halvern H3");
  await visit(page, "Documents");
  const [guide, alarms] = documents;
  assert(guide && alarms);
  await page.locator("input[type=file]").first().setInputFiles({ ...alarms, buffer: alarms.buffer.subarray(0, 200) });
  const row = page.getByRole("row").filter({ hasText: alarms.name });
  await row.getByText("Could not be read").waitFor({ timeout: READING });
  await row.getByText("The file is damaged or not what its name says.").waitFor();
  await comesTo(row.getByRole("button", { name: /^Try again/ }), 0, "the same file would fail the same way");
  await row.getByRole("button", { name: /^Replace file/ }).click();
  const dialog = page.getByRole("dialog", { name: "Replace file" });
  await dialog.getByLabel("New file").setInputFiles(alarms);
  await dialog.getByRole("button", { name: "Replace" }).click();
  await row.getByText("Ready", { exact: true }).waitFor({ timeout: READING });

  // A failure of the moment: the server reads the file it has once more. Which failure it was is told by the list of documents.
  const lists = /\/api\/v1\/.*\/documents(\?.*)?$/;
  await page.route(lists, async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    for (const document of list.documents) {
      if (document.revision === 2) Object.assign(document, { status: "failed", failure: { code: "timed_out", detail: "" } });
    }
    await route.fulfill({ response, json: list });
  });
  await page.reload();
  await row.getByText("Reading the file took too long.").waitFor();
  await page.unroute(lists);
  await row.getByRole("button", { name: /^Try again/ }).click();
  await row.getByText("Ready", { exact: true }).waitFor({ timeout: READING });
  await row.getByRole("link", { name: alarms.name }).click();
  await page.getByRole("heading", { name: "Alarm A23: wind vane is silent" }).waitFor();
  await page.getByText("Revision").locator("..").getByText("2", { exact: true }).waitFor();
  calm("the way of a broken file");
  await close();
});
