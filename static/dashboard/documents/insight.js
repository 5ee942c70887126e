/** What became of a document: how often it is cited and what it answered; and which others say the same. */
import { get } from "../api.js";
import { h } from "../dom.js";
import { count, formatAgo, formatMoment, formatNumber, share } from "../format.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { differenceView } from "./difference.js";
import { shown } from "./revisions.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {import("../types.js").DocStatistics} DocStatistics */
/** @typedef {import("../types.js").Likeness} Likeness */

/** @param {string} project @param {Doc} doc @param {AbortSignal} signal */
export function statisticsPanel(project, doc, signal) {
  const slot = h("div");
  void load(slot, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => /** @type {Promise<DocStatistics>} */ (get(`/projects/${project}/documents/${doc.id}/statistics`, signal)),
    render: (found) => {
      if (found.citations === 0) return h("p", { class: "hint" }, "No answer has cited this document yet.");
      const helpful = share(found.helpful, found.helpful + found.unhelpful);
      return [
        h("dl", { class: "facts facts-bare" },
          fact("Cited", `${count(found.citations, "answer")}`),
          fact("In the last 30 days", formatNumber(found.citations_30d)),
          found.last_cited_at && fact("Last cited", h("time", { datetime: found.last_cited_at, title: formatMoment(found.last_cited_at) }, formatAgo(found.last_cited_at))),
          fact("Found helpful", helpful === null ? "Not rated yet" : `${helpful}% of ${count(found.helpful + found.unhelpful, "rating")}`)),
        found.questions.length > 0 && h("h3", null, "Questions it answered"),
        found.questions.length > 0 && h("ul", { class: "lines asked-of" }, found.questions.map((one) => h("li", null,
          h("a", { href: `/projects/${project}/conversations/${one.conversation}` }, one.question),
          h("span", { class: "hint" }, one.helpful !== null && [icon(one.helpful ? "up" : "down"), h("span", { class: "sr-only" }, one.helpful ? "helpful, " : "not helpful, ")], formatAgo(one.asked_at))))),
      ].filter((one) => one instanceof Node);
    },
  });
  return h("section", { class: "card panel", "aria-labelledby": "use" }, h("header", { class: "panel-head" }, h("h2", { id: "use" }, "Use")), slot);
}

/** @param {string} name @param {import("../dom.js").Child} value */
const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

/** Appears when there are some. @param {string} project @param {Doc} doc @param {AbortSignal} signal */
export function likenessPanel(project, doc, signal) {
  const element = h("section", { class: "card panel", "aria-labelledby": "alike", hidden: true });
  const base = `/projects/${project}/documents/${doc.id}`;
  /** @param {Likeness} one */
  const compare = (one) => shown(`${doc.name} and ${one.name}`, async () =>
    differenceView(/** @type {import("../types.js").Difference} */ (await get(`${base}/difference?document=${one.id}`, signal))));
  get(`${base}/likenesses`, signal).then((found) => {
    const { documents } = /** @type {{ documents: Likeness[] }} */ (found);
    if (documents.length === 0) return;
    element.append(
      h("header", { class: "panel-head" }, h("h2", { id: "alike" }, "Looks like"), h("p", { class: "hint" }, "Two documents that say the same compete for answers. Keep the better one.")),
      h("ul", { class: "revisions" }, documents.map((one) => h("li", null,
        h("div", null, h("a", { href: `/projects/${project}/documents/${one.id}` }, one.name), h("p", { class: "hint" }, one.same ? "Byte by byte the same" : `${one.percent}% of the text is the same`)),
        h("div", { class: "button-row" }, h("button", { type: "button", class: "button small", "aria-label": `Compare with ${one.name}`, on: { click: () => void compare(one) } }, "Compare"))))));
    element.hidden = false;
  }, () => {});
  return element;
}
