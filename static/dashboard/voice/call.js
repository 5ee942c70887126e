/** What is known of a call besides what was said. */
import { h } from "../dom.js";
import { icon } from "../parts/icon.js";
import { formatDuration } from "./words.js";

/** @param {import("../types.js").CallDetails} call */
export function callPanel(call) {
  /** @type {[string, string | null][]} */
  const lines = [
    ["Duration", call.duration_s === null ? null : formatDuration(call.duration_s)],
    ["Ended", call.ended],
    ["Sentiment", call.sentiment],
    ...call.details.map(({ name, value }) => /** @type {[string, string]} */ ([name, value])),
  ];
  const known = lines.filter(([, value]) => value !== null);
  return h("section", { class: "card panel call", "aria-labelledby": "call" },
    h("header", { class: "panel-head" }, h("h2", { id: "call" }, "Call"), outcome(call.successful)),
    call.summary && h("p", null, call.summary),
    known.length > 0 && h("dl", { class: "call-facts" }, known.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))));
}

/** @param {boolean | null} successful */
function outcome(successful) {
  if (successful === null) return null;
  return successful
    ? h("span", { class: "badge badge-good" }, icon("check"), "Successful")
    : h("span", { class: "badge badge-warning" }, icon("alert"), "Not successful");
}
