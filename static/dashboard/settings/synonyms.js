/** Words that mean the same in a project, a group a line. */
import { get, put } from "../api.js";
import { h, replace } from "../dom.js";
import { field } from "../parts/field.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { guardUnsaved } from "../parts/unsaved.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {{ groups: string[][] }} Synonyms */

const text = (/** @type {string[][]} */ groups) => groups.map((group) => group.join(", ")).join("\n");

/** Groups with the lines that they stand on, from 1. @param {string} written */
function groupsOf(written) {
  return written.split("\n")
    .map((line, at) => ({ line: at + 1, phrases: line.split(",").map((phrase) => phrase.trim()).filter(Boolean) }))
    .filter(({ phrases }) => phrases.length > 0);
}

/** @param {string} project @param {AbortSignal} signal */
export function synonymsPanel(project, signal) {
  const slot = h("div");
  void load(slot, {
    signal,
    skeleton: () => skeleton("form"),
    fetch: () => /** @type {Promise<Synonyms>} */ (get(`/projects/${project}/synonyms`, signal)),
    render: (known) => editor(project, known.groups, signal),
  });
  return h("section", { class: "card panel", "aria-labelledby": "synonyms" },
    h("header", { class: "panel-head" }, h("h2", { id: "synonyms" }, "Synonyms"),
      h("p", { class: "hint" }, "Words and short names that mean the same in your product. A question that uses one of them finds the documents that use another.")),
    slot);
}

/** @param {string} project @param {string[][]} groups @param {AbortSignal} signal */
function editor(project, groups, signal) {
  let saved = text(groups);
  const written = field({
    label: "Groups", hint: "One group a line, with commas between the words.", multiline: true, rows: 6, value: saved,
    placeholder: "refund, money back\nSSO, single sign-on", spellcheck: "false",
  });
  written.input.value = saved;
  const save = h("button", { type: "submit", class: "button primary", disabled: true }, "Save synonyms");
  const trouble = h("div");
  const refresh = () => {
    save.disabled = written.input.value === saved;
  };
  guardUnsaved("Your changes to the synonyms", () => written.input.value !== saved, signal);
  const form = h("form", { class: "stack narrow", novalidate: true, on: { input: refresh } }, written.element, trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    save.disabled = true;
    const wanted = groupsOf(written.input.value);
    try {
      const kept = /** @type {Synonyms} */ (await put(`/projects/${project}/synonyms`, { groups: wanted.map(({ phrases }) => phrases) }));
      saved = text(kept.groups);
      written.input.value = saved;
      toast("Synonyms saved");
    } catch (error) {
      const problem = asProblem(error);
      const at = /^groups\[(\d+)\]$/.exec(problem.field ?? "");
      const line = at ? wanted[Number(at[1])]?.line : undefined;
      if (problem.code === "invalid_synonyms") written.error(line === undefined ? explain(error) : `Line ${line}: ${explain(error)}`);
      else replace(trouble, problemNotice(error));
    }
    refresh();
  });
  return form;
}
