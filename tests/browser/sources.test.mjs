import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { tabTo } from "./keyboard.mjs";
import { ask, createProject, signUp, visit } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, READING, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** A product's documentation, as long as it is needed. Pages can be taken away and put up. */
async function openDocs() {
  /** @type {Map<string, [title: string, text: string]>} */
  const pages = new Map([
    ["/docs/", ["Lantern handbook", "Begin with the pages below."]],
    ["/docs/battery", ["Battery", "The lantern runs for nineteen hours on one charge, and for eleven in the cold."]],
    ["/docs/warranty", ["Warranty", "The warranty covers the lantern for six years from the day of purchase."]],
  ]);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    if (path === "/robots.txt") return void response.writeHead(200, { "content-type": "text/plain" }).end("User-agent: *\nDisallow: /docs/internal\n");
    const page = pages.get(path);
    if (!page) return void response.writeHead(404, { "content-type": "text/html" }).end("<!doctype html><title>Gone</title>");
    const [title, text] = page;
    // The menu is on every page, and names what robots are not to read.
    const links = [...pages.keys(), "/docs/internal"].map((to) => `<a href="${to}">${to}</a>`).join(" ");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="en"><head><title>${title}</title></head><body><nav>${links}</nav><main><h1>${title}</h1><p>${text}</p></main></body></html>`);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const bound = server.address();
  assert(bound !== null && typeof bound === "object");
  return {
    start: `http://127.0.0.1:${bound.port}/docs/`,
    host: `127.0.0.1:${bound.port}`,
    /** @param {string} path */
    takeAway: (path) => pages.delete(path),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Waits until the source that is shown is up to date. @param {Page} page */
const upToDate = (page) => page.getByRole("region", { name: "Website" }).getByText("Up to date", { exact: true }).waitFor({ timeout: READING });

/** The names of the documents that there are, sorted. @param {Page} page */
async function documentNames(page) {
  await visit(page, "Documents");
  await page.locator("main [aria-busy]").waitFor({ state: "detached" });
  const names = await page.locator("tbody .doc-name").allInnerTexts();
  return names.sort();
}

for (const [theme, width] of /** @type {const} */ ([["light", 1280], ["dark", 390]])) {
  test(`an owner adds a website, which is followed and let go of, ${theme}, ${width} pixels wide`, async (t) => {
    const site = await openDocs();
    t.after(site.close);
    const { page, complaints, calm, close } = await openPage(browser, { theme, width });
    const seen = async (/** @type {string} */ where) => {
      assert.deepEqual(await barriers(page), [], where);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(scrolls, 0, `${where}: nothing is wider than the window`);
    };
    await signUp(page);
    await createProject(page, "Lantern");
    await visit(page, "Sources");
    await page.getByRole("heading", { name: "Connect where your knowledge lives" }).waitFor();
    await seen("no sources");

    await page.getByRole("link", { name: "Website", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Add a website" }).waitFor();
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.getByText("Enter a web address").waitFor();
    await page.getByText("Advanced").click();
    await page.getByLabel("At most so many links away").fill("3");
    await seen("the form of a website");
    calm("the way to a source");

    // Refused addresses are said beside the field; browsers write the refusal to the console.
    await page.getByLabel("Address", { exact: true }).fill("http://192.168.1.1/docs/");
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.locator("#main").locator("[aria-invalid], [role=alert]").first().waitFor();
    assert.ok(complaints.splice(0).every((complaint) => complaint.includes("/sources")), "only the refusal is complained of");

    await page.getByLabel("Address", { exact: true }).fill(site.start);
    await page.getByLabel("Name").fill("Handbook");
    await page.getByRole("button", { name: "Add and start" }).click();
    await page.getByRole("heading", { level: 1, name: "Handbook" }).waitFor();
    await upToDate(page);
    await page.getByRole("link", { name: "3 documents" }).waitFor();
    // What is left out, why, and how it would be taken.
    await page.getByRole("region", { name: "Left out" }).getByText("The site asks robots not to read it").waitFor();
    await page.getByRole("region", { name: "History" }).getByText("Done", { exact: true }).waitFor();
    await seen("a source");
    calm("a source");

    assert.deepEqual(await documentNames(page), ["Battery", "Lantern handbook", "Warranty"]);
    const battery = page.getByRole("row").filter({ has: page.getByRole("link", { name: "Battery", exact: true }) });
    await battery.getByText("Ready", { exact: true }).waitFor({ timeout: READING });
    await battery.getByRole("link", { name: "Handbook" }).waitFor();
    await battery.getByRole("button", { name: "Actions for Battery" }).click();
    assert.deepEqual(await page.getByRole("menuitem").allInnerTexts(), ["View", "Tags, collection, review", "Download original"], "what comes from a source is changed there");
    await page.keyboard.press("Escape");
    await seen("documents from a source");

    await visit(page, "Ask");
    const answered = await ask(page, "How long does the lantern run on one charge?");
    await answered.getByText(/nineteen hours/).first().waitFor();

    // A page that is deleted there is gone here by the end of the next sync.
    site.takeAway("/docs/battery");
    await visit(page, "Sources");
    await page.getByRole("link", { name: "Handbook" }).click();
    await upToDate(page);
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.getByRole("link", { name: "2 documents" }).waitFor({ timeout: READING });
    await upToDate(page);
    await comesTo(page.getByRole("region", { name: "History" }).getByRole("row"), 3, "the heading and two syncs");
    assert.deepEqual(await documentNames(page), ["Lantern handbook", "Warranty"]);
    await visit(page, "Ask");
    const after = await ask(page, "How long does the lantern run on one charge?");
    await comesTo(after.getByText(/nineteen hours/), 0, "what was deleted is not answered from");

    // What will happen is said, and neither is chosen for anybody.
    await visit(page, "Sources");
    await page.getByRole("link", { name: "Handbook" }).click();
    await page.getByRole("button", { name: "Source actions" }).click();
    await page.getByRole("menuitem", { name: "Disconnect" }).click();
    const dialog = page.getByRole("dialog", { name: "Disconnect Handbook?" });
    await dialog.getByText("No access was ever given").waitFor();
    const disconnect = dialog.getByRole("button", { name: "Disconnect", exact: true });
    assert.equal(await disconnect.isDisabled(), true);
    await seen("the dialog");
    await dialog.getByRole("radio", { name: /^Deleted/ }).check();
    await disconnect.click();
    await page.getByRole("heading", { level: 1, name: "Sources" }).waitFor();
    await page.getByRole("heading", { name: "Connect where your knowledge lives" }).waitFor({ timeout: READING });
    assert.deepEqual(await documentNames(page), []);
    calm("the end of a source");

    await page.goto(`${SERVER}/workspace/integrations`);
    const receipt = page.getByRole("region", { name: "Receipts" }).getByRole("listitem").filter({ hasText: "Handbook" }).first();
    await receipt.getByText("Done", { exact: true }).waitFor({ timeout: READING });
    await receipt.getByText("2 documents deleted, from the index and from answers.").waitFor();
    await seen("the receipt");

    await page.goto(`${SERVER}/audit`);
    await page.getByText(/disconnected the source “Handbook” \(Website\), and had the documents deleted/).waitFor();
    calm(`everything, ${theme}, ${width}`);
    await close();
  });
}

test("an owner changes what a website is read for, and keeps its documents when it goes", async (t) => {
  const site = await openDocs();
  t.after(site.close);
  const { page, calm, close } = await openPage(browser);
  await signUp(page);
  await createProject(page, "Lantern");
  await visit(page, "Sources");
  await page.getByRole("heading", { name: "Connect where your knowledge lives" }).waitFor();
  // Without a mouse.
  await tabTo(page, "Website");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Add a website" }).waitFor();
  await tabTo(page, "Address");
  await page.keyboard.type(site.start);
  await tabTo(page, "Advanced");
  await page.keyboard.press("Enter");
  await tabTo(page, "Add and start");
  await page.keyboard.press("Enter");
  // Nobody gave it a name: it is called as the site is.
  await page.getByRole("heading", { level: 1, name: site.host }).waitFor();
  await upToDate(page);

  await page.getByRole("button", { name: "Source actions" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1, name: "Settings of the source" }).waitFor();
  await page.getByText("Advanced").click();
  await page.getByLabel("But not below these").fill("/docs/battery");
  await page.getByLabel("Name").fill("Guide");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "Guide" }).waitFor();
  await page.getByRole("link", { name: "2 documents" }).waitFor({ timeout: READING });
  await upToDate(page);

  await page.getByRole("button", { name: "Source actions" }).click();
  await page.getByRole("menuitem", { name: "Disconnect" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect Guide?" });
  await dialog.getByRole("radio", { name: /^Kept/ }).check();
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
  await page.getByRole("heading", { name: "Connect where your knowledge lives" }).waitFor({ timeout: READING });
  assert.deepEqual(await documentNames(page), ["Lantern handbook", "Warranty"]);
  // They are like any other now.
  await page.getByRole("button", { name: "Actions for Warranty" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).waitFor();
  await page.keyboard.press("Escape");
  calm("keeping the documents");
  await close();
});

test("everything is revoked by one button, and only after the workspace's name", async (t) => {
  const site = await openDocs();
  t.after(site.close);
  const { page, calm, close } = await openPage(browser, { width: 390 });
  const { workspace } = await signUp(page);
  await createProject(page, "Lantern");
  await visit(page, "Sources");
  await page.getByRole("link", { name: "Website", exact: true }).click();
  await page.getByLabel("Address", { exact: true }).fill(site.start);
  await page.getByRole("button", { name: "Add and start" }).click();
  await page.getByRole("heading", { level: 1, name: site.host }).waitFor();

  await page.goto(`${SERVER}/workspace`);
  await page.getByRole("link", { name: "Open connections" }).click();
  await page.getByRole("heading", { name: "No account is connected" }).waitFor();
  assert.deepEqual(await barriers(page), [], "no connections");
  await page.getByRole("button", { name: "Revoke everything" }).click();
  const dialog = page.getByRole("dialog", { name: "Revoke every integration?" });
  const revoke = dialog.getByRole("button", { name: "Revoke everything" });
  await dialog.getByRole("radio", { name: /^Deleted/ }).check();
  assert.equal(await revoke.isDisabled(), true);
  await dialog.getByLabel("Workspace name").fill(workspace);
  assert.deepEqual(await barriers(page), [], "the dialog");
  await revoke.click();
  const receipts = page.getByRole("region", { name: "Receipts" });
  await receipts.getByRole("listitem").filter({ hasText: site.host }).getByText("Done", { exact: true }).waitFor({ timeout: READING });
  await page.goto(`${SERVER}/audit`);
  await page.getByText(/revoked every integration, and had the documents deleted/).waitFor();
  calm("revoking everything");
  await close();
});
