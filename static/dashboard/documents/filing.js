/** What a document is found by, and when it is to be looked at again. */
import { get, patch } from "../api.js";
import { h } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { field, select } from "../parts/field.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {import("../types.js").Facets} Facets */

/** @param {string} project @param {Doc} doc @returns {Promise<Doc | null>} */
export async function editFiling(project, doc) {
  const facets = /** @type {Facets} */ (await get(`/projects/${project}/documents/facets`));
  let collection = doc.collection?.id ?? "";
  const tags = field({ label: "Tags", optional: true, value: doc.tags.join(", "), autocomplete: "off", hint: "With commas between, such as: billing, getting started" });
  const choice = select("Collection", [["", "No collection"], ...facets.collections.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))], collection, (value) => (collection = value));
  const day = field({ label: "Review by", optional: true, type: "date", value: reviewDay(doc) });
  /** @type {Doc | null} */
  let saved = null;
  await formDialog({
    title: "Tags, collection, review",
    body: [tags.element, choice, day.element],
    submit: "Save",
    async run() {
      saved = await patch(`/projects/${project}/documents/${doc.id}`, {
        tags: tags.input.value.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""),
        ...(collection !== (doc.collection?.id ?? "") && { collection }),
        ...(day.input.value !== reviewDay(doc) && { review_by: day.input.value }),
      });
      toast("Saved");
    },
    refused(error) {
      const problem = asProblem(error);
      const wrong = { invalid_tag: tags, too_many_tags: tags, invalid_day: day }[problem.code];
      wrong?.error(explain(problem));
      return wrong !== undefined;
    },
  });
  return saved;
}

/** The day that somebody set; the moment after it is when the document is due. @param {Doc} doc */
function reviewDay(doc) {
  return doc.review_at === null ? "" : new Date(new Date(doc.review_at).getTime() - 1).toISOString().slice(0, 10);
}

/** @param {string} project @param {Doc} doc @returns {Promise<Doc>} */
export async function markReviewed(project, doc) {
  const saved = /** @type {Doc} */ (await patch(`/projects/${project}/documents/${doc.id}`, { reviewed: true }));
  toast(`Marked ${doc.name} as reviewed`);
  return saved;
}

/** @param {Doc} doc */
export const isDue = (doc) => doc.due_at !== null && new Date(doc.due_at).getTime() < Date.now();

/** A document's tags and its collection, as links to the others. @param {string} project @param {Doc} doc */
export function filingLine(project, doc) {
  const to = (/** @type {string} */ name, /** @type {string} */ value) => `/projects/${project}/documents?${new URLSearchParams([[name, value]])}`;
  if (!doc.collection && doc.tags.length === 0) return null;
  return h("span", { class: "filing" },
    doc.collection && h("a", { class: "chip chip-collection", href: to("collection", doc.collection.id) }, h("span", { class: "sr-only" }, "in "), doc.collection.name),
    doc.tags.map((tag) => h("a", { class: "chip", href: to("tag", tag) }, h("span", { class: "sr-only" }, "tag "), tag)));
}
