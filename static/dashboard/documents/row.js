/** One line of the document table. Cells are only rebuilt when they change, so polling never takes the focus away. */
import { h, replace, webAddress } from "../dom.js";
import { formatAgo, formatBytes, formatMoment, formatNumber, formatType } from "../format.js";
import { icon } from "../parts/icon.js";
import { actionMenu } from "../parts/popover.js";
import { originalHref } from "./actions.js";
import { status } from "./status.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {{ edit: (doc: Doc) => void, replace: (doc: Doc) => void, again: (doc: Doc) => Promise<unknown>, remove: (doc: Doc) => void }} RowActions */

/**
 * @param {string} project
 * @param {Doc} first
 * @param {RowActions} actions
 */
export function documentRow(project, first, actions) {
  let doc = first;
  const name = h("td", { role: "cell", class: "cell-name" });
  const state = h("td", { role: "cell", class: "cell-status" });
  const size = h("td", { role: "cell", class: "cell-number", "data-label": "Size" });
  const pages = h("td", { role: "cell", class: "cell-number", "data-label": "Pages" });
  const chunks = h("td", { role: "cell", class: "cell-number", "data-label": "Passages" });
  const updated = h("td", { role: "cell", class: "cell-date", "data-label": "Updated" });
  const href = `/projects/${project}/documents/${doc.id}`;
  const menu = actionMenu(`Actions for ${doc.name}`, () => [
    { label: "View", icon: "documents", href },
    { label: "Name and link", icon: "pencil", run: () => actions.edit(doc) },
    { label: "Replace file", icon: "replace", run: () => actions.replace(doc) },
    { label: "Download original", icon: "download", href: originalHref(project, doc.id), download: doc.name },
    { label: "Delete", icon: "trash", danger: true, run: () => actions.remove(doc) },
  ]);
  const element = h("tr", { role: "row" }, name, state, size, pages, chunks, updated, h("td", { role: "cell", class: "cell-actions" }, menu));
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
    cell(name, [doc.name, doc.source_url], () => [
      h("a", { href, class: "doc-name" }, doc.name),
      h("span", { class: "doc-kind" }, formatType(doc.media_type), doc.source_url !== null && [
        " · ", h("a", { href: webAddress(doc.source_url), target: "_blank", rel: "noopener noreferrer" }, "Public page", icon("external"), h("span", { class: "sr-only" }, `of ${doc.name} (opens in a new tab)`)),
      ]),
    ]);
    menu.querySelector("button")?.setAttribute("aria-label", `Actions for ${doc.name}`);
    cell(state, [doc.status, doc.progress, doc.failure], () => [status(doc, { replace: () => actions.replace(doc), again: () => actions.again(doc) })]);
    cell(size, doc.size, () => [formatBytes(doc.size)]);
    pages.classList.toggle("blank", doc.pages === null);
    chunks.classList.toggle("blank", doc.chunks === 0);
    cell(pages, doc.pages, () => [doc.pages === null ? "–" : formatNumber(doc.pages)]);
    cell(chunks, doc.chunks, () => [doc.chunks === 0 ? "–" : formatNumber(doc.chunks)]);
    cell(updated, [doc.updated_at, formatAgo(doc.updated_at)], () => [h("time", { datetime: doc.updated_at, title: formatMoment(doc.updated_at) }, formatAgo(doc.updated_at))]);
  };
  update(doc);
  return { element, update };
}
