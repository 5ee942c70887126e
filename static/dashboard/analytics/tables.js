/** Tables of the analytics: by channel, by page, and what becomes of the sources. */
import { h, svg, webAddress } from "../dom.js";
import { count, formatAgo, formatMoment, formatNumber, formatShortDay, share } from "../format.js";
import { CHANNELS } from "../inbox/line.js";

/** @typedef {import("../types.js").Analytics} Analytics */
/** @typedef {import("../types.js").Counts} Counts */
/** @typedef {import("../types.js").CitedSource} CitedSource */

/** @param {number | null} value */
export const percent = (value) => (value === null ? "–" : `${value}%`);

/** @param {number | null} ms */
export const duration = (ms) => (ms === null ? "–" : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

/** @param {string} id @param {string} title @param {import("../dom.js").Child[]} content @param {string} [hint] */
const panel = (id, title, content, hint) =>
  h("section", { class: "card panel", "aria-labelledby": id },
    h("header", { class: "panel-head" }, h("h2", { id }, title), hint !== undefined && h("p", { class: "hint" }, hint)), content);

/** @param {string} label @param {string[]} columns @param {(import("../dom.js").Child | import("../dom.js").Child[])[][]} rows the first cell of each is its heading */
const table = (label, columns, rows) =>
  h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": label },
    h("table", { class: "table plain" },
      h("thead", null, h("tr", null, columns.map((name, at) => h("th", { scope: "col", class: at > 0 ? "cell-number" : null }, name)))),
      h("tbody", null, rows.map(([head, ...cells]) => h("tr", null, h("th", { scope: "row" }, head), cells.map((cell) => h("td", { class: "cell-number" }, cell)))))));

/** @param {Counts} of */
const counted = (of) => [formatNumber(of.questions), percent(share(of.answered, of.answered + of.unanswered)), percent(share(of.helpful, of.helpful + of.unhelpful))];

/** @param {Analytics} analytics */
export const channels = ({ channels: all }) =>
  panel("channels", "Channels", [
    table("By channel", ["Channel", "Questions", "Answered", "Helpful", "Half within", "95% within"],
      all.map((one) => [CHANNELS[one.channel] ?? one.channel, ...counted(one), duration(one.p50_ms), duration(one.p95_ms)])),
  ]);

/** @param {Analytics} analytics */
export const pages = ({ pages: all }) =>
  panel("pages", "Pages", [
    all.length === 0
      ? h("p", { class: "nothing" }, "No visitor asked on a website in this period.")
      : table("By page", ["Page", "Questions", "Answered", "Helpful"], all.map((one) => [address(one.page), ...counted(one)])),
  ], all.length === 0 ? undefined : "Where on your site people ask");

/** @param {string} page */
function address(page) {
  const href = webAddress(page);
  return href === null ? (page === "" ? "Other pages" : page) : h("a", { href, target: "_blank", rel: "noopener noreferrer" }, page.replace(/^https?:\/\//, ""), h("span", { class: "sr-only" }, " (opens in a new tab)"));
}

/** @param {Analytics} analytics @param {string} base */
export function cited({ sources }, base) {
  const most = Math.max(...sources.map((source) => source.citations), 1);
  return panel("cited", "Most cited documents", [
    sources.length === 0
      ? h("p", { class: "nothing" }, "No document was cited in this period.")
      : h("ul", { class: "lines" }, sources.map((source) => h("li", { class: "ranked" },
        h("a", { href: `${base}/documents/${source.document}` }, source.name),
        svg("svg", { class: "share-bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { class: "share-all", width: 100, height: 6 }),
          svg("rect", { class: "tone-answered", width: (source.citations / most) * 100, height: 6 })),
        h("span", { class: "hint" }, formatNumber(source.citations), h("span", { class: "sr-only" }, source.citations === 1 ? " citation" : " citations"))))),
  ]);
}

/** @param {string} base @param {CitedSource[]} first @param {(source: CitedSource) => import("../dom.js").Child | import("../dom.js").Child[]} rest */
const documents = (base, first, rest) =>
  h("ul", { class: "lines" }, first.map((source) => h("li", null, h("a", { href: `${base}/documents/${source.document}` }, source.name), h("span", { class: "hint" }, rest(source)))));

/** @param {{ first: CitedSource[], count: number }} all */
const further = (all) => all.count > all.first.length && h("p", { class: "hint" }, `and ${count(all.count - all.first.length, "more document", "more documents")}`);

/** @param {Analytics} analytics @param {string} base */
export const unused = ({ unused: all }, base) =>
  panel("unused", "Not cited", [
    all.count === 0
      ? h("p", { class: "nothing" }, "Every document was cited in this period.")
      : documents(base, all.first, (source) => (source.last_cited === null ? "never cited" : `last cited ${formatShortDay(source.last_cited)}`)),
    further(all),
  ], "No answer in this period needed them");

/** @param {Analytics} analytics @param {string} base */
export const stale = ({ stale: all, stale_days: days }, base) =>
  panel("stale", "Growing old", [
    all.count === 0
      ? h("p", { class: "nothing" }, `Every cited document was updated within ${count(days, "day")}.`)
      : documents(base, all.first, (source) => ["updated ", h("time", { datetime: source.updated_at, title: formatMoment(source.updated_at) }, formatAgo(source.updated_at)), ` · ${count(source.citations, "citation")}`]),
    further(all),
  ], `Cited, and not updated for ${count(days, "day")}`);
