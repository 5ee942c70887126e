/** What a person does who has no mouse: goes from stop to stop, and sees where they are. */
import assert from "node:assert/strict";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{ name: string, tag: string, seen: boolean }} Stop */

/** Where the keyboard is now, inside the widget too. @param {Page} page @returns {Promise<Stop>} */
export const focused = (page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!(element instanceof HTMLElement)) return { name: "", tag: "", seen: false };
    const labels = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ? element.labels : null;
    const name = element.ariaLabel ?? (labels?.length ? [...labels].map((label) => label.textContent).join(" ") : element.textContent) ?? "";
    // A ring is drawn around the stop itself, around the box that holds it, or around the label that stands for it.
    const rings = [element, element.nextElementSibling, element.parentElement, element.parentElement?.parentElement, element.closest(".card, .conversation")];
    const seen = rings.some((one) => {
      if (!one) return false;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || (one.matches(":focus-within") && boxShadow.includes("0px 0px 0px 1px") && one.classList.contains("box"));
    });
    return { name: name.replace(/\s+/g, " ").trim(), tag: element.localName, seen };
  });

/**
 * Presses Tab until the stop has this name, and fails when one on the way cannot be seen, or when there is no such stop.
 * @param {Page} page @param {string | RegExp} name @param {{ back?: boolean, most?: number }} [options]
 */
export async function tabTo(page, name, { back = false, most = 60 } = {}) {
  /** @type {string[]} */
  const way = [];
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
    const stop = await focused(page);
    way.push(stop.name);
    if (stop.tag !== "body") assert(stop.seen, `the focus on “${stop.name}” (${stop.tag}) can be seen; the way: ${way.join(" → ")}`);
    if (typeof name === "string" ? stop.name === name : name.test(stop.name)) return stop;
  }
  throw new assert.AssertionError({ message: `no stop is named ${name}; the way: ${way.join(" → ")}` });
}

/** Goes down a menu that is open until this entry has the focus. @param {Page} page @param {string} name */
export async function arrowTo(page, name) {
  for (let step = 0; step < 20 && (await focused(page)).name !== name; step += 1) await page.keyboard.press("ArrowDown");
  await isOn(page, name, "in the menu");
}

/** Fails unless the focus is on a stop of this name. @param {Page} page @param {string | RegExp} name @param {string} when */
export async function isOn(page, name, when) {
  const stop = await focused(page);
  if (typeof name === "string") assert.equal(stop.name, name, when);
  else assert.match(stop.name, name, when);
}
