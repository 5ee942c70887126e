/** The form of a source, for one that is added and one that is changed. */
import { patch, post } from "../api.js";
import { h, replace } from "../dom.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { problemNotice } from "../parts/notice.js";
import { guardUnsaved } from "../parts/unsaved.js";
import { asProblem, explain } from "../problem.js";
import { choice } from "./fields.js";
import { providerFields } from "./provider.js";
import { websiteFields } from "./website.js";
import { RHYTHMS, rhythm, USUAL_HOURS } from "./words.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {import("../types.js").SourceKind} SourceKind */

/**
 * @param {object} how
 * @param {string} how.project
 * @param {SourceKind} how.kind
 * @param {import("./provider.js").Account} how.account
 * @param {Source | null} how.source
 * @param {AbortSignal} how.signal
 * @param {(source: Source) => void} how.saved
 */
export function sourceForm({ project, kind, account, source, signal, saved }) {
  const own = kind === "website" ? websiteFields(source?.config ?? null) : providerFields(kind, { project, account, source, signal });
  const name = field({ label: "Name", optional: source === null, hint: "Shown here, and beside the documents that come from it.", maxlength: 80, autocomplete: "off", value: source?.name ?? "" });
  const hours = source?.every_hours ?? USUAL_HOURS;
  const known = RHYTHMS.some(([key]) => key === String(hours));
  const often = choice("Look for changes", "Only what changed is read again.", known ? RHYTHMS : [...RHYTHMS, [String(hours), rhythm(hours)]], String(hours));
  const trouble = h("div");
  const submit = h("button", { type: "submit", class: "button primary" }, source ? "Save" : "Add and start");
  const more = own.advanced.length > 0 && h("details", { class: "fold source-advanced" },
    h("summary", null, icon("chevron"), h("span", { class: "source-advanced-name" }, "Advanced")),
    h("div", { class: "stack" }, own.advanced));
  const form = h("form", { class: "stack source-form", novalidate: true },
    own.fields, name.element, often.element, more, trouble, h("div", { class: "button-row" }, submit));
  let running = false;
  let done = false;
  let touched = false;
  form.addEventListener("input", ({ target }) => {
    // Looking for something changes nothing.
    if (!(target instanceof HTMLInputElement && target.type === "search")) touched = true;
  });
  guardUnsaved(source ? "Your changes to the source" : "The source", () => touched && !done && form.isConnected, signal);

  /** Opens what hides it, and goes there. */
  function toWrong() {
    const wrong = form.querySelector("[aria-invalid]");
    if (!(wrong instanceof HTMLElement)) return;
    const fold = wrong.closest("details");
    if (fold) fold.open = true;
    wrong.focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    trouble.replaceChildren();
    if (!own.valid()) return toWrong();
    running = true;
    submit.classList.add("busy");
    const typed = name.input.value.trim();
    const body = { name: typed === "" ? own.suggestion().slice(0, 80) : typed, config: own.config(), every_hours: Number(often.value()) };
    try {
      const path = `/projects/${project}/sources`;
      const next = /** @type {Source} */ (await (source ? patch(`${path}/${source.id}`, body) : post(path, { kind, ...account, ...body })));
      done = true;
      saved(next);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.field === "name") name.error(explain(problem));
      else if (!own.refused(problem, explain(problem))) replace(trouble, problemNotice(error));
      toWrong();
    } finally {
      running = false;
      submit.classList.remove("busy");
    }
  });
  return form;
}
