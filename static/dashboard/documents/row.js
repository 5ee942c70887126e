/** One line of the document table. Cells are only rebuilt when they change, so polling never takes the focus away. */
import { h, replace, webAddress } from "../dom.js";
import { formatAgo, formatBytes, formatMoment, formatNumber, formatType } from "../format.js";
import { icon } from "../parts/icon.js";
import { actionMenu } from "../parts/popover.js";
import { originalHref } from "./actions.js";
import { KINDS } from "../sources/words.js";
import { filingLine, isDue } from "./filing.js";
import { status } from "./status.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {{ manages: boolean, chosen: (doc: Doc, on: boolean, event: MouseEvent) => void, file: (doc: Doc) => void, reviewed: (doc: Doc) => void, edit: (doc: Doc) => void, replace: (doc: Doc) => void, again: (doc: Doc) => Promise<unknown>, remove: (doc: Doc) => void }} RowActions */

/**
 * @param {string} project
 * @param {Doc} first
 * @param {RowActions} actions
 */
export function documentRow(project, first, actions) {
  let doc = first;
  const box = h("input", { type: "checkbox", class: "checkbox" });
  box.addEventListener("click", (event) => actions.chosen(doc, box.checked, event));
  const name = h("td", { role: "cell", class: "cell-name" });
  const state = h("td", { role: "cell", class: "cell-status" });
  const size = h("td", { role: "cell", class: "cell-number", "data-label": "Size" });
  const pages = h("td", { role: "cell", class: "cell-number", "data-label": "Pages" });
  const chunks = h("td", { role: "cell", class: "cell-number", "data-label": "Passages" });
  const updated = h("td", { role: "cell", class: "cell-date", "data-label": "Updated" });
  const href = `/projects/${project}/documents/${doc.id}`;
  const view = /** @type {const} */ ({ label: "View", icon: "documents", href });
  const download = () => /** @type {const} */ ({ label: "Download original", icon: "download", href: originalHref(project, doc.id), download: doc.name });
  // What comes from a source is changed there.
  const filing = () => /** @type {import("../parts/popover.js").Action[]} */ ([
    { label: "Tags, collection, review", icon: "hash", run: () => actions.file(doc) },
    ...(isDue(doc) ? [{ label: "Mark as reviewed", icon: /** @type {const} */ ("check"), run: () => actions.reviewed(doc) }] : []),
  ]);
  const menu = actionMenu(`Actions for ${doc.name}`, () => (doc.source ? [view, ...filing(), download()] : [
    view,
    ...filing(),
    { label: "Name and link", icon: "pencil", run: () => actions.edit(doc) },
    { label: "Replace file", icon: "replace", run: () => actions.replace(doc) },
    download(),
    { label: "Delete", icon: "trash", danger: true, run: () => actions.remove(doc) },
  ]));
  const element = h("tr", { role: "row" }, h("td", { role: "cell", class: "cell-choose" }, box), name, state, size, pages, chunks, updated, h("td", { role: "cell", class: "cell-actions" }, menu));
  const drawn = new Map();
  /** @param {HTMLElement} cell @param {unknown} key @param {() => import("../dom.js").Child[]} content */
  const cell = (cell, key, content) => {
    const text = JSON.stringify(key);
    if (drawn.get(cell) === text) return;
    drawn.set(cell, text);
    replace(cell, content());
  };
  const update = (/** @type {Doc} */ next) => {
    doc = next;
    const there = doc.source_url === null ? null : webAddress(doc.source_url);
    box.setAttribute("aria-label", `Choose ${doc.name}`);
    cell(name, [doc.name, doc.source_url, doc.source, doc.tags, doc.collection, doc.looks_like, isDue(doc)], () => [
      h("a", { href, class: "doc-name" }, doc.name),
      h("span", { class: "doc-kind" }, formatType(doc.media_type), doc.source && [" · ", ...origin(project, doc.source, actions.manages)], there !== null && [
        " · ", h("a", { href: there, target: "_blank", rel: "noopener noreferrer" }, "Public page", icon("external"), h("span", { class: "sr-only" }, `of ${doc.name} (opens in a new tab)`)),
      ]),
      filingLine(project, doc),
      marks(project, doc),
    ]);
    menu.querySelector("button")?.setAttribute("aria-label", `Actions for ${doc.name}`);
    cell(state, [doc.status, doc.progress, doc.failure, doc.source], () => [status(doc, { replace: () => actions.replace(doc), again: () => actions.again(doc) })]);
    cell(size, doc.size, () => [formatBytes(doc.size)]);
    pages.classList.toggle("blank", doc.pages === null);
    chunks.classList.toggle("blank", doc.chunks === 0);
    cell(pages, doc.pages, () => [doc.pages === null ? "–" : formatNumber(doc.pages)]);
    cell(chunks, doc.chunks, () => [doc.chunks === 0 ? "–" : formatNumber(doc.chunks)]);
    cell(updated, [doc.updated_at, formatAgo(doc.updated_at)], () => [h("time", { datetime: doc.updated_at, title: formatMoment(doc.updated_at) }, formatAgo(doc.updated_at))]);
  };
  update(doc);
  return {
    element,
    update,
    /** @param {boolean} on */
    choose(on) {
      box.checked = on;
      element.classList.toggle("chosen", on);
    },
  };
}

/** What somebody should see to. @param {string} project @param {Doc} doc */
export function marks(project, doc) {
  const due = isDue(doc);
  if (!due && !doc.looks_like) return null;
  return h("span", { class: "doc-marks" },
    due && h("span", { class: "badge badge-warning" }, icon("clock"), "Due for review"),
    doc.looks_like && h("a", { class: "badge badge-info", href: `/projects/${project}/documents/${doc.id}#alike` }, icon("copy"), h("span", { class: "badge-text" }, `Looks like ${doc.looks_like.name}`)));
}

/** Where a document comes from. Sources are the managers' business: for others it is a name. @param {string} project @param {import("../types.js").SourceRef} source @param {boolean} manages */
export function origin(project, { id, kind, name }, manages) {
  const face = [icon(KINDS[kind].picture), name];
  return [h("span", { class: "sr-only" }, "from "), manages ? h("a", { class: "doc-source", href: `/projects/${project}/sources/${id}` }, face) : h("span", { class: "doc-source" }, face)];
}
