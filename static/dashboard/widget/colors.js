/** Fields for colours, and what is said of a pair that would be hard to read. */
import { h } from "../dom.js";
import { field } from "../parts/field.js";

/** @typedef {import("../types.js").WidgetColors} WidgetColors */

/** @param {string} color */
export const isColor = (color) => /^#[0-9a-f]{6}$/i.test(color);

/** Relative luminance, WCAG 2. @param {string} color */
function luminance(color) {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} one @param {string} other */
export function contrast(one, other) {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * A colour by picker or by digits.
 * @param {{ label: string, hint?: string, optional?: boolean }} words
 * @param {string} value
 * @param {string} usual what the picker begins with
 * @param {(value: string) => void} changed
 */
export function colorField(words, value, usual, changed) {
  const text = field({ ...words, value, maxlength: 7, spellcheck: "false", autocomplete: "off", ...(words.optional && { placeholder: "As usual" }) });
  const picker = h("input", { type: "color", class: "swatch-input", value: isColor(value) ? value : usual, "aria-label": `Pick: ${words.label}` });
  const row = h("div", { class: "color-row" });
  text.input.replaceWith(row);
  row.append(picker, text.input);
  picker.addEventListener("input", () => {
    text.input.value = picker.value;
    text.error(null);
    changed(picker.value);
  });
  text.input.addEventListener("input", () => {
    const typed = text.input.value.trim().toLowerCase();
    if (isColor(typed)) picker.value = typed;
    changed(typed);
  });
  return text;
}

const USUAL = { light: { background: "#ffffff", text: "#1b1e25" }, dark: { background: "#16181d", text: "#eceef2" } };

/**
 * The three colours of one kind of page. Empty means as usual.
 * @param {"light" | "dark"} kind
 * @param {WidgetColors} colors changed in place
 * @param {string} brand
 * @param {() => void} changed
 */
export function paletteFields(kind, colors, brand, changed) {
  const names = /** @type {const} */ (["accent", "background", "text"]);
  const labels = { accent: "Accent", background: "Background", text: "Text" };
  const remark = h("p", { class: "hint", "aria-live": "polite" });
  const judge = () => {
    const pick = (/** @type {"background" | "text"} */ name) => (isColor(colors[name] ?? "") ? (colors[name] ?? "") : USUAL[kind][name]);
    const ratio = contrast(pick("text"), pick("background"));
    const words = ratio < 7 ? `This text on this background is ${ratio.toFixed(1)} to 1: visitors see it ${luminance(pick("background")) < 0.18 ? "lighter" : "darker"}, so that they can read it.` : "";
    if (remark.textContent !== words) remark.textContent = words;
  };
  const fields = names.map((name) => {
    const usual = name === "accent" ? brand : USUAL[kind][name];
    return colorField({ label: labels[name], optional: true }, colors[name] ?? "", usual, (value) => {
      colors[name] = value === "" ? null : value;
      judge();
      changed();
    });
  });
  judge();
  return {
    element: h("fieldset", { class: "palette" }, h("legend", null, kind === "light" ? "On light pages" : "On dark pages"), fields.map(({ element }) => element), remark),
    /** The field whose value is no colour, if there is one. */
    wrong: () => fields.find((_, at) => {
      const value = colors[names[at] ?? "accent"];
      return value !== null && !isColor(value);
    }) ?? null,
  };
}
