import { get } from "../api.js";
import { asQuery, periodPicker, readPeriod } from "../analytics/periods.js";
import { channels, cited, duration, pages, percent, stale, unused } from "../analytics/tables.js";
import { h, replace } from "../dom.js";
import { count, formatNumber, formatShortDay, share } from "../format.js";
import { chartFigure } from "../parts/chart.js";
import { downloadButton } from "../parts/download.js";
import { empty } from "../parts/empty.js";
import { gapList } from "../parts/gaps.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { isAbort } from "../problem.js";
import { amend } from "../router.js";

/** @typedef {import("../types.js").Analytics} Analytics */
/** @typedef {import("../types.js").Day} Day */
/** @typedef {import("../types.js").Gaps} Gaps */
/** @typedef {import("../types.js").Totals} Totals */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, query, signal, title }) {
  title(`Analytics · ${project.name}`);
  const base = `/projects/${project.id}`;
  const slot = h("div", { class: "analytics" });
  let period = readPeriod(query);
  let current = new AbortController();
  const show = () => {
    current.abort();
    current = new AbortController();
    const both = AbortSignal.any([signal, current.signal]);
    void load(slot, {
      signal: both,
      skeleton: () => h("div", null, skeleton("tiles"), skeleton("chart"), skeleton("chart")),
      fetch: () => /** @type {Promise<Analytics>} */ (get(`${base}/analytics?${asQuery(period)}`, both)),
      render: (analytics) => draw(analytics, asQuery(period), base, both),
    });
  };
  outlet.append(
    heading("Analytics", { lead: "How well your documents answer what people ask." }),
    periodPicker(period, (chosen) => {
      period = chosen;
      amend(`${base}/analytics?${asQuery(period)}`);
      show();
    }),
    slot,
  );
  show();
}

/** @param {Analytics} analytics @param {string} search @param {string} base @param {AbortSignal} signal */
function draw(analytics, search, base, signal) {
  const length = count(analytics.days.length, "day");
  if (analytics.totals.questions === 0) {
    return [tiles(analytics), h("div", { class: "card" }, empty("analytics", "Nobody asked in this period",
      "As soon as somebody asks, here or on your site, this page shows what was answered, what was missing and what people thought of it.",
      h("a", { class: "button primary", href: `${base}/ask` }, "Try a question")))];
  }
  const { each, dates, some } = parts(analytics.days);
  const every = each === "week" ? "a week" : "a day";
  const file = (/** @type {"csv" | "json"} */ format) =>
    downloadButton({ label: format.toUpperCase(), path: `${base}/analytics/export?${search}&format=${format}`, fallback: `analytics.${format}`, look: "quiet small" });
  return [
    h("div", { class: "period" }, h("p", { class: "hint" }, `${formatShortDay(analytics.from)} to ${formatShortDay(analytics.to)}, compared with the ${length} before. Days are counted in UTC.`),
      h("p", { class: "period-files" }, file("csv"), file("json"))),
    tiles(analytics),
    h("section", { class: "card panel" }, chartFigure({
      label: `Questions ${every}`, shape: "bars", dates, signal, each,
      series: [
        { name: "Answered", tone: "tone-answered", values: some.map((day) => day.answered) },
        { name: "Unanswered", tone: "tone-unanswered", values: some.map((day) => day.unanswered) },
      ],
    })),
    gaps(search, base, signal),
    h("section", { class: "card panel" }, chartFigure({
      label: "Share of ratings that say helpful", shape: "line", dates, signal, unit: "%", ceiling: 100, each,
      series: [{ name: "Helpful", tone: "tone-helpful", values: some.map((day) => share(day.helpful, day.helpful + day.unhelpful)) }],
    })),
    channels(analytics),
    pages(analytics),
    h("section", { class: "card panel" }, chartFigure({
      label: "Milliseconds until the answer", shape: "line", dates, signal, unit: " ms", each,
      series: [
        { name: "Half within", tone: "tone-answered", values: some.map((day) => day.p50_ms) },
        { name: "95% within", tone: "tone-unanswered", values: some.map((day) => day.p95_ms) },
      ],
    })),
    cited(analytics, base),
    h("div", { class: "columns even" }, unused(analytics, base), stale(analytics, base)),
  ];
}

