/** What the states and promises of a report are called, to its reporter and to operators. */
import { h } from "../dom.js";
import { formatMoment, formatUntil } from "../format.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").ReportState} ReportState */

/** @type {Record<ReportState, [name: string, tone: string, sentence: string]>} */
const STATES = {
  received: ["Received", "info", "Your report is here. Somebody reads it next."],
  acknowledged: ["Acknowledged", "info", "Somebody has read it and is looking into it."],
  confirmed: ["Confirmed", "warning", "It is a vulnerability. Next, it is said by when it is mended."],
  timeline: ["Timeline given", "warning", "It is being mended."],
  resolved: ["Resolved", "good", "It is mended. Thank you for having reported it."],
  declined: ["Declined", "neutral", "It is not taken for a vulnerability that is to be mended here."],
  duplicate: ["Duplicate", "neutral", "Somebody else had reported the same before."],
};

/** The order in which a report goes. */
export const STATE_ORDER = /** @type {ReportState[]} */ (Object.keys(STATES));

/** @param {ReportState} state */
export const stateName = (state) => STATES[state][0];
/** @param {ReportState} state */
export const stateSentence = (state) => STATES[state][2];

/** @param {ReportState} state */
export const stateBadge = (state) => h("span", { class: `badge badge-${STATES[state][1]}` }, STATES[state][0]);

/** A moment that everybody means alike. @param {string} iso */
export const utc = (iso) => `${new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" }).format(new Date(iso))} UTC`;

/** How a promise's clock stands. @param {import("../types.js").ReportDue} due @param {number} [now] */
export function clock(due, now = Date.now()) {
  const what = due.promise === "acknowledge" ? "Acknowledge" : "Give a timeline";
  const left = new Date(due.by).getTime() - now;
  const tone = left < 0 ? "danger" : left < 24 * 3_600_000 ? "warning" : "neutral";
  return h("span", { class: `badge badge-${tone} report-clock`, title: utc(due.by) }, left < 0 ? `Overdue: ${what.toLowerCase()}` : `${what} ${formatUntil(due.by, now)}`);
}

/** Operators are many, and a reporter is one. @param {"reporter" | "operator"} who @param {"reporter" | "operator"} reader */
const by = (who, reader) => {
  if (who === "reporter") return reader === "reporter" ? "You" : "The reporter";
  return reader === "reporter" ? "Those who run this installation" : "An operator";
};

/** What was said and done, the oldest first. @param {import("../types.js").ReportLine[]} lines @param {"reporter" | "operator"} reader */
export const talk = (lines, reader) =>
  h("ol", { class: "report-lines" }, lines.map((line) =>
    h("li", { class: `report-line report-by-${line.by}${line.hidden ? " report-hidden" : ""}` },
      h("p", { class: "hint" },
        h("strong", null, by(line.by, reader)),
        " · ", h("time", { datetime: line.at, title: utc(line.at) }, formatMoment(line.at)),
        line.hidden && " · for operators only"),
      line.state !== null && h("p", null, stateBadge(line.state)),
      line.text !== null && h("p", { class: "report-text" }, line.text))));

/** Of a file that was refused: here other kinds are taken than among documents. @param {unknown} error */
export const explainFile = (error) => {
  const problem = asProblem(error);
  return problem.status < 500 && problem.status !== 429 && problem.detail !== null ? problem.detail : explain(problem);
};
