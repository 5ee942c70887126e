/** What the operator's language model took for a project: tokens, and what they cost, by day. */
import { get } from "../api.js";
import { h } from "../dom.js";
import { count, formatLongDay, formatNumber } from "../format.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";

/** @typedef {import("../types.js").ModelUse} ModelUse */

const DAYS = 30;

/** @param {string} project @param {AbortSignal} signal */
export function modelUse(project, signal) {
  const slot = h("div", { class: "stack" });
  void load(slot, {
    signal,
    skeleton: () => skeleton("text"),
    fetch: () => /** @type {Promise<ModelUse>} */ (get(`/projects/${project}/model-use?days=${DAYS}`, signal)),
    render: draw,
  });
  return h("section", { class: "card panel", "aria-labelledby": "language-model" },
    h("header", { class: "panel-head" }, h("h2", { id: "language-model" }, "Language model"), h("p", { class: "hint" }, `The last ${DAYS} days`)),
    slot);
}

/** @param {ModelUse} use */
function draw(use) {
  const { totals, currency } = use;
  const about = h("p", { class: "hint" }, use.model === null
    ? "None is configured: answers are quoted from your documents, and nothing is sent to one."
    : ["Answers are written by ", h("code", null, use.model), " from the passages found. Every sentence is looked for in them before it is shown."]);
  if (totals.answers === 0) return use.model === null ? about : [about, h("p", { class: "hint" }, "It was not asked yet.")];
  return [
    about,
    h("dl", { class: "model-totals" },
      figure("Asked", formatNumber(totals.answers)),
      figure("Tokens read", formatNumber(totals.tokens_in)),
      figure("Tokens written", formatNumber(totals.tokens_out)),
      currency !== null && figure("Cost", money(totals.cost_micros, currency))),
    totals.guessed > 0 && h("p", { class: "hint" }, `The endpoint did not count the tokens of ${count(totals.guessed, "answer")}: those were estimated here.`),
    h("details", null,
      h("summary", null, "By day"),
      h("table", { class: "table plain" },
        h("thead", null, h("tr", null, ["Day", "Asked", "Tokens read", "Tokens written", ...(currency === null ? [] : ["Cost"])].map((name, at) => h("th", { scope: "col", class: at > 0 && "cell-number" }, name)))),
        h("tbody", null, [...use.days].reverse().map((day) => h("tr", null,
          h("th", { scope: "row" }, formatLongDay(day.date)),
          [day.answers, day.tokens_in, day.tokens_out].map((value) => h("td", { class: "cell-number" }, formatNumber(value))),
          currency !== null && h("td", { class: "cell-number" }, money(day.cost_micros, currency))))))),
  ].filter((part) => part !== false);
}

/** @param {string} name @param {string} value */
const figure = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

/** Small sums keep the digits that say something. @param {number} micros @param {string} currency */
const money = (micros, currency) =>
  new Intl.NumberFormat("en-GB", { style: "currency", currency, maximumFractionDigits: micros !== 0 && micros < 1_000_000 ? 4 : 2 }).format(micros / 1_000_000);
