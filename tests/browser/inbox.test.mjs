/** What a team does about what people ask. Set SHOTS to a folder to keep pictures. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { questions, unanswerable } from "./fixtures/product.mjs";
import { allowWebsite, ask, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { ANSWERING, barriers, comesTo, openBrowser, openPage, openSite } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openSite>>} */
let site;
before(async () => {
  [browser, site] = await Promise.all([openBrowser(), openSite()]);
});
after(async () => {
  site.close();
  await browser.close();
});

/** @param {Page} page @param {string} name */
async function shoot(page, name) {
  for (const theme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 860 });
      assert.deepEqual(await barriers(page), [], `${name}, ${theme}, ${width}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `${name}, ${theme}, ${width}: no wider than the window`);
      if (process.env["SHOTS"]) await page.screenshot({ path: `${process.env["SHOTS"]}/${name}-${theme}-${width}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 860 });
}

test("a team sees a visitor ask, and sees to it", async () => {
  const { page, calm, close } = await openPage(browser);
  const ada = await signUp(page);
  await createProject(page, "Halvern H3");
  await uploadDocuments(page);
  const snippet = await allowWebsite(page, site.origin);
  site.carry(snippet);
  const question = questions[0]?.ask ?? "";
  await visit(page, "Ask");
  await ask(page, question);

  await visit(page, "Inbox");
  await page.getByText("Live", { exact: true }).waitFor();
  const lines = page.getByRole("main").getByRole("listitem");
  await comesTo(lines, 1);

  // Somebody asks on the website meanwhile: it comes by itself, also into the navigation.
  const visitor = await openPage(browser, { sites: [site.origin, new URL(/src="([^"]+)"/.exec(snippet)?.[1] ?? "").origin] });
  await visitor.page.goto(site.origin);
  const widget = visitor.page.locator("pernoex-widget");
  await widget.locator(".launcher").click();
  await widget.getByRole("textbox", { name: "Your question" }).fill(unanswerable);
  await visitor.page.keyboard.press("Enter");
  await widget.locator(".log[aria-busy=false] .asked").getByText(unanswerable).waitFor({ timeout: ANSWERING });
  await comesTo(lines, 2);
  await lines.first().getByText("1 unanswered").waitFor();
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Inbox 1 need attention" }).waitFor();
  await shoot(page, "inbox");

  // Words of an answer, and then none.
  const search = page.getByRole("searchbox", { name: "Search in conversations" });
  await search.fill("no such word anywhere");
  await page.getByText("No conversation matches.").waitFor();
  await search.fill(unanswerable.split(" ").slice(0, 3).join(" "));
  await comesTo(lines, 1);
  await search.fill("");
  await comesTo(lines, 2);
  await page.getByLabel("Show").selectOption({ label: "Needs attention" });
  await comesTo(lines, 1);
  assert.match(page.url(), /state=attention/);

  await page.getByRole("link", { name: unanswerable }).click();
  await page.getByRole("heading", { level: 1, name: unanswerable }).waitFor();
  await page.getByRole("textbox", { name: "Add a note" }).fill("Ask Grace whether we do this.");
  await page.getByRole("button", { name: "Add note" }).click();
  await page.getByText("Ask Grace whether we do this.").waitFor();
  await page.getByRole("button", { name: "Take it on" }).click();
  await page.getByText("You see to it", { exact: true }).waitFor();
  await page.getByRole("button", { name: `Add to to-dos: ${unanswerable}` }).click();
  await page.getByText("Added to the to-dos").waitFor();
  const write = await page.getByRole("link", { name: `Write an answer to: ${unanswerable}` }).getAttribute("href");
  assert.match(write ?? "", /\/curated-answers\/new\?question=.+&message=[\w-]{36}$/);
  await shoot(page, "conversation");

  // The visitor goes on, and the transcript with them.
  await widget.getByRole("textbox", { name: "Your question" }).fill(question);
  await visitor.page.keyboard.press("Enter");
  await page.getByRole("list", { name: "Transcript" }).getByText(question).waitFor({ timeout: ANSWERING });
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.getByText("Resolved", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Reopen" }).waitFor();
  await comesTo(page.getByRole("navigation", { name: "Project" }).getByText("need attention").filter({ visible: true }), 0);

  // Its session is young enough to export without the password.
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("dialog").getByRole("button", { name: "Export" }).click()]);
  assert.match(file.suggestedFilename(), /^conversation-[\d-]+\.csv$/);
  const text = await readFile(await file.path(), "utf8");
  assert(text.includes("Ask Grace whether we do this.") && text.includes(ada.email), text);

  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "To-dos 1 to do" }).click();
  await page.getByRole("heading", { level: 1, name: "To-dos" }).waitFor();
  await page.getByText(unanswerable).waitFor();
  await page.getByRole("textbox", { name: "What is to be done?" }).fill("Write a page about greenhouses in winter");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await comesTo(lines, 2);
  await shoot(page, "todos");
  await page.getByRole("checkbox", { name: `Done: ${unanswerable}` }).check();
  await comesTo(lines, 1);
  await page.getByText("Done", { exact: true }).click();
  await page.getByRole("checkbox", { name: `Done: ${unanswerable}` }).waitFor();
  calm("the dashboard");
  visitor.calm("the website");
  await visitor.close();
  await close();
});
