/** What the page around the widget looks like. */
import { luminance } from "./color.js";

/** The colour that a style names, and how much of it is there; null for a notation that is not rgb(). @param {string} style */
function readColor(style) {
  const parts = /^rgba?\(/.test(style) ? (style.match(/[\d.]+/g) ?? []).map(Number) : [];
  const [r, g, b, alpha = 1] = parts;
  return r === undefined || g === undefined || b === undefined ? null : { light: luminance([r, g, b]), alpha };
}

/**
 * Whether the page is dark: its own background says so before the visitor's system does, because a dark panel on a page that is always
 * light looks broken.
 */
export function pageIsDark() {
  for (const element of [document.body, document.documentElement]) {
    const background = element && readColor(getComputedStyle(element).backgroundColor);
    if (background && background.alpha > 0.5) return background.light < 0.18;
  }
  // Nothing is painted: the canvas follows the page's colour scheme, and so does the text on it.
  const text = readColor(getComputedStyle(document.documentElement).color);
  return text ? text.light > 0.5 : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Calls `changed` when the page may look different from before. @param {() => void} changed @returns {() => void} ends it */
export function watchPage(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) if (element) observer.observe(element, { attributes: true });
  system.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", changed);
  };
}
