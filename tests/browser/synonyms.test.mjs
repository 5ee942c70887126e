import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createProject, signUp, visit } from "./people.mjs";
import { ANSWERING, barriers, openBrowser, openPage, READING, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const GUIDE = `# Valve guide\n\n## Service\n\nThe Halvern throttle body is cleaned once a year with warm water.\n`;

test("an admin says what a product's short name stands for, and questions that use it are answered", async () => {
  const { page, complaints, calm, close } = await openPage(browser);
  await signUp(page);
  const project = new URL(await createProject(page, "Halvern H3")).pathname;
  await visit(page, "Documents");
  await page.locator("input[type=file]").first().setInputFiles({ name: "guide.md", mimeType: "text/markdown", buffer: Buffer.from(GUIDE) });
  await page.getByRole("row").filter({ hasText: "guide.md" }).getByText("Ready", { exact: true }).waitFor({ timeout: READING });

  await visit(page, "Settings");
  const groups = page.getByLabel("Groups");
  const save = page.getByRole("button", { name: "Save synonyms" });
  await groups.fill("XTB9, throttle body\nalone");
  await save.click();
  await page.getByText(/^Line 2: Write 2 to 12 different words/).waitFor();
  assert.deepEqual(await barriers(page), [], "a refused group");
  // Browsers write every refusal to the console, and this one was asked for.
  assert.match(complaints.splice(0).join("\n"), /^Failed to load resource: [^\n]* 422 [^\n]*\/synonyms\)$/);
  await groups.fill("XTB9,  throttle body \n\n");
  await save.click();
  await page.getByText("Synonyms saved").waitFor();
  assert.equal(await groups.inputValue(), "XTB9, throttle body");
  assert.ok(await save.isDisabled());
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/synonyms.png`, fullPage: true });
    await page.setViewportSize({ width: 390, height: 860 });
    await page.screenshot({ path: `${process.env.SHOTS}/synonyms-narrow.png`, fullPage: true });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${process.env.SHOTS}/synonyms-dark.png`, fullPage: true });
    await page.setViewportSize({ width: 1280, height: 860 });
  }
  await page.reload();
  await page.waitForFunction(() => document.querySelector("textarea")?.value === "XTB9, throttle body");
  assert.deepEqual(await barriers(page), [], "the synonyms");

  await page.goto(`${SERVER}${project}/ask`);
  const question = page.getByRole("textbox", { name: "Your question" });
  await question.fill("How is the XTB9 cleaned?");
  await question.press("Enter");
  await page.getByText("cleaned once a year with warm water").first().waitFor({ timeout: ANSWERING });
  calm("the synonyms");
  await close();
});
