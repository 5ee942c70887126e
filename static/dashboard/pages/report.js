/** One report: what it says, what was said about it, and where it goes next. For operators. */
import { get, post, remove, send } from "../api.js";
import { clock, stateBadge, stateName, talk, utc } from "../disclosure/words.js";
import { h, replace } from "../dom.js";
import { formatBytes } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem } from "../problem.js";
import { navigate } from "../router.js";
import { late } from "./reports.js";

/** @typedef {import("../types.js").ReportSheet} ReportSheet */
/** @typedef {import("../types.js").ReportState} ReportState */

/** @type {Record<ReportState, string>} */
const ACTS = { received: "", acknowledged: "Acknowledge", confirmed: "Confirm", timeline: "Give a timeline", resolved: "Resolve", declined: "Decline", duplicate: "Mark as duplicate" };

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, params, signal, title }) {
  title("Report");
  const slot = h("div", { class: "stack" });
  outlet.append(slot);
  const path = `/operator/api/reports/${params["report"]}`;
  const back = { href: "/operator/reports", label: "Reports" };
  const draw = (/** @type {ReportSheet} */ sheet) => {
    title(sheet.report.reference);
    return content(sheet, path, (next) => replace(slot, draw(next)), back);
  };
  void load(slot, {
    signal,
    skeleton: () => skeleton("page"),
    fetch: () => /** @type {Promise<ReportSheet>} */ (get(path, signal)),
    render: draw,
    failed: (trouble) => [heading("Report", { back }), trouble],
  });
}

/** @param {ReportSheet} sheet @param {string} path @param {(next: ReportSheet) => void} redraw @param {{ href: string, label: string }} back */
function content(sheet, path, redraw, back) {
  const { report } = sheet;
  const closed = report.closed_at !== null;
  const act = async (/** @type {() => Promise<ReportSheet>} */ work, /** @type {string} */ done) => {
    try {
      redraw(await work());
      toast(done);
    } catch (error) {
      toastProblem(error);
    }
  };
  const erase = async () => {
    const gone = await confirmDialog({ title: "Delete this report?", text: "Everything that was said and attached is erased, and its reporter’s link leads nowhere. Thanks in public stay.", submit: "Delete", danger: true, run: () => remove(path) });
    if (gone) navigate("/operator/reports");
  };
  return [
    heading(report.title, { back, lead: `${report.reference}, received ${utc(report.received_at)} ${report.via === "mail" ? "by mail" : "by the form"}` }),
    h("div", { class: "report-columns" },
      h("div", { class: "stack" },
        h("section", { class: "card panel", "aria-labelledby": "report" },
          h("div", { class: "panel-head" }, h("h2", { id: "report" }, "The report")),
          h("p", { class: "report-text" }, sheet.details),
          sheet.files.length > 0 && h("ul", { class: "report-files", "aria-label": "Files" }, sheet.files.map((file) => fileLine(file, path))),
          sheet.files.length > 0 && h("p", { class: "hint" }, "Strangers sent these. Open them where nothing can be harmed; that you took one is written down.")),
        h("section", { class: "card panel", "aria-labelledby": "talk" },
          h("div", { class: "panel-head" }, h("h2", { id: "talk" }, "What was said and done")),
          sheet.lines.length > 0 ? talk(sheet.lines, "operator") : h("p", { class: "hint" }, "Nothing yet."),
          noteForm(path, redraw))),
      h("div", { class: "stack report-side" },
        h("section", { class: "card panel stack", "aria-labelledby": "state" },
          h("div", { class: "panel-head" }, h("h2", { id: "state" }, "State"), stateBadge(report.state)),
          h("p", { class: "report-marks" }, report.due && clock(report.due), late(report)),
          report.due && h("p", { class: "hint" }, `By ${utc(report.due.by)}`),
          // What was closed is not to be mended any more.
          report.fix_by !== null && !closed && h("p", null, "To be mended by ", h("strong", null, report.fix_by)),
          report.same_as !== null && h("p", null, "The same as ", h("strong", null, report.same_as)),
          h("div", { class: "report-acts" }, sheet.next.map((to, at) =>
            h("button", { type: "button", class: at === 0 ? "button primary" : "button", on: { click: () => void move(sheet, path, to, redraw) } },
              closed ? "Open again" : to === report.state ? "Give another timeline" : ACTS[to])))),
        h("section", { class: "card panel", "aria-labelledby": "who" },
          h("div", { class: "panel-head" }, h("h2", { id: "who" }, "Reporter")),
          h("dl", { class: "about" },
            row("Name", sheet.name ?? "Not given"), row("E-mail", sheet.email ?? "Not given: reads the private link"),
            row("Thanks", sheet.credit === null ? "Without a name" : `As “${sheet.credit}”`))),
        closed && h("section", { class: "card panel stack", "aria-labelledby": "after" },
          h("div", { class: "panel-head" }, h("h2", { id: "after" }, "Afterwards")),
          h("div", { class: "report-acts" },
            sheet.thanked
              ? h("button", { type: "button", class: "button", on: { click: () => void act(() => asSheet("DELETE", `${path}/thanks`), "No longer thanked") } }, "Thank in public no more")
              : report.state === "resolved" && h("button", { type: "button", class: "button", on: { click: () => void act(() => asSheet("POST", `${path}/thanks`), "Thanked in public") } }, "Thank in public"),
            h("button", { type: "button", class: "button", on: { click: () => void erase() } }, icon("trash"), "Delete"))))),
  ];
}

