/** What became of a report, for whoever has its private link. The token is behind the #, which browsers send to nobody. */
import { anonymous, get } from "../api.js";
import { fileChoice } from "../disclosure/files.js";
import { foot } from "../disclosure/foot.js";
import { clock, stateBadge, stateSentence, talk, utc } from "../disclosure/words.js";
import { h, replace } from "../dom.js";
import { formatBytes, formatLongDay } from "../format.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { notice, problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { asProblem } from "../problem.js";

/** @typedef {import("../types.js").FollowedReport} FollowedReport */
/** @typedef {import("../types.js").ReportProgram} ReportProgram */

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  title("Your report");
  // Stays in the address: it is a bookmark.
  const token = location.hash.slice(1);
  const slot = h("div", { class: "stack public-page" });
  outlet.append(slot);
  if (token === "") return void replace(slot, ask());
  let nowhere = false;
  const again = () => void load(slot, {
    signal,
    skeleton: () => skeleton("form"),
    fetch: async () => {
      const following = anonymous("POST", "/disclosure/status", { token }).catch((error) => {
        nowhere = asProblem(error).code === "link_invalid";
        throw error;
      });
      const [report, program] = await Promise.all([following, get("/disclosure", signal)]);
      return { report: /** @type {FollowedReport} */ (report), program: /** @type {ReportProgram} */ (program) };
    },
    render: ({ report, program }) => show(report, program, token, again),
    failed: (trouble) => (nowhere ? ask("No report has this link. It may have been deleted, or a part of the link is missing.") : [heading("Your report"), trouble, foot("")]),
  });
  again();
}

/** @param {string} [trouble] why the link that was followed is none */
function ask(trouble) {
  const link = field({ label: "Private link", hint: "As you were given it, or the part behind the #.", autocomplete: "off", spellcheck: "false" });
  const form = h("form", { class: "card panel stack" }, link.element, h("p", null, h("button", { class: "button primary", type: "submit" }, "Open")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = link.input.value.trim().split("#").at(-1) ?? "";
    if (!token.startsWith("rep_")) return link.error("This is no link to a report: it ends in # and something that begins with rep_.");
    location.hash = token;
    location.reload();
  });
  return [
    heading("Your report", { lead: "Open it by the private link that you got when you reported." }),
    ...(trouble === undefined ? [] : [notice("danger", h("p", null, trouble), { alert: true })]),
    form,
    foot(""),
  ];
}

/** @param {FollowedReport} report @param {ReportProgram} program @param {string} token @param {() => void} again */
function show(report, program, token, again) {
  return [
    heading(report.title, { lead: `${report.reference}, received ${utc(report.received_at)}` }),
    h("section", { class: "card panel stack", "aria-labelledby": "state" },
      h("div", { class: "panel-head" }, h("h2", { id: "state" }, "Where it stands"), stateBadge(report.state)),
      h("p", null, stateSentence(report.state)),
      report.due && h("p", null, report.due.promise === "acknowledge" ? "To be acknowledged by " : "A timeline is due by ", h("strong", null, utc(report.due.by)), ". ", overdue(report.due)),
      report.fix_by !== null && report.state === "timeline" && h("p", null, "To be mended by ", h("strong", null, `${formatLongDay(report.fix_by)} ${report.fix_by.slice(0, 4)}`), "."),
      !report.mailed && notice("info", h("p", null, "You gave no address, so look here from time to time. Keep the link: it cannot be sent again."))),
    h("section", { class: "card panel", "aria-labelledby": "said" },
      h("div", { class: "panel-head" }, h("h2", { id: "said" }, "What was said")),
      h("div", { class: "report-line report-by-reporter" }, h("p", { class: "report-text" }, report.details)),
      talk(report.lines, "reporter"),
      report.files.length > 0 && h("ul", { class: "report-files", "aria-label": "Files" }, report.files.map((file) => h("li", null, icon("documents"), h("span", { class: "report-file-name" }, file.name), h("span", { class: "hint" }, formatBytes(file.bytes)))))),
    writing(program, token, again),
    foot(""),
  ];
}

/** @param {import("../types.js").ReportDue} due */
const overdue = (due) => (new Date(due.by).getTime() < Date.now() ? clock(due) : null);

/** @param {ReportProgram} program @param {string} token @param {() => void} again */
function writing(program, token, again) {
  const text = field({ label: "Write something", multiline: true, rows: 4, maxlength: 20_000, name: "text" });
  const files = fileChoice(program, "Further files");
  const trouble = h("div");
  const button = h("button", { type: "submit", class: "button primary" }, "Send");
  const form = h("form", { class: "card panel stack", novalidate: true, "aria-label": "Message" }, trouble, text.element, files.element, h("p", null, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.classList.contains("busy")) return;
    trouble.replaceChildren();
    button.classList.add("busy");
    try {
      const said = text.input.value.trim();
      const refused = await files.send(token);
      if (said !== "") await anonymous("POST", "/disclosure/status/messages", { token, text: said });
      if (refused.length > 0) replace(trouble, notice("warning", h("ul", null, refused.map((line) => h("li", null, line))), { alert: true }));
      else {
        toast("Sent");
        again();
      }
    } catch (error) {
      if (asProblem(error).field === "text") text.error(asProblem(error).detail ?? "");
      else replace(trouble, problemNotice(error));
    } finally {
      button.classList.remove("busy");
    }
  });
  return form;
}
