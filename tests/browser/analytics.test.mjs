/** What a team learns from what people ask. Set SHOTS to a folder to keep pictures. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { questions } from "./fixtures/product.mjs";
import { ask, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { barriers, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const MISSING = ["Do you sell a SAML single sign-on login?", "Is there SAML single sign-on?", "Can I log in by SAML single sign-on?", "Who won the chess championship?"];

test("a team reads what is missing, compares periods, and takes the figures home", async () => {
  const { page, calm, close } = await openPage(browser);
  await signUp(page);
  const project = new URL(await createProject(page, "Halvern H3")).pathname;
  await uploadDocuments(page);
  await visit(page, "Ask");
  for (const { ask: question } of questions.slice(0, 3)) await ask(page, question);
  for (const question of MISSING) await ask(page, question);

  await visit(page, "Analytics");
  const gaps = page.getByRole("region", { name: "Unanswered questions" });
  await gaps.getByText("3 times").waitFor();
  await gaps.getByText(/^In which words/).click();
  for (const question of MISSING.slice(0, 3)) await gaps.getByRole("link", { name: question, exact: true }).last().waitFor();
  const write = await gaps.getByRole("link", { name: /^Write an answer to: .*SAML/ }).getAttribute("href");
  assert.match(write ?? "", /\/curated-answers\/new\?question=.+&message=[\w-]{36}$/);
  await page.getByRole("region", { name: "Channels" }).getByRole("row", { name: /^Dashboard 7/ }).waitFor();
  await page.getByRole("region", { name: "Most cited documents" }).getByRole("link").first().waitFor();
  await page.getByRole("region", { name: "Growing old" }).getByText("Every cited document was updated within 180 days.").waitFor();

  // Behind each chart is a table that says the same.
  const figure = page.getByRole("figure", { name: "Questions a day" });
  await figure.getByText("Show as table").click();
  await figure.getByRole("row").last().getByText("4", { exact: true }).waitFor();

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 860 });
      assert.deepEqual(await barriers(page), [], `${theme}, ${width}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `${theme}, ${width}: no wider than the window`);
      if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/analytics-${theme}-${width}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 860 });

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.match(file.suggestedFilename(), /^analytics-[\d-]+-to-[\d-]+\.csv$/);
  assert.match(await readFile(await file.path(), "utf8"), /^"days"\r\n"date","questions"/);

  await page.getByText("Year", { exact: true }).click();
  await page.getByRole("slider", { name: /^Questions a week/ }).waitFor();
  await page.getByText("Custom", { exact: true }).click();
  await page.getByLabel("From").fill("2020-01-01");
  await page.getByLabel("To", { exact: true }).fill("2020-01-31");
  await page.getByText("Nobody asked in this period").waitFor();
  assert.match(page.url(), /from=2020-01-01&to=2020-01-31$/);
  await page.reload();
  await page.getByText("Nobody asked in this period").waitFor();
  assert.equal(await page.getByLabel("From").inputValue(), "2020-01-01");

  await page.goto(SERVER + project);
  await page.getByRole("region", { name: "Questions without an answer" }).getByText("3 times").waitFor();
  if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/overview.png`, fullPage: true });
  calm("the figures");
  await close();
});
