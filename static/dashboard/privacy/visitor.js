/** What there is of one visitor: looked for by their id, exported, erased. */
import { get, send } from "../api.js";
import { h, replace } from "../dom.js";
import { count, formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { download } from "../parts/download.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { actionMenu } from "../parts/popover.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";

/** @typedef {import("../types.js").VisitorTrace} VisitorTrace */

/** @param {string} project @param {string} visitor */
const path = (project, visitor) => `/projects/${project}/visitors/${encodeURIComponent(visitor)}`;

/** @param {string} project @param {string} visitor */
async function exportVisitor(project, visitor) {
  try {
    await download(`${path(project, visitor)}/export`, `visitor-${visitor}.json`);
    toast("Exported what is stored of this visitor");
  } catch (error) {
    toastProblem(error);
  }
}

/** @param {string} project @param {string} visitor */
const eraseVisitor = (project, visitor) => confirmDialog({
  title: "Erase this visitor?",
  text: "Everything that they asked and were told is deleted, in every conversation, and they are signed out of the widget. This cannot be undone.",
  submit: "Erase visitor", danger: true,
  async run() {
    const response = await send("DELETE", path(project, visitor));
    const gone = /** @type {{ conversations: number, messages: number }} */ (await response.json());
    toast(`Erased ${count(gone.messages, "message")}`);
  },
});

/** On a transcript. @param {string} project @param {string} visitor @param {string} list where to go when they are gone */
export const visitorMenu = (project, visitor, list) => actionMenu("Visitor’s data", () => [
  { label: "Copy visitor id", icon: "copy", run: () => void navigator.clipboard.writeText(visitor).then(() => toast("Visitor id copied"), toastProblem) },
  { label: "Export visitor’s data", icon: "download", run: () => void exportVisitor(project, visitor) },
  { label: "Erase visitor", icon: "trash", danger: true, run: () => void eraseVisitor(project, visitor).then((gone) => gone && navigate(list)) },
]);

/** In the settings. @param {string} project @param {AbortSignal} signal */
export function visitorPanel(project, signal) {
  const id = field({ label: "Visitor id", autocomplete: "off", spellcheck: "false", hint: "As a transcript shows it, in the menu beside its heading." });
  const slot = h("div");
  const find = h("button", { type: "submit", class: "button" }, icon("search"), "Find");
  const form = h("form", { class: "stack narrow", novalidate: true }, id.element, h("div", { class: "button-row" }, find));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const visitor = id.input.value.trim();
    slot.replaceChildren();
    if (visitor === "") return id.error("Enter a visitor id.");
    find.disabled = true;
    try {
      const trace = /** @type {VisitorTrace} */ (await get(path(project, visitor), signal));
      replace(slot, found(trace));
    } catch (error) {
      if (!signal.aborted) id.error(asProblem(error).status === 404 ? "Nothing is stored of a visitor with this id." : explain(error));
    } finally {
      find.disabled = false;
    }
  });

  /** @param {VisitorTrace} trace */
  const found = (trace) => h("div", { class: "visitor" },
    h("p", null, h("strong", null, `${count(trace.messages, "message")} in ${count(trace.conversations.length, "conversation")}`),
      trace.first_at && trace.last_at && `, from ${formatMoment(trace.first_at)} to ${formatMoment(trace.last_at)}`),
    h("div", { class: "button-row" },
      h("button", { type: "button", class: "button small", on: { click: () => void exportVisitor(project, trace.id) } }, icon("download"), "Export"),
      h("button", { type: "button", class: "button small danger-quiet", on: { click: () => void eraseVisitor(project, trace.id).then((gone) => gone && slot.replaceChildren()) } }, icon("trash"), "Erase")));

  return h("section", { class: "card panel", "aria-labelledby": "visitor" },
    h("header", { class: "panel-head" }, h("h2", { id: "visitor" }, "A visitor’s data"), h("p", { class: "hint" }, "For somebody who asks what you store of them, or to be forgotten.")),
    form, slot);
}
