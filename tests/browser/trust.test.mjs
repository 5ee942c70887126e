import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { barriers, openBrowser, openPage, SERVER } from "./support.mjs";

/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
});

test("what is promised can be read by everybody, on a phone and in the dark, without a script", async () => {
  for (const { theme, width } of /** @type {const} */ ([
    { theme: "light", width: 1280 },
    { theme: "dark", width: 1280 },
    { theme: "light", width: 390 },
    { theme: "dark", width: 390 },
  ])) {
    const { page, calm, close } = await openPage(browser, { theme, width });
    const where = `${theme}, ${width}`;
    await page.goto(`${SERVER}/trust`);
    await page.getByRole("heading", { level: 1, name: "What is promised, and whether it holds" }).waitFor();
    assert((await page.getByRole("article").count()) > 40, where);
    await page.getByText("Atlassian offers no revocation").waitFor();
    assert.equal(await page.locator("script").count(), 0, where);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert(over <= 0, `${where}: ${over} px stick out`);
    const figures = page.locator(".trust-sum dd");
    const tops = await figures.evaluateAll((all) => all.map((one) => [Math.round(one.getBoundingClientRect().left), Math.round(one.getBoundingClientRect().top - (one.closest("div")?.getBoundingClientRect().top ?? 0))]));
    assert.equal(new Set(tops.map(([, top]) => top)).size, 1, `${where}: the figures stand in one line`);
    const broken = page.locator(".trust-sum div").filter({ hasText: "Broken" });
    assert.equal(await broken.evaluate((one) => one.classList.contains("trust-broken")), (await broken.locator("dd").innerText()) !== "0", `${where}: red when something is broken`);
    const shots = process.env["PERNOEX_SHOTS"];
    if (shots) await page.screenshot({ path: `${shots}/trust-${theme}-${width}.png` });
    assert.deepEqual(await barriers(page), [], where);
    calm(where);
    await close();
  }
});

test("from there it goes on to the form for reports, and back from any public page", async () => {
  const { page, close } = await openPage(browser);
  await page.goto(`${SERVER}/trust`);
  await page.getByRole("link", { name: "Report a vulnerability" }).click();
  await page.getByRole("heading", { level: 1, name: "Report a vulnerability" }).waitFor();
  await page.getByRole("link", { name: "What is promised" }).click();
  await page.getByRole("heading", { level: 1, name: "What is promised, and whether it holds" }).waitFor();
  await close();
});