/** @param {string} method @param {string} path @returns {Promise<ReportSheet>} */
const asSheet = async (method, path) => (await send(method, path)).json();

/** @param {string} name @param {string} value */
const row = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

/** @param {import("../types.js").ReportFile} file @param {string} path */
const fileLine = (file, path) =>
  h("li", null, icon("download"), h("a", { class: "report-file-name", href: `${path}/files/${file.id}`, download: "" }, file.name), h("span", { class: "hint" }, formatBytes(file.bytes)));

/** @param {string} path @param {(next: ReportSheet) => void} redraw */
function noteForm(path, redraw) {
  const text = field({ label: "Write", multiline: true, rows: 3, maxlength: 20_000, name: "text" });
  const form = h("form", { class: "stack report-note", novalidate: true }, text.element,
    h("div", { class: "button-row" },
      h("button", { type: "submit", class: "button", value: "no" }, "Send to the reporter"),
      h("button", { type: "submit", class: "button", value: "yes" }, "Note for operators")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (text.input.value.trim() === "") return text.error("Write something.");
    const hidden = event.submitter instanceof HTMLButtonElement && event.submitter.value === "yes";
    try {
      redraw(await post(`${path}/messages`, { text: text.input.value, hidden }));
      toast(hidden ? "Noted" : "Sent");
    } catch (error) {
      toastProblem(error);
    }
  });
  return form;
}

/** Asks for what the state needs, and what its reporter is to be told. @param {ReportSheet} sheet @param {string} path @param {ReportState} to @param {(next: ReportSheet) => void} redraw */
async function move(sheet, path, to, redraw) {
  const text = field({ label: "What you tell the reporter", hint: "They see it by their private link. The mail says only that the state changed.", multiline: true, rows: 4, maxlength: 20_000, optional: true });
  const day = to === "timeline" ? field({ label: "To be mended by", type: "date", required: true, min: new Date().toISOString().slice(0, 10) }) : null;
  const other = to === "duplicate" ? field({ label: "The same as", hint: "The other report, such as SEC-7F3K9QX. Its reporter’s words stay theirs.", optional: true, autocomplete: "off" }) : null;
  /** @type {ReportSheet | null} */
  let next = null;
  const moved = await formDialog({
    title: sheet.report.closed_at !== null ? "Open this report again" : ACTS[to],
    body: [day?.element, other?.element, text.element],
    submit: sheet.report.closed_at !== null ? "Open again" : ACTS[to],
    ready: () => day === null || day.input.value !== "",
    async run() {
      next = await post(`${path}/state`, { from: sheet.report.state, to, text: text.input.value, fix_by: day?.input.value ?? null, same_as: other?.input.value ?? null });
    },
    refused(error) {
      const at = { fix_by: day, same_as: other, text }[asProblem(error).field ?? ""];
      at?.error(asProblem(error).detail ?? "");
      return Boolean(at);
    },
  });
  if (moved && next) {
    redraw(next);
    toast(`${stateName(to)}. The reporter is told.`);
  }
}
