import { get } from "../api.js";
import { h } from "../dom.js";
import { deleteDocument, editDetails, readAgain, replaceContents } from "../documents/actions.js";
import { documentRow } from "../documents/row.js";
import { ACCEPT, unfinished } from "../documents/status.js";
import { uploadList } from "../documents/upload-list.js";
import { uploadsOf } from "../documents/uploads.js";
import { count, formatBytes } from "../format.js";
import { dropzone } from "../parts/dropzone.js";
import { empty } from "../parts/empty.js";
import { select } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {import("../types.js").DocList} DocList */

const EVERY = 1500;

/** @typedef {(a: Doc, b: Doc) => number} Order */
/** @type {Order} */
const newest = (a, b) => b.created_at.localeCompare(a.created_at);
/** @type {Record<string, Order>} */
const ORDERS = {
  newest,
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true, sensitivity: "base" }),
  largest: (a, b) => b.size - a.size,
};

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, signal, title }) {
  title(`Documents · ${project.name}`);
  const uploads = uploadsOf(project.id);
  const path = `/projects/${project.id}/documents`;
  /** @type {Map<string, { doc: Doc, row: ReturnType<typeof documentRow> }>} */
  const known = new Map();
  const body = h("tbody", { role: "rowgroup" });
  const nothing = h("p", { class: "nothing", hidden: true }, "No document matches.");
  const usage = h("p", { class: "hint usage" });
  const content = h("div");
  let changes = 0;
  let words = "";
  let wanted = "all";
  let order = "newest";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const zone = dropzone({
    label: "Choose files", accept: ACCEPT, multiple: true, signal,
    hint: "PDF, Word, Markdown, HTML or plain text. Many at once is fine.",
    picked: (files) => uploads.add(files),
  });
  const search = h("input", { type: "search", class: "input", placeholder: "Search by name", "aria-label": "Search documents", on: { input: () => { words = search.value.trim().toLowerCase(); filter(); } } });
  const filters = h("div", { class: "filters" },
    h("div", { class: "search" }, icon("search"), search),
    select("Status", [["all", "All"], ["ready", "Ready"], ["unfinished", "In progress"], ["failed", "Could not be read"]], wanted, (value) => { wanted = value; filter(); }),
    select("Order", [["newest", "Newest first"], ["name", "By name"], ["largest", "Largest first"]], order, (value) => { order = value; arrange(); }),
    usage);
  const table = h("div", { class: "card table-card" }, documentTable(body), nothing);
  const hollow = empty("documents", "No documents yet", "Add your first guide or help page above. You can ask about it as soon as it has been read.");

  outlet.append(
    heading("Documents", { lead: "What the assistant may answer from. Nothing else." }),
    zone,
    uploadList(uploads, (upload) => {
      const existing = [...known.values()].find(({ doc }) => doc.name === upload.file.name)?.doc;
      if (!existing) return toast("The document with this name is not in the list any more. Upload the file again.", "failed");
      void replaceContents(project.id, existing, upload.file).then((doc) => {
        if (!doc) return;
        uploads.dismiss(upload);
        put(doc);
      });
    }),
    content,
  );

  uploads.arrived = (doc) => {
    if (!signal.aborted) put(doc);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  document.addEventListener("visibilitychange", () => !document.hidden && schedule(0), { signal });

  const fetch = () => /** @type {Promise<DocList>} */ (get(path, signal));
  /** A list that was asked for before something changed here is old: it is asked for again, so that it undoes nothing. */
  const refresh = async () => {
    for (;;) {
      const asked = changes;
      const list = await fetch();
      if (asked === changes) return take(list);
    }
  };
  void load(content, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch,
    render: (list) => {
      take(list);
      schedule();
      return [filters, table, hollow];
    },
  });

  /** Polls while something is unfinished and somebody is looking. @param {number} [delay] */
  function schedule(delay = EVERY) {
    clearTimeout(timer);
    if (signal.aborted || document.hidden || ![...known.values()].some(({ doc }) => unfinished(doc))) return;
    timer = setTimeout(async () => {
      try {
        await refresh();
        schedule();
      } catch {
        // A lost connection is likely to come back: slower, but not given up.
        schedule(EVERY * 6);
      }
    }, delay);
  }

  /** @param {DocList} list */
  function take(list) {
    if (signal.aborted) return;
    uploads.fileBytes = list.limits.file_bytes;
    const ids = new Set(list.documents.map((doc) => doc.id));
    for (const id of known.keys()) if (!ids.has(id)) drop(id);
    announce(list.documents.filter((doc) => {
      const before = known.get(doc.id)?.doc;
      return before && unfinished(before) && !unfinished(doc);
    }));
    list.documents.forEach(show);
    arrange();
    usage.textContent = `${count(list.documents.length, "document")} · ${formatBytes(list.used_bytes)} of ${formatBytes(list.limits.total_bytes)} used`;
    filter();
  }

  /** A document that just changed here. @param {Doc} doc */
  function put(doc) {
    changes += 1;
    show(doc);
    arrange();
    filter();
    schedule();
  }

  /** Puts the rows into the chosen order; one that is in its place is left alone, so that it keeps the focus. */
  function arrange() {
    const before = ORDERS[order] ?? newest;
    [...known.values()].sort((a, b) => before(a.doc, b.doc)).forEach(({ row }, at) => {
      const there = body.children[at];
      if (there !== row.element) body.insertBefore(row.element, there ?? null);
    });
  }

  /** A deleted document's line goes; the next one, or the search, takes the focus that it had. @param {Doc} doc */
  function leave(doc) {
    const rows = [...body.children].filter((row) => row instanceof HTMLElement && !row.hidden);
    const at = rows.findIndex((row) => row === known.get(doc.id)?.row.element);
    const next = rows[at + 1] ?? rows[at - 1];
    changes += 1;
    drop(doc.id);
    filter();
    const heir = next?.querySelector("a") ?? outlet.querySelector("h1");
    if (heir instanceof HTMLElement) heir.focus();
    void refresh().catch(() => {});
  }

  /** @param {Doc} doc */
  function show(doc) {
    const entry = known.get(doc.id);
    if (entry) {
      entry.doc = doc;
      entry.row.update(doc);
      return;
    }
    const row = documentRow(project.id, doc, {
      edit: (doc) => void editDetails(project.id, doc).then((saved) => saved && put(saved)),
      replace: (doc) => void replaceContents(project.id, doc).then((saved) => saved && put(saved)),
      again: (doc) => readAgain(project.id, doc).then((saved) => saved && put(saved)),
      remove: (doc) => void deleteDocument(project.id, doc).then((gone) => gone && leave(doc)),
    });
    known.set(doc.id, { doc, row });
    body.append(row.element);
  }

  /** @param {string} id */
  function drop(id) {
    known.get(id)?.row.element.remove();
    known.delete(id);
  }

  function filter() {
    let shown = 0;
    for (const { doc, row } of known.values()) {
      const fits = doc.name.toLowerCase().includes(words) && (wanted === "all" || wanted === doc.status || (wanted === "unfinished" && unfinished(doc)));
      row.element.hidden = !fits;
      if (fits) shown += 1;
    }
    nothing.hidden = shown > 0;
    hollow.hidden = known.size > 0;
    filters.hidden = table.hidden = known.size === 0;
  }
}

/** Says the two outcomes worth hearing about, once for many. @param {Doc[]} finished */
function announce(finished) {
  const name = (/** @type {Doc[]} */ docs) => (docs.length === 1 ? docs[0]?.name : `${docs.length} documents`);
  const ready = finished.filter((doc) => doc.status === "ready");
  const failed = finished.filter((doc) => doc.status === "failed");
  if (ready.length > 0) toast(`${name(ready)} ${ready.length === 1 ? "is" : "are"} ready`);
  if (failed.length > 0) toast(`${name(failed)} could not be read`, "failed");
}

/** @param {HTMLElement} body */
function documentTable(body) {
  const column = (/** @type {string} */ name, /** @type {string} */ kind) => h("th", { scope: "col", role: "columnheader", class: kind }, name);
  return h("table", { class: "table stacks", role: "table", "aria-label": "Documents" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      column("Name", "cell-name"), column("Status", "cell-status"), column("Size", "cell-number"), column("Pages", "cell-number"), column("Passages", "cell-number"), column("Updated", "cell-date"),
      h("th", { scope: "col", role: "columnheader", class: "cell-actions" }, h("span", { class: "sr-only" }, "Actions")))),
    body);
}