/** More than a quarter of a year is shown by the week. @param {Day[]} days @returns {{ each: "day" | "week", dates: string[], some: Day[] }} */
function parts(days) {
  if (days.length <= 92) return { each: "day", dates: days.map(({ date }) => date), some: days };
  /** @type {Day[]} */
  const weeks = [];
  // From the end, so that the last one is whole.
  for (let to = days.length; to > 0; to -= 7) {
    const week = days.slice(Math.max(0, to - 7), to);
    const sum = (/** @type {"questions" | "answered" | "unanswered" | "helpful" | "unhelpful" | "visitors"} */ name) => week.reduce((all, day) => all + day[name], 0);
    const slowest = (/** @type {"p50_ms" | "p95_ms"} */ name) => week.reduce((/** @type {number | null} */ most, day) => (day[name] === null ? most : Math.max(most ?? 0, day[name])), null);
    weeks.unshift({
      date: week[0]?.date ?? "", questions: sum("questions"), answered: sum("answered"), unanswered: sum("unanswered"),
      helpful: sum("helpful"), unhelpful: sum("unhelpful"), visitors: sum("visitors"), p50_ms: slowest("p50_ms"), p95_ms: slowest("p95_ms"),
    });
  }
  return { each: "week", dates: weeks.map(({ date }) => date), some: weeks };
}

/** @param {Analytics} analytics */
function tiles({ totals, previous }) {
  const answered = (/** @type {Totals} */ of) => share(of.answered, of.answered + of.unanswered);
  const helpful = (/** @type {Totals} */ of) => share(of.helpful, of.helpful + of.unhelpful);
  return h("dl", { class: "tiles tiles-five" },
    tile("Questions", formatNumber(totals.questions), growth(totals.questions, previous.questions)),
    tile("Answered", percent(answered(totals)), points(answered(totals), answered(previous))),
    tile("Found helpful", percent(helpful(totals)), points(helpful(totals), helpful(previous))),
    tile("Visitors", formatNumber(totals.visitors), growth(totals.visitors, previous.visitors)),
    tile("Answer time", duration(totals.p50_ms), { text: totals.p95_ms === null ? "Nothing to measure" : `or less for half; 95% within ${duration(totals.p95_ms)}`, tone: "same" }));
}

/** @typedef {{ text: string, tone: "up" | "down" | "same" }} Change */

/** @param {string} name @param {string} value @param {Change} change */
const tile = (name, value, change) =>
  h("div", { class: "tile card" }, h("dt", null, name), h("dd", { class: "tile-value" }, value), h("dd", { class: `change change-${change.tone}` }, change.text));

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

/** Asked for apart: what questions mean may have to be worked out first. @param {string} search @param {string} base @param {AbortSignal} signal */
function gaps(search, base, signal) {
  const content = h("div", { class: "stack" }, skeleton("text"));
  const status = h("p", { class: "hint", role: "status" });
  const follow = async () => {
    for (;;) {
      const found = /** @type {Gaps} */ (await get(`${base}/analytics/gaps?${search}`, signal));
      if (signal.aborted) return;
      status.textContent = found.waiting > 0 ? `Grouping ${count(found.waiting, "more question")}…` : found.cut ? "Made of the latest questions of this period." : "";
      replace(content, found.gaps.length > 0
        ? gapList(base, found.gaps, 50)
        : found.waiting === 0 && h("p", { class: "nothing" }, "Every question in this period found an answer."));
      if (found.waiting === 0) return;
    }
  };
  const begin = () => void follow().catch((error) => {
    if (!isAbort(error) && !signal.aborted) replace(content, problemNotice(error, begin));
  });
  begin();
  return h("section", { class: "card panel gaps-panel", "aria-labelledby": "gaps" },
    h("header", { class: "panel-head" }, h("h2", { id: "gaps" }, "Unanswered questions"),
      h("a", { href: `${base}/conversations?outcome=unanswered`, class: "more-link" }, "All of them")),
    h("p", { class: "hint" }, "Grouped by what they mean, those that are asked most first. Each is something to write down."),
    content, status);
}
