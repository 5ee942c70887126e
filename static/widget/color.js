/** Colours that can be read, whatever brand colour a team chose. */

/** @typedef {[number, number, number]} Rgb */

/** @param {string} hex @returns {Rgb} */
export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).reduce((all, value, at) => ((all[at] = value), all), /** @type {Rgb} */ ([0, 0, 0]));

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

/** The brand colour, moved towards `end` just far enough to be read on `background`. @param {Rgb} brand @param {Rgb} background @param {number} end */
export function legible(brand, background, end) {
  let color = brand;
  for (let step = 1; contrast(color, background) < 4.6 && step <= 20; step += 1) {
    color = /** @type {Rgb} */ (brand.map((value) => Math.round(value + ((end - value) * step) / 20)));
  }
  return `rgb(${color.join(" ")})`;
}
