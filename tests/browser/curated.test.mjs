import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { allowWebsite, ask, createProject, signUp, uploadDocuments, visit } from "./people.mjs";
import { ANSWERING, barriers, comesTo, openBrowser, openPage, openSite } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const shots = process.env["SHOTS"];
/** @param {import("playwright-core").Page} page @param {string} name */
async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  const told = `${theme}, ${width} pixels wide`;
  test(`a team corrects an answer, a visitor reads it, and an earlier wording comes back, ${told}`, async () => {
    const site = await openSite();
    const { page, complaints, close } = await openPage(browser, { theme, width, sites: [site.origin] });
    const fits = async (/** @type {string} */ where) => {
      assert.deepEqual(await barriers(page), [], where);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `${where} is no wider than the window`);
      await shoot(page, `curated ${where} ${theme} ${width}`);
    };
    await signUp(page);
    await createProject(page, "Halvern H3");
    await visit(page, "Curated answers");
    await page.getByText("No curated answers yet").waitFor();
    await fits("empty");
    await uploadDocuments(page);

    // What the documents say is corrected where it was read.
    await visit(page, "Ask");
    const question = "What does alarm A17 mean?";
    const quoted = await ask(page, question);
    await quoted.getByText("Quoted from your documents").waitFor();
    await quoted.getByRole("link", { name: "Correct this answer" }).click();
    await page.getByRole("heading", { level: 1, name: "Write an answer" }).waitFor();
    assert.equal(await page.getByLabel("Question 1", { exact: true }).inputValue(), question);
    assert.match(await page.getByLabel("Answer", { exact: true }).inputValue(), /rack motor/);
    await page.getByLabel("Answer", { exact: true }).fill("The **rack** is jammed.\n\n1. Look for *ice*.\n2. Press `Bell`. ![x](https://evil.test/x.png)<script>alert(1)</script> [1]");
    await page.getByRole("button", { name: "Add a wording" }).click();
    await page.getByLabel("Question 2", { exact: true }).fill("The display shows A17");
    await page.getByRole("button", { name: "Add a link" }).click();
    await page.getByLabel("Name of link 1").fill("Service");
    await page.getByLabel("Address of link 1").fill("not an address");
    const preview = page.getByRole("region", { name: "Preview" });
    await preview.locator("strong", { hasText: "rack" }).waitFor();
    await comesTo(preview.locator("li li"), 3, "two steps and a source");
    assert.equal(await preview.locator("img, script").count(), 0);
    await page.getByRole("button", { name: "Save answer" }).click();
    await page.getByText("Enter web addresses that start with https:// or http://.").waitFor();
    await fits("refused");
    await page.getByLabel("Address of link 1").fill("https://www.halvern.example/service");
    await preview.getByRole("button", { name: "1 Service", exact: true }).waitFor();
    await page.getByRole("button", { name: "Save answer" }).click();
    await page.getByText("Answer written").waitFor();
    await page.getByRole("heading", { level: 1, name: question }).waitFor();
    await fits("written");

    // It wins, in the dashboard and for visitors, and says whose it is.
    await visit(page, "Ask");
    const own = await ask(page, "What does the alarm A17 mean?");
    await own.getByText("Written by your team").waitFor();
    await own.locator("strong", { hasText: "rack" }).waitFor();
    await own.getByRole("button", { name: "Source 1: Service", exact: true }).click();
    assert.equal(await own.getByRole("link", { name: /^Public page/ }).getAttribute("href"), "https://www.halvern.example/service");
    await fits("given");
    site.carry(await allowWebsite(page, site.origin));
    const visitor = await openPage(browser, { theme, width, sites: [site.origin] });
    await visitor.page.goto(site.origin);
    const widget = visitor.page.locator("pernoex-widget");
    await widget.locator(".launcher").click();
    await widget.getByRole("textbox", { name: "Your question" }).fill("the display shows A17");
    await visitor.page.keyboard.press("Enter");
    await widget.getByText("Answered by the team").waitFor({ timeout: ANSWERING });
    assert.equal(await widget.locator(".text strong").innerText(), "rack");
    assert.equal(await widget.locator(".text ol li").count(), 2);
    assert.deepEqual(await barriers(visitor.page), [], `the widget, ${told}`);
    await shoot(visitor.page, `curated widget ${theme} ${width}`);
    assert.deepEqual(visitor.complaints, []);
    await visitor.close();

    // Another wording, what changed, and the way back.
    await visit(page, "Curated answers");
    await page.getByText("Given 2 times").waitFor();
    await fits("list");
    await page.getByRole("searchbox", { name: "Search curated answers" }).fill("nothing like it");
    await page.getByText("No answer matches.").waitFor();
    await page.getByRole("searchbox", { name: "Search curated answers" }).fill("jammed");
    await page.getByRole("link", { name: question }).click();
    await page.getByLabel("Answer", { exact: true }).fill("The rack is stuck.");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("Revision 2", { exact: true }).waitFor();
    await page.getByText("Show what changed").first().click();
    await page.locator("ins", { hasText: "stuck" }).waitFor();
    await page.locator("del", { hasText: "jammed" }).waitFor();
    await fits("history");
    await page.getByRole("button", { name: "Restore revision 1" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
    await page.getByText("Restored from revision 1").waitFor();
    assert.match(await page.getByLabel("Answer", { exact: true }).inputValue(), /jammed/);

    // What was not saved is asked for, and what is deleted is gone.
    await page.getByLabel("Give this answer").uncheck();
    await page.getByRole("link", { name: "Curated answers" }).last().click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("Answer saved").last().waitFor();
    await page.getByText(/^Off · given 2 times/).waitFor();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await fits("deletion");
    await page.getByRole("dialog").getByRole("button", { name: "Delete answer" }).click();
    await page.getByText("No curated answers yet").waitFor();

    // From a question that nobody could be told.
    await visit(page, "Ask");
    const unknown = await ask(page, "Who won the football world cup?");
    await unknown.getByRole("link", { name: "write it" }).click();
    assert.equal(await page.getByLabel("Question 1", { exact: true }).inputValue(), "Who won the football world cup?");
    await visit(page, "Settings");
    await page.getByRole("heading", { name: "Language model" }).waitFor();
    await page.getByText("None is configured").waitFor();
    await fits("settings");
    // The one refusal was wanted.
    assert.deepEqual(complaints.filter((one) => !one.includes("422")), [], told);
    await close();
    site.close();
  });
}
