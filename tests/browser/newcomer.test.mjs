import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { questions, unanswerable } from "./fixtures/product.mjs";
import { ask, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { openBrowser, openPage, SERVER } from "./support.mjs";

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
  assert.equal(await honest.getByRole("button", { name: /^Source \d/ }).count(), 0, "an answer that was not found cites nothing");

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
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Halvern H3" }).first().waitFor();
  calm("the newcomer's way");
  await close();
});
