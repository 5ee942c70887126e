/** The top of a page: its one h1, a sentence, and what can be done here. */
import { h } from "../dom.js";
import { icon } from "./icon.js";

/**
 * @param {string} title
 * @param {{ lead?: string, actions?: (Node | false | null)[], back?: { href: string, label: string } }} [options]
 */
export function heading(title, { lead, actions = [], back } = {}) {
  return h("div", { class: "page-head" },
    h("div", { class: "page-title" },
      back && h("a", { class: "back", href: back.href }, icon("back"), back.label),
      h("h1", null, title),
      lead && h("p", { class: "lead" }, lead)),
    actions.some(Boolean) && h("div", { class: "page-actions" }, actions));
}
