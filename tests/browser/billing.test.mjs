import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signUp } from "./people.mjs";
import { openStripe, STRIPE } from "./stripe.mjs";
import { barriers, openBrowser, openPage, SERVER } from "./support.mjs";

/** @typedef {import("playwright-core").Page} Page */

const skip = STRIPE === "" ? "the server was started without Stripe" : false;
const PICTURES = process.env["PICTURES"];

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof openStripe>>} */
let stripe;
before(async () => {
  if (skip) return;
  browser = await openBrowser();
  stripe = await openStripe();
});
after(async () => {
  stripe?.close();
  await browser?.close();
});

/** @param {Page} page @param {string} name */
async function look(page, name) {
  assert.deepEqual(await barriers(page), [], name);
  const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(scrolls, false, `nothing is wider than the window: ${name}`);
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name.replaceAll(" ", "-")}-${page.viewportSize()?.width}.png`, fullPage: true });
}

/** Opens the page until it shows that: what Stripe tells is seen to in the background. @param {Page} page @param {string} address @param {import("playwright-core").Locator} shown */
async function openUntil(page, address, shown) {
  for (let n = 0; n < 30; n += 1) {
    await page.goto(address);
    if (await shown.waitFor({ timeout: 1_000 }).then(() => true, () => false)) return;
  }
  await shown.waitFor();
}

for (const [width, theme] of /** @type {const} */ ([[1280, "light"], [390, "dark"]])) {
  test(`an owner subscribes, owes a payment, and cancels (${theme}, ${width} wide)`, { skip }, async () => {
    const { page, calm, close } = await openPage(browser, { sites: [new URL(STRIPE).origin], width, theme });
    await signUp(page);
    await page.goto(`${SERVER}/workspace`);
    await page.getByRole("link", { name: "Open billing" }).click();
    await page.getByRole("heading", { level: 2, name: "Free" }).waitFor();
    assert.equal(await page.getByRole("meter", { name: "Projects" }).getAttribute("aria-valuetext"), "0 of 60");
    await look(page, "the free plan");

    await page.getByRole("button", { name: "Choose Team" }).click();
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByText("Nothing was paid").waitFor();
    await page.getByRole("button", { name: "Choose Team" }).click();
    await page.getByRole("link", { name: "Pay" }).click();
    await page.getByText("The payment is being confirmed").waitFor();
    await page.getByRole("heading", { level: 2, name: "Team" }).waitFor();
    assert.equal(page.url(), `${SERVER}/workspace/billing`);
    await page.getByText("Renews on").waitFor();
    assert.equal(await page.getByRole("link", { name: "ORCHARD-0001" }).getAttribute("target"), "_blank");
    await page.getByText("€49.00").waitFor();
    await look(page, "the plan that is paid for");

    await page.getByRole("button", { name: "Cards and receipts at Stripe" }).click();
    await page.getByRole("heading", { name: "Your cards and receipts" }).waitFor();
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("heading", { level: 2, name: "Team" }).waitFor();

    await stripe.movesOn({ status: "past_due" });
    await openUntil(page, `${SERVER}/workspace/billing`, page.getByText("Payment due"));
    await page.getByText("The plan holds until").waitFor();
    await look(page, "a payment that is due");
    await stripe.movesOn({ status: "past_due", latest_invoice: { id: "in_old", created: 1_700_000_000 } });
    await openUntil(page, `${SERVER}/projects`, page.getByText("the limits of the plan Free hold"));
    await look(page, "the projects while a payment is due");
    await stripe.movesOn({ status: "active" });
    const change = page.getByRole("button", { name: "Change to Large" });
    await openUntil(page, `${SERVER}/workspace/billing`, change);

    await change.click();
    await page.getByRole("dialog").getByRole("button", { name: "Change to Large" }).click();
    await page.getByRole("heading", { level: 2, name: "Large" }).waitFor();
    await page.getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByRole("dialog").getByText("Until then you can take it back").waitFor();
    await look(page, "the dialog before it is cancelled");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByText("and is not renewed").waitFor();
    await page.getByRole("button", { name: "Keep the subscription" }).click();
    await page.getByText("Renews on").waitFor();
    calm("the whole story");
    await close();
  });
}
