import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signUp } from "./people.mjs";
import { barriers, comesTo, openBrowser, openPage, READING, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const PROJECTS = 50;
const DOCUMENTS = 100;
/** As long as names may be, and without a place to break. @param {number} length @param {string} start @param {string} [end] */
const endless = (length, start, end = "") => start + "W".repeat(length - start.length - end.length) + end;

/** Calls the API as the page would. @param {Page} page @param {string} path @param {unknown} body */
const post = (page, path, body) =>
  page.evaluate(async ([path, body]) => {
    const { csrf_token } = await (await fetch("/api/v1/session")).json();
    const response = await fetch(`/api/v1${path}`, { method: "POST", headers: { "content-type": "application/json", "x-csrf-token": csrf_token }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }, /** @type {const} */ ([path, body]));

/** What sticks out of the window, and what does not lie in its own card. @param {Page} page */
const outside = (page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const found = [];
    if (document.documentElement.scrollWidth > width) found.push(`the page is ${document.documentElement.scrollWidth - width} pixels wider than the window`);
    for (const element of document.querySelectorAll("main *, header.top *")) {
      if (element.closest("[hidden], .sr-only, table:not(.stacks), .chart, .segments input")) continue;
      const { left, right, width: own } = element.getBoundingClientRect();
      if (own > 0 && (left < -1 || right > width + 1)) found.push(`${element.localName}.${element.className} reaches from ${Math.round(left)} to ${Math.round(right)}`);
    }
    return found.slice(0, 8);
  });

test("fifty projects, a hundred documents and endless names keep within the window", async () => {
  const { page, calm, close } = await openPage(browser);
  await signUp(page);
  const project = (await post(page, "/projects", { name: endless(80, "Halvern") })).id;
  for (let at = 1; at < PROJECTS; at += 1) await post(page, "/projects", { name: `Product ${at}` });

  await page.goto(`${SERVER}/projects/${project}/documents`);
  const longest = endless(200, "manual-", ".md");
  await page.locator("input[type=file]").setInputFiles([
    { name: longest, mimeType: "text/markdown", buffer: Buffer.from(`# ${endless(160, "Vents")}\n\n${endless(400, "Open")} is said of the ${"greenhouse ".repeat(20)}\n`) },
    ...Array.from({ length: DOCUMENTS - 1 }, (_, at) => ({ name: `page-${at + 1}.txt`, mimeType: "text/plain", buffer: Buffer.from(`Vent number ${at + 1} opens at ${at + 5} degrees.`) })),
  ]);
  await page.getByText(`${DOCUMENTS} documents ·`).waitFor({ timeout: READING });
  await page.getByLabel("Order").selectOption({ label: "By name" });
  await page.getByRole("row").nth(1).getByRole("link", { name: /^manual-/ }).waitFor();
  assert.equal(await page.getByRole("row").nth(3).getByRole("link").first().innerText(), "page-2.txt", "numbers in names are ordered as numbers");
  await page.getByRole("searchbox", { name: "Search documents" }).fill("page-77");
  await comesTo(page.getByRole("row").filter({ visible: true }), 2, "the heading and the one that fits");
  await page.getByRole("row").filter({ hasText: "page-77" }).getByText("Ready", { exact: true }).waitFor({ timeout: READING });
  await page.getByRole("searchbox", { name: "Search documents" }).fill("manual-");
  const long = page.getByRole("row").filter({ hasText: "manual-" });
  await long.getByText("Ready", { exact: true }).waitFor({ timeout: READING });
  const document = (await long.getByRole("link").first().getAttribute("href")) ?? "";
  const asked = await post(page, `/projects/${project}/questions`, { question: endless(1900, "Why", "?") });

  /** @type {string[]} */
  const found = [];
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 860 });
    for (const path of ["/projects", `/projects/${project}`, `/projects/${project}/documents`, document, `/projects/${project}/ask?conversation=${asked.conversation}`,
      `/projects/${project}/conversations`, `/projects/${project}/conversations/${asked.conversation}`, `/projects/${project}/analytics`, `/projects/${project}/settings`]) {
      await page.goto(SERVER + path);
      await page.locator("main [aria-busy]").waitFor({ state: "detached" });
      await page.getByRole("heading", { level: 1 }).waitFor();
      found.push(...(await outside(page)).map((what) => `${path}, ${width}: ${what}`));
    }
    await page.goto(`${SERVER}/projects/${project}/documents`);
    await page.getByRole("button", { name: "Load more" }).click(); // they come by fifties
    await page.getByRole("row").nth(DOCUMENTS).waitFor();
    found.push(...(await barriers(page)).map((barrier) => `documents, ${width}: ${barrier}`));
  }
  assert.deepEqual(found, []);

  // Fifty projects are found by name.
  await page.goto(`${SERVER}/projects`);
  await page.getByRole("searchbox", { name: "Search projects" }).fill("product 49");
  await page.getByRole("link", { name: "Product 49" }).waitFor();
  await comesTo(page.getByRole("main").getByRole("listitem").filter({ visible: true }), 1);
  calm("the crowd");
  await close();
});
