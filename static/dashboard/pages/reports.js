/** The board: reports of vulnerabilities by state, with the clocks of what was promised. For operators. */
import { get } from "../api.js";
import { clock, STATE_ORDER, stateBadge, stateName, utc } from "../disclosure/words.js";
import { h, replace } from "../dom.js";
import { count, formatAgo } from "../format.js";
import { empty } from "../parts/empty.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";

/** @typedef {import("../types.js").ReportCard} ReportCard */

const OPEN = STATE_ORDER.slice(0, 4);
const CLOSED = STATE_ORDER.slice(4);

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, signal, title }) {
  title("Reports");
  outlet.classList.add("wide");
  const slot = h("div", { class: "stack" });
  outlet.append(heading("Reports", {
    lead: "Vulnerabilities that were reported to you. Promised: acknowledged within 48 hours, and a timeline within five business days of the confirmation.",
    actions: [h("a", { class: "button", href: "/operator/texts/contact" }, "Public pages"), h("a", { class: "button", href: "/security/report" }, "The report form")],
  }), slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("cards"),
    fetch: () => /** @type {Promise<{ reports: ReportCard[] }>} */ (get("/operator/api/reports", signal)),
    render: ({ reports }) => (reports.length === 0
      ? empty("check", "No reports", "Nobody reported a vulnerability. When somebody does, you are told by mail.")
      : h("div", { class: "stack" }, board(reports), closed(reports))),
  });
}

/** @param {ReportCard[]} reports */
const board = (reports) =>
  h("div", { class: "report-board" }, OPEN.map((state) => {
    const here = reports.filter((report) => report.state === state).sort((a, b) => urgency(a) - urgency(b));
    return h("section", { class: "report-column", "aria-label": stateName(state) },
      h("h2", null, stateName(state), " ", h("span", { class: "badge badge-neutral" }, String(here.length))),
      here.length === 0 ? h("p", { class: "hint" }, "None") : h("ul", null, here.map(card)));
  }));

/** @param {ReportCard} report */
const urgency = (report) => new Date(report.due?.by ?? report.fix_by ?? report.received_at).getTime();

/** @param {ReportCard} report */
const card = (report) =>
  h("li", { class: "card report-card" },
    h("p", { class: "hint" }, report.reference, report.via === "mail" && " · by mail"),
    h("a", { class: "cover", href: `/operator/reports/${report.id}` }, report.title),
    h("p", { class: "report-marks" },
      report.due && clock(report.due),
      report.state === "timeline" && report.fix_by !== null && h("span", { class: `badge badge-${report.fix_by < new Date().toISOString().slice(0, 10) ? "danger" : "neutral"}` }, `Mend by ${report.fix_by}`),
      late(report)),
    h("p", { class: "hint" }, h("time", { datetime: report.received_at, title: utc(report.received_at) }, `Received ${formatAgo(report.received_at)}`)));

/** @param {ReportCard} report */
export const late = (report) => {
  const broken = [report.acknowledged_late && "Acknowledgement late", report.timeline_late && "Timeline late"].filter(Boolean).join(", ");
  return broken !== "" && h("span", { class: "badge badge-danger" }, broken);
};

/** @param {ReportCard[]} reports */
function closed(reports) {
  const done = reports.filter((report) => CLOSED.includes(report.state));
  if (done.length === 0) return null;
  const body = h("tbody", { role: "rowgroup" });
  replace(body, done.map((report) => h("tr", { role: "row" },
    h("td", { role: "cell", class: "cell-name" }, h("a", { href: `/operator/reports/${report.id}` }, report.title), h("p", { class: "hint" }, report.reference)),
    h("td", { role: "cell" }, stateBadge(report.state), " ", late(report)),
    h("td", { role: "cell", class: "cell-date", "data-label": "Closed" }, report.closed_at !== null && formatAgo(report.closed_at)))));
  return h("section", { class: "card panel", "aria-labelledby": "closed" },
    h("div", { class: "panel-head" }, h("h2", { id: "closed" }, "Closed"), h("span", { class: "hint" }, count(done.length, "report"))),
    h("table", { class: "table stacks report-closed", role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Report", "State", "Closed"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)))), body));
}
