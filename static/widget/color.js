/** Colours that can be read, whatever a team chose. */

/** @typedef {[number, number, number]} Rgb */

/** @type {Rgb} */
const BLACK = [0, 0, 0];
/** @type {Rgb} */
const WHITE = [255, 255, 255];

/** @param {string} hex @returns {Rgb} */
export const rgb = (hex) => /** @type {Rgb} */ ([1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));

/** @param {string | null | undefined} text */
export const isColor = (text) => /^#[0-9a-f]{6}$/i.test(text ?? "");

/** Relative luminance as WCAG 2 defines it. @param {Rgb} color */
export function luminance(color) {
  const [r, g, b] = /** @type {Rgb} */ (color.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4)));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {Rgb} a @param {Rgb} b */
export function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

/** Black or white, whichever is easier to read on `ground`. @param {Rgb} ground */
export const ink = (ground) => (contrast(BLACK, ground) > contrast(WHITE, ground) ? BLACK : WHITE);

/** @param {Rgb} from @param {Rgb} to @param {number} part */
const mix = (from, to, part) => /** @type {Rgb} */ (from.map((value, at) => Math.round(value + ((to[at] ?? 0) - value) * part)));

/** `color`, moved just far enough towards black or white to be read on `ground`. @param {Rgb} color @param {Rgb} ground @param {number} [least] */
export function legible(color, ground, least = 4.6) {
  let moved = color;
  for (let step = 1; contrast(moved, ground) < least && step <= 20; step += 1) moved = mix(color, ink(ground), step / 20);
  return moved;
}

/**
 * Every colour of the widget, out of three that a team may choose.
 * @param {{ accent?: string | null, background?: string | null, text?: string | null }} chosen
 * @param {string} brand where there is no accent
 * @param {boolean} dark
 */
export function palette(chosen, brand, dark) {
  const pick = (/** @type {string | null | undefined} */ color, /** @type {string} */ usual) => rgb(color && isColor(color) ? color : usual);
  const accent = pick(chosen.accent, brand);
  const surface = pick(chosen.background, dark ? "#16181d" : "#ffffff");
  const end = ink(surface);
  const text = legible(pick(chosen.text, dark ? "#eceef2" : "#1b1e25"), surface, 7);
  // What stands out a little does so towards the text, unless that would take from what the text needs.
  const raised = mix(surface, contrast(end, surface) < 7 ? (end === WHITE ? BLACK : WHITE) : text, 0.045);
  const least = contrast(text, raised) < contrast(text, surface) ? raised : surface;
  const onBrand = ink(accent);
  return {
    surface,
    raised,
    text,
    line: mix(surface, text, 0.14),
    edge: legible(mix(surface, text, 0.5), least, 3.1),
    muted: legible(mix(surface, text, 0.7), least),
    accent: legible(accent, least),
    bad: legible(rgb(dark ? "#ff9d94" : "#b3261e"), least),
    brand: accent,
    "on-brand": onBrand,
    rim: mix(accent, onBrand, 0.16),
  };
}
