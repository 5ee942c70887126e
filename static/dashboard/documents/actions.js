/** What can be done with one document: edit its details, replace its contents, delete it. */
import { get, patch, post, remove, upload } from "../api.js";
import { h } from "../dom.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { ACCEPT } from "./status.js";

/** @typedef {import("../types.js").Doc} Doc */

/** @param {string} project @param {string} document */
const path = (project, document) => `/projects/${project}/documents/${document}`;
/** @param {string} project @param {string} document */
export const originalHref = (project, document) => `/api/v1${path(project, document)}/original`;

/** @param {string} project @param {Doc} doc @returns {Promise<Doc | null>} */
export async function editDetails(project, doc) {
  const name = field({ label: "Name", value: doc.name, maxlength: 200, autocomplete: "off" });
  const link = field({
    label: "Public link", optional: true, type: "url", inputmode: "url", value: doc.source_url ?? "", autocomplete: "off",
    placeholder: "https://docs.example.com/guide",
    hint: "Where visitors can read this page. Answers in the widget link to it.",
  });
  /** @type {Doc | null} */
  let saved = null;
  await formDialog({
    title: "Name and link",
    body: [name.element, link.element],
    submit: "Save",
    ready: () => name.input.value.trim() !== "",
    async run() {
      saved = await patch(path(project, doc.id), { name: name.input.value.trim(), source_url: link.input.value.trim() });
      toast("Details saved");
    },
    refused(error) {
      const problem = asProblem(error);
      const wrong = problem.field === "source_url" ? link : problem.code === "invalid_name" || problem.code === "name_taken" ? name : null;
      if (!wrong) return false;
      wrong.error(problem.code === "name_taken" ? "Another document has this name." : explain(problem));
      wrong.input.focus();
      return true;
    },
  });
  return saved;
}

/** @param {string} project @param {Doc} doc @param {File} [file] already chosen, when a refused upload becomes a replacement @returns {Promise<Doc | null>} */
export async function replaceContents(project, doc, file) {
  const input = h("input", { type: "file", class: "input file-input", accept: ACCEPT, "aria-label": "New file" });
  const bar = h("progress", { max: 100, value: 0, "aria-label": "Uploading", hidden: true });
  const chosen = () => file ?? input.files?.[0];
  /** @type {Doc | null} */
  let saved = null;
  await formDialog({
    title: "Replace file",
    body: [
      h("p", null, h("strong", null, doc.name), " keeps its name and public link. Answers use the new contents as soon as they have been read."),
      file ? h("p", { class: "hint" }, `New file: ${file.name}`) : input,
      bar,
    ],
    submit: "Replace",
    ready: () => chosen() !== undefined,
    async run() {
      const next = chosen();
      if (!next) return;
      bar.hidden = false;
      saved = await upload("PUT", path(project, doc.id), next, { progress: (fraction) => (bar.value = fraction * 100) });
      toast(`Replaced ${doc.name}`);
    },
  });
  return saved;
}

/** Has the same file read once more, for failures that were not the file's fault. @param {string} project @param {Doc} doc @returns {Promise<Doc | null>} */
export async function readAgain(project, doc) {
  try {
    const base = `/projects/${project}/documents/batches`;
    /** @type {import("../types.js").Batch} */
    let batch = await post(base, { action: "retry", documents: [doc.id] });
    while (batch.finished_at === null) {
      await new Promise((resume) => setTimeout(resume, 200));
      batch = await get(`${base}/${batch.id}`);
    }
    return await get(path(project, doc.id));
  } catch (error) {
    toastProblem(error);
    return null;
  }
}

/** @param {string} project @param {Doc} doc */
export const deleteDocument = (project, doc) =>
  confirmDialog({
    title: "Delete this document?",
    text: `${doc.name} and everything learned from it will be gone from answers at once. This cannot be undone.`,
    submit: "Delete document",
    danger: true,
    async run() {
      await remove(path(project, doc.id));
      toast(`Deleted ${doc.name}`);
    },
  });
