/** Labelled controls with a hint and a place for what is wrong with the value. */
import { h, replace, uid } from "../dom.js";
import { icon } from "./icon.js";

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {HTMLInputElement | HTMLTextAreaElement} input
 * @property {(message: string | null) => void} error
 */

/**
 * @param {{ label: string, hint?: string, optional?: boolean, multiline?: boolean, describedBy?: string } & Record<string, unknown>} options
 * @returns {Field}
 */
export function field({ label, hint, optional = false, multiline = false, describedBy, ...attributes }) {
  const id = uid("field");
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const shared = { id, class: "input", ...attributes };
  const input = multiline ? h("textarea", { rows: 3, ...shared }) : h("input", { type: "text", ...shared });
  const message = h("p", { class: "field-error", id: errorId, hidden: true });
  const describe = (/** @type {boolean} */ wrong) => {
    const ids = [wrong && errorId, hint && hintId, describedBy].filter(Boolean).join(" ");
    if (ids) input.setAttribute("aria-describedby", ids);
    else input.removeAttribute("aria-describedby");
  };
  const error = (/** @type {string | null} */ text) => {
    message.hidden = text === null;
    replace(message, text !== null && icon("alert"), text);
    if (text === null) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    describe(text !== null);
  };
  input.addEventListener("input", () => error(null));
  describe(false);
  const element = h("div", { class: "field" },
    h("label", { for: id }, label, optional && h("span", { class: "optional" }, " optional")),
    hint && h("p", { class: "hint", id: hintId }, hint),
    input,
    message);
  return { element, input, error };
}

/** A password field with a button that shows what was typed. @param {Parameters<typeof field>[0]} options */
export function passwordField(options) {
  const built = field({ type: "password", spellcheck: "false", autocapitalize: "none", ...options });
  const toggle = h("button", { type: "button", class: "reveal", "aria-pressed": "false" }, "Show");
  toggle.setAttribute("aria-label", "Show password");
  toggle.addEventListener("click", () => {
    const shown = built.input.getAttribute("type") === "text";
    built.input.setAttribute("type", shown ? "password" : "text");
    toggle.setAttribute("aria-pressed", String(!shown));
    toggle.textContent = shown ? "Show" : "Hide";
  });
  const row = h("div", { class: "reveal-row" });
  built.input.replaceWith(row);
  row.append(built.input, toggle);
  return built;
}

/**
 * @param {string} label
 * @param {[value: string, text: string][]} choices
 * @param {string} value
 * @param {(value: string) => void} changed
 */
export function select(label, choices, value, changed) {
  const id = uid("select");
  const control = h("select", { id, class: "input select" }, choices.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  control.addEventListener("change", () => changed(control.value));
  return h("div", { class: "filter" }, h("label", { for: id }, label), control);
}

/**
 * A row of exclusive choices.
 * @param {string} legend
 * @param {[value: string, text: string][]} choices
 * @param {string} value
 * @param {(value: string) => void} changed
 */
export function segmented(legend, choices, value, changed) {
  const name = uid("choice");
  return h("fieldset", { class: "segmented" },
    h("legend", null, legend),
    h("div", { class: "segments" }, choices.map(([key, text]) =>
      h("label", null,
        h("input", { type: "radio", name, value: key, checked: key === value, on: { change: () => changed(key) } }),
        h("span", null, text)))));
}
