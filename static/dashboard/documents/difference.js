/** What differs between two texts, line by line. */
import { h } from "../dom.js";
import { count } from "../format.js";

/** @typedef {import("../types.js").Difference} Difference */

const SIGNS = { same: " ", added: "+", removed: "−" };
const NAMES = { same: "", added: "added: ", removed: "removed: " };

/** @param {Difference} difference */
export function differenceView(difference) {
  if (difference.hunks.length === 0) return h("p", { class: "hint" }, "The text is the same.");
  return h("div", { class: "difference-whole" },
    h("p", { class: "hint" }, `${count(difference.added, "line")} added, ${count(difference.removed, "line")} removed`, difference.cut && ". There is more than is shown."),
    h("div", { class: "difference", tabindex: "0", role: "group", "aria-label": "What differs" },
      difference.hunks.map((hunk) => h("div", { class: "hunk" }, hunk.map(({ change, text }) =>
        h("div", { class: `line line-${change}` },
          h("span", { class: "line-sign", "aria-hidden": "true" }, SIGNS[change]),
          h("span", { class: "line-text" }, h("span", { class: "sr-only" }, NAMES[change]), text)))))));
}
