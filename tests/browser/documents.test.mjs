import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { ask, createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, READING } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const shots = process.env["SHOTS"];
if (shots) mkdirSync(shots, { recursive: true });

/** @param {string} name @param {string} text */
const file = (name, text) => ({ name, mimeType: "text/markdown", buffer: Buffer.from(text) });
const PARTS = Array.from({ length: 30 }, (_, n) => `Part ${n} of the lantern weighs ${n} grams and is cleaned with cloth number ${n}.`).join("\n\n");

/** @param {Page} page @param {string} name */
const row = (page, name) => page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });

/** Waits until this is the one document in the list. @param {Page} page @param {string} name */
async function onlyListed(page, name) {
  await page.locator("tbody tr:only-child .doc-name").getByText(name, { exact: true }).waitFor();
}

/** @param {Page} page @param {string} name @param {string} action */
async function act(page, name, action) {
  await row(page, name).getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`a team keeps its documents in order, ${theme}, ${width} pixels wide`, async (t) => {
    const { page, calm, close } = await openPage(browser, { theme, width });
    t.after(close);
    const seen = async (/** @type {string} */ where) => {
      if (shots) await page.screenshot({ path: `${shots}/documents-${where.replaceAll(" ", "-")}-${theme}-${width}.png`, fullPage: true });
      assert.deepEqual(await barriers(page), [], where);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(scrolls, 0, `${where}: nothing is wider than the window`);
      calm(where);
    };
    await signUp(page);
    await createProject(page, "Lantern");
    await visit(page, "Documents");
    await page.locator("input[type=file]").first().setInputFiles([
      file("battery.md", "# Battery\n\nThe lantern runs for nineteen hours on one charge.\n"),
      file("parts.md", PARTS),
      file("warranty.md", "# Warranty\n\nThe warranty covers the lantern for six years. Keep the receipt.\n"),
    ]);
    for (const name of ["battery.md", "parts.md", "warranty.md"]) await row(page, name).getByText("Ready", { exact: true }).waitFor({ timeout: READING });
    await page.locator("input[type=file]").first().setInputFiles([file("parts copy.md", PARTS)]);
    await row(page, "parts copy.md").getByText("Ready", { exact: true }).waitFor({ timeout: READING });
    await row(page, "parts copy.md").getByText("Looks like parts.md").waitFor();

    // A collection, and documents in it.
    await page.getByRole("button", { name: "Collections" }).click();
    await page.getByRole("dialog", { name: "Collections" }).getByRole("button", { name: "New collection" }).click();
    const making = page.getByRole("dialog", { name: "New collection" });
    await making.getByLabel("Name").fill("Handbook");
    await making.getByLabel("Review every").fill("90");
    await making.getByRole("button", { name: "Create" }).click();
    await page.getByRole("dialog", { name: "Collections" }).getByText("reviewed every 90 days").waitFor();
    await seen("collections");
    await page.getByRole("dialog", { name: "Collections" }).locator("footer").getByRole("button", { name: "Close" }).click();

    await page.getByRole("checkbox", { name: "Choose battery.md" }).check();
    await page.getByRole("checkbox", { name: "Choose warranty.md" }).check();
    const bar = page.getByRole("region", { name: "Chosen documents" });
    await bar.getByText("2 documents chosen").waitFor();
    await seen("some chosen");
    await bar.getByRole("button", { name: "Move" }).click();
    await page.getByRole("dialog", { name: "Move 2 documents" }).getByLabel("Collection").selectOption({ label: "Handbook" });
    await page.getByRole("dialog", { name: "Move 2 documents" }).getByRole("button", { name: "Move" }).click();
    await row(page, "battery.md").getByRole("link", { name: "in Handbook" }).waitFor();
    await bar.waitFor({ state: "hidden" });

    await page.getByRole("checkbox", { name: "Choose all that are shown" }).check();
    await bar.getByText("4 documents chosen").waitFor();
    await page.keyboard.press("Escape");
    await bar.waitFor({ state: "hidden" });
    await page.getByRole("checkbox", { name: "Choose battery.md" }).check();
    await bar.getByRole("button", { name: "Tag", exact: true }).click();
    await page.getByRole("dialog", { name: "Tag 1 document" }).getByLabel("Tag").fill("Power");
    await page.keyboard.press("Enter");
    await row(page, "battery.md").getByRole("link", { name: "tag power" }).waitFor();

    // What is chosen stands in the address, and the server looks for it.
    await page.getByLabel("Tag", { exact: true }).selectOption({ label: "power (1)" });
    await onlyListed(page, "battery.md");
    await page.reload();
    await comesTo(page.locator("tbody .doc-name"), 1);
    assert.equal(new URL(page.url()).searchParams.get("tag"), "power");
    await page.getByLabel("Tag", { exact: true }).selectOption("");
    await page.getByLabel("Show", { exact: true }).selectOption("alike");
    await onlyListed(page, "parts copy.md");
    await page.getByLabel("Show", { exact: true }).selectOption("");
    await page.getByRole("searchbox", { name: "Search documents" }).fill("WARR");
    await onlyListed(page, "warranty.md");
    await page.getByRole("searchbox", { name: "Search documents" }).fill("nothing like it");
    await page.getByText("No document matches.").waitFor();
    await seen("nothing matches");
    await page.getByRole("searchbox", { name: "Search documents" }).fill("");
    await comesTo(page.locator("tbody .doc-name"), 4);

    // Long ago.
    await act(page, "warranty.md", "Tags, collection, review");
    const filing = page.getByRole("dialog", { name: "Tags, collection, review" });
    await filing.getByLabel("Review by").fill("2020-01-31");
    await filing.getByRole("button", { name: "Save" }).click();
    await row(page, "warranty.md").getByText("Due for review").waitFor();
    await page.getByText("One document is due for review.").waitFor();
    await seen("documents in order");
    await act(page, "warranty.md", "Mark as reviewed");
    await page.getByText("One document is due for review.").waitFor({ state: "detached" });

    // What it was before.
    await act(page, "warranty.md", "Replace file");
    const replacing = page.getByRole("dialog", { name: "Replace file" });
    await replacing.getByLabel("New file").setInputFiles(file("new.md", "# Warranty\n\nThe warranty covers the lantern for nine years. Keep the receipt.\n"));
    await replacing.getByRole("button", { name: "Replace" }).click();
    await replacing.waitFor({ state: "detached" });
    await row(page, "warranty.md").getByText("Ready", { exact: true }).waitFor({ timeout: READING });
    await visit(page, "Ask");
    const answered = await ask(page, "How long does the warranty cover the lantern?");
    await answered.getByText(/nine years/).first().waitFor();
    await visit(page, "Documents");
    await page.getByRole("link", { name: "warranty.md", exact: true }).click();
    await page.getByRole("region", { name: "Use" }).getByRole("link", { name: "How long does the warranty cover the lantern?" }).waitFor();
    const versions = page.getByRole("region", { name: "Versions" });
    await versions.getByRole("button", { name: "Compare version 1" }).click();
    const compared = page.getByRole("dialog", { name: "Version 1 and now" });
    await compared.getByText("The warranty covers the lantern for six years.").waitFor();
    await compared.getByText("1 line added, 1 line removed").waitFor();
    await seen("versions compared");
    await compared.locator("footer").getByRole("button", { name: "Close" }).click();
    await seen("a document");
    await versions.getByRole("button", { name: "Restore version 1" }).click();
    await page.getByRole("dialog", { name: "Restore version 1?" }).getByRole("button", { name: "Restore" }).click();
    await page.getByText(/for six years/).first().waitFor({ timeout: READING });
    await versions.getByText("Version 3").waitFor();

    // Many go at once.
    await visit(page, "Documents");
    await page.getByRole("searchbox", { name: "Search documents" }).fill("parts");
    await comesTo(page.locator("tbody .doc-name"), 2);
    await page.getByRole("checkbox", { name: "Choose all that are shown" }).check();
    await bar.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: "Delete 2 documents?" }).getByRole("button", { name: "Delete documents" }).click();
    await page.getByText("Deleted 2 documents").waitFor();
    await page.getByRole("searchbox", { name: "Search documents" }).fill("");
    await comesTo(page.locator("tbody .doc-name"), 2);
    calm("the end");
  });
}
