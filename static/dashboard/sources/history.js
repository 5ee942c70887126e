/** The runs of a source, and what they left out. */
import { h, webAddress } from "../dom.js";
import { count, formatAgo, formatMoment, formatNumber } from "../format.js";
import { icon } from "../parts/icon.js";
import { explainSync, reasonOf, things } from "./words.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {import("../types.js").SourceRun} SourceRun */
/** @typedef {import("../types.js").SkippedItem} SkippedItem */

/** @param {SourceRun} run */
function took({ started_at, finished_at }) {
  const seconds = Math.max(0, Math.round((new Date(finished_at).getTime() - new Date(started_at).getTime()) / 1000));
  if (seconds < 60) return `${Math.max(1, seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${formatNumber(Math.round(seconds / 360) / 10)} h`;
}

/** @param {Source} source @param {SourceRun[]} runs the latest first */
export function history(source, runs) {
  if (runs.length === 0) return h("p", { class: "hint" }, "The first sync has not ended yet.");
  const column = (/** @type {string} */ name, /** @type {string} */ kind) => h("th", { scope: "col", role: "columnheader", class: kind }, name);
  return h("table", { class: "table stacks run-table", role: "table", "aria-label": "History" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      column("When", "cell-name"), column("Outcome", "cell-status"), column("New", "cell-number"), column("Changed", "cell-number"), column("Removed", "cell-number"), column("Left out", "cell-number"), column("Took", "cell-number"))),
    h("tbody", { role: "rowgroup" }, runs.map((run) => row(source, run))));
}

/** @param {Source} source @param {SourceRun} run */
function row(source, run) {
  const figure = (/** @type {string} */ label, /** @type {number} */ value) => h("td", { role: "cell", class: "cell-number", "data-label": label }, formatNumber(value));
  return h("tr", { role: "row" },
    h("td", { role: "cell", class: "cell-name" }, h("time", { datetime: run.finished_at, title: formatMoment(run.finished_at) }, formatAgo(run.finished_at))),
    h("td", { role: "cell", class: "cell-status" },
      run.outcome === "done"
        ? h("span", { class: "badge badge-good" }, icon("check"), "Done")
        : h("div", { class: "status-failed" }, h("span", { class: "badge badge-danger" }, icon("alert"), "Failed"), run.problem && h("p", { class: "hint" }, explainSync(source, run.problem)))),
    figure("New", run.added), figure("Changed", run.changed), figure("Removed", run.removed), figure("Left out", run.skipped),
    h("td", { role: "cell", class: "cell-number", "data-label": "Took" }, took(run)));
}

/** What is not taken, together by the reason. @param {Source} source @param {SkippedItem[]} items @param {number} total */
export function leftOut(source, items, total) {
  /** @type {Map<string, SkippedItem[]>} */
  const groups = new Map();
  for (const item of items) {
    const { what } = reasonOf(item);
    groups.set(what, [...(groups.get(what) ?? []), item]);
  }
  const rest = total - items.length;
  return h("div", { class: "stack skip-groups" },
    [...groups].map(([what, some], at) => h("details", { class: "fold skip-group", open: at === 0 && some.length <= 8 },
      h("summary", null, icon("chevron"), h("h3", null, what), h("span", { class: "hint" }, things(source.kind, some.length))),
      mend(some[0]),
      h("ul", { class: "skip-list" }, some.map(line)))),
    rest > 0 && h("p", { class: "hint" }, `And ${things(source.kind, rest)} more.`));
}

/** @param {SkippedItem | undefined} item */
function mend(item) {
  const text = item ? reasonOf(item).mend : "";
  return text === "" ? null : h("p", { class: "skip-mend" }, text);
}

/** @param {SkippedItem} item */
function line({ id, title, url, detail, code }) {
  const href = url === null ? null : webAddress(url);
  const name = title === null || title === "" ? (url ?? id) : title;
  const { what } = reasonOf({ code, detail });
  return h("li", null,
    href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, name, h("span", { class: "sr-only" }, " (opens in a new tab)")) : h("span", null, name),
    name !== url && url !== null && h("span", { class: "hint" }, url),
    detail !== "" && detail !== what && h("span", { class: "hint" }, detail));
}

/** What one run did, in a line, for whoever does not look at the table. @param {SourceRun} run */
export const said = (run) => (run.outcome === "failed" ? "The sync failed." : `The sync is done: ${count(run.added, "document")} new, ${run.changed} changed, ${run.removed} removed.`);
