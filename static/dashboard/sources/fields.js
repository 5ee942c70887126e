/** Controls that the forms of several kinds of sources share. */
import { h, uid } from "../dom.js";
import { field } from "../parts/field.js";

/**
 * What a kind of source asks for, between its name and the button.
 * @typedef {object} KindFields
 * @property {import("../dom.js").Child[]} fields
 * @property {import("../dom.js").Child[]} advanced folded away at first
 * @property {() => boolean} valid shows what is missing beside its field
 * @property {() => unknown} config
 * @property {(problem: import("../problem.js").Problem, sentence: string) => boolean} refused true when it was shown beside its field
 * @property {() => string} suggestion a name, when nobody gives another
 */

/** @param {HTMLInputElement | HTMLTextAreaElement} input */
const linesOf = (input) => input.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");

/** A list, one a line. @param {{ label: string, hint: string, placeholder: string, value: string[] }} options */
export function lines({ label, hint, placeholder, value }) {
  const built = field({ label, hint, placeholder, optional: true, multiline: true, value: value.join("\n"), spellcheck: "false", autocapitalize: "none" });
  return { ...built, lines: () => linesOf(built.input) };
}

/** A whole number. @param {{ label: string, hint: string, value: number, least: number, most: number }} options */
export function number({ label, hint, value, least, most }) {
  const built = field({ label, hint, type: "number", inputmode: "numeric", min: least, max: most, step: 1, value: String(value), class: "input number-input" });
  const read = () => Number(built.input.value);
  const valid = () => {
    const fits = /^\d+$/.test(built.input.value.trim()) && read() >= least && read() <= most;
    if (!fits) built.error(`Enter a whole number from ${least} to ${most}.`);
    return fits;
  };
  return { ...built, read, valid };
}

/**
 * Some exclusive choices, each with a sentence.
 * @param {string} legend
 * @param {[value: string, name: string, hint: string][]} all
 * @param {string} value
 * @param {(value: string) => void} changed
 */
export function radios(legend, all, value, changed) {
  const name = uid("radio");
  return h("fieldset", { class: "choices" },
    h("legend", null, legend),
    all.map(([key, title, hint]) => h("label", { class: "choice" },
      h("input", { type: "radio", name, value: key, checked: key === value, on: { change: () => changed(key) } }),
      h("span", { class: "choice-words" }, h("span", { class: "choice-name" }, title), hint !== "" && h("span", { class: "hint" }, hint)))));
}

/** @param {string} label @param {string} hint @param {boolean} on */
export function tick(label, hint, on) {
  const box = h("input", { type: "checkbox", checked: on });
  const element = h("label", { class: "choice" }, box, h("span", { class: "choice-words" }, h("span", { class: "choice-name" }, label), h("span", { class: "hint" }, hint)));
  return { element, box };
}

/** A labelled select in a form. @param {string} label @param {string} hint @param {[value: string, text: string][]} all @param {string} value */
export function choice(label, hint, all, value) {
  const id = uid("select");
  const control = h("select", { id, class: "input select", "aria-describedby": `${id}-hint` }, all.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  const element = h("div", { class: "field" }, h("label", { for: id }, label), h("p", { class: "hint", id: `${id}-hint` }, hint), control);
  return { element, value: () => control.value };
}
