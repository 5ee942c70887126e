/** Rows of text fields that can be added to and taken from: the wordings of a question, the links of an answer. */
import { h, replace, uid } from "../dom.js";
import { icon } from "../parts/icon.js";

/**
 * @typedef {{ label: string, placeholder?: string, type?: string, maxlength: number }} Column
 * @typedef {{ element: HTMLElement, values: () => string[][], error: (message: string | null) => void }} Lines
 */

/**
 * @param {object} how
 * @param {string} how.legend
 * @param {string} how.hint
 * @param {Column[]} how.columns
 * @param {string[][]} how.values
 * @param {string} how.add what the button says
 * @param {string} how.what one line, as in "Remove question 2"
 * @param {number} how.least
 * @param {number} how.most
 * @param {() => void} how.changed
 * @returns {Lines}
 */
export function lines({ legend, hint, columns, values, add, what, least, most, changed }) {
  const [hintId, errorId] = [uid("hint"), uid("error")];
  const list = h("ol", { class: "line-fields" });
  const message = h("p", { class: "field-error", id: errorId, hidden: true });
  const more = h("button", { type: "button", class: "button small", on: { click: () => { push(columns.map(() => "")).focus(); changed(); } } }, icon("plus"), add);
  const element = h("fieldset", { class: "group", "aria-describedby": hintId },
    h("legend", null, legend), h("p", { class: "hint", id: hintId }, hint), list, message, more);

  /** @param {string[]} row */
  function push(row) {
    const inputs = columns.map((column, at) =>
      h("input", { type: column.type ?? "text", class: "input", placeholder: column.placeholder, maxlength: column.maxlength, value: row[at] ?? "", autocomplete: "off", on: { input: () => { error(null); changed(); } } }));
    const remove = h("button", { type: "button", class: "icon-button" }, icon("close"));
    const item = h("li", null, h("div", { class: "line-inputs" }, inputs), remove);
    remove.addEventListener("click", () => {
      const next = /** @type {HTMLElement | null} */ ((item.nextElementSibling ?? item.previousElementSibling)?.querySelector("input") ?? more);
      item.remove();
      number();
      changed();
      next?.focus();
    });
    list.append(item);
    number();
    return /** @type {HTMLInputElement} */ (inputs[0]);
  }

  function number() {
    [...list.children].forEach((item, at) => {
      item.querySelectorAll("input").forEach((input, column) => input.setAttribute("aria-label", `${columns[column]?.label} ${at + 1}`));
      const remove = item.querySelector("button");
      remove?.setAttribute("aria-label", `Remove ${what} ${at + 1}`);
      if (remove) remove.hidden = list.childElementCount <= least;
    });
    more.hidden = list.childElementCount >= most;
  }

  /** @param {string | null} text */
  function error(text) {
    message.hidden = text === null;
    replace(message, text !== null && icon("alert"), text);
    element.setAttribute("aria-describedby", text === null ? hintId : `${errorId} ${hintId}`);
  }

  values.forEach(push);
  while (list.childElementCount < least) push(columns.map(() => ""));
  number();
  return {
    element,
    values: () => [...list.children].map((item) => [...item.querySelectorAll("input")].map((input) => input.value.trim())).filter((row) => row.some((value) => value !== "")),
    error,
  };
}
