import { get } from "../api.js";
import { h, svg } from "../dom.js";
import { count, formatNumber, formatShortDay, share } from "../format.js";
import { chartFigure } from "../parts/chart.js";
import { empty } from "../parts/empty.js";
import { segmented } from "../parts/field.js";
import { gapList } from "../parts/gaps.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { amend } from "../router.js";

/** @typedef {import("../types.js").Analytics} Analytics */
/** @typedef {import("../types.js").Totals} Totals */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, query, signal, title }) {
  title(`Analytics · ${project.name}`);
  const base = `/projects/${project.id}`;
  const slot = h("div", { class: "analytics" });
  let days = ["7", "30", "90"].includes(query.get("days") ?? "") ? Number(query.get("days")) : 30;
  let current = new AbortController();
  const show = () => {
    current.abort();
    current = new AbortController();
    const both = AbortSignal.any([signal, current.signal]);
    void load(slot, {
      signal: both,
      skeleton: () => h("div", null, skeleton("tiles"), skeleton("chart"), skeleton("chart")),
      fetch: () => /** @type {Promise<Analytics>} */ (get(`${base}/analytics?days=${days}`, both)),
      render: (analytics) => draw(analytics, days, base, both),
    });
  };
  outlet.append(
    heading("Analytics", {
      lead: "How well your documents answer what people ask.",
      actions: [segmented("Period", [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]], String(days), (value) => {
        days = Number(value);
        amend(`${base}/analytics?days=${days}`);
        show();
      })],
    }),
    slot,
  );
  show();
}

/** @param {Analytics} analytics @param {number} days @param {string} base @param {AbortSignal} signal */
function draw(analytics, days, base, signal) {
  const dates = analytics.days.map((day) => day.date);
  if (analytics.totals.questions === 0) {
    return [tiles(analytics), h("div", { class: "card" }, empty("analytics", "Nobody asked in this period",
      "As soon as somebody asks, here or on your site, this page shows what was answered, what was missing and what people thought of it.",
      h("a", { class: "button primary", href: `${base}/ask` }, "Try a question")))];
  }
  return [
    h("div", { class: "period" }, h("p", { class: "hint" }, `${formatShortDay(analytics.from)} to ${formatShortDay(analytics.to)}, compared with the ${days} days before. Days are counted in UTC.`),
      h("button", { type: "button", class: "button quiet small", on: { click: () => saveTable(analytics) } }, icon("download"), "Download as CSV")),
    tiles(analytics),
    h("section", { class: "card panel" }, chartFigure({
      label: "Questions a day", shape: "bars", dates, signal,
      series: [
        { name: "Answered", tone: "tone-answered", values: analytics.days.map((day) => day.answered) },
        { name: "Unanswered", tone: "tone-unanswered", values: analytics.days.map((day) => day.unanswered) },
      ],
    })),
    h("section", { class: "card panel" }, chartFigure({
      label: "Share of ratings that say helpful", shape: "line", dates, signal, unit: "%", ceiling: 100,
      series: [{ name: "Helpful", tone: "tone-helpful", values: analytics.days.map((day) => share(day.helpful, day.helpful + day.unhelpful)) }],
    })),
    h("div", { class: "columns" }, gaps(analytics, base), sources(analytics, base)),
  ];
}

/** Hands the days over as a file for a spreadsheet. @param {Analytics} analytics */
function saveTable({ days, from, to }) {
  const columns = /** @type {const} */ (["date", "questions", "answered", "unanswered", "helpful", "unhelpful", "visitors"]);
  const lines = [columns.join(","), ...days.map((day) => columns.map((column) => day[column]).join(","))];
  const href = URL.createObjectURL(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  h("a", { href, download: `analytics-${from.slice(0, 10)}-to-${to.slice(0, 10)}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** @param {Analytics} analytics */
function tiles({ totals, previous }) {
  const answered = (/** @type {Totals} */ of) => share(of.answered, of.questions);
  const helpful = (/** @type {Totals} */ of) => share(of.helpful, of.helpful + of.unhelpful);
  return h("dl", { class: "tiles" },
    tile("Questions", formatNumber(totals.questions), growth(totals.questions, previous.questions)),
    tile("Answered", percent(answered(totals)), points(answered(totals), answered(previous))),
    tile("Found helpful", percent(helpful(totals)), points(helpful(totals), helpful(previous))),
    tile("Visitors", formatNumber(totals.visitors), growth(totals.visitors, previous.visitors)));
}

/** @typedef {{ text: string, tone: "up" | "down" | "same" }} Change */

/** @param {string} name @param {string} value @param {Change} change */
const tile = (name, value, change) =>
  h("div", { class: "tile card" }, h("dt", null, name), h("dd", { class: "tile-value" }, value), h("dd", { class: `change change-${change.tone}` }, change.text));

/** @param {number | null} value */
const percent = (value) => (value === null ? "–" : `${value}%`);

/** @param {number} now @param {number} before @returns {Change} */
function growth(now, before) {
  if (before === 0) return { text: now === 0 ? "None before either" : "None in the period before", tone: "same" };
  const change = Math.round(((now - before) / before) * 100);
  if (change === 0) return { text: "Same as before", tone: "same" };
  return { text: `${Math.abs(change)}% ${change > 0 ? "more" : "fewer"} than before`, tone: change > 0 ? "up" : "down" };
}

/** @param {number | null} now @param {number | null} before @returns {Change} */
function points(now, before) {
  if (now === null || before === null) return { text: "Nothing to compare with", tone: "same" };
  const change = now - before;
  if (change === 0) return { text: "Same as before", tone: "same" };
  return { text: `${count(Math.abs(change), "point")} ${change > 0 ? "up" : "down"}`, tone: change > 0 ? "up" : "down" };
}

/** @param {Analytics} analytics @param {string} base */
function gaps({ unanswered }, base) {
  return h("section", { class: "card panel", "aria-labelledby": "gaps" },
    h("header", { class: "panel-head" }, h("h2", { id: "gaps" }, "Unanswered questions"),
      unanswered.length > 0 && h("a", { href: `${base}/conversations?outcome=unanswered`, class: "more-link" }, "All of them")),
    unanswered.length === 0
      ? h("p", { class: "nothing" }, "Every question in this period found an answer.")
      : gapList(base, unanswered, 8));
}

/** @param {Analytics} analytics @param {string} base */
function sources({ sources: cited }, base) {
  const most = Math.max(...cited.map((source) => source.citations), 1);
  return h("section", { class: "card panel", "aria-labelledby": "cited" },
    h("header", { class: "panel-head" }, h("h2", { id: "cited" }, "Most cited documents")),
    cited.length === 0
      ? h("p", { class: "nothing" }, "No document was cited in this period.")
      : h("ul", { class: "lines" }, cited.map((source) => h("li", { class: "ranked" },
        h("a", { href: `${base}/documents/${source.document}` }, source.name),
        svg("svg", { class: "share-bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { class: "share-all", width: 100, height: 6 }),
          svg("rect", { class: "tone-answered", width: (source.citations / most) * 100, height: 6 })),
        h("span", { class: "hint" }, formatNumber(source.citations), h("span", { class: "sr-only" }, source.citations === 1 ? " citation" : " citations"))))));
}
