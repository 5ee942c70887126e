import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { deleteDocument, editDetails, readAgain, replaceContents } from "../documents/actions.js";
import { bulkBar } from "../documents/bulk.js";
import { manageCollections } from "../documents/collections.js";
import { editFiling, markReviewed } from "../documents/filing.js";
import { address, chosenIn, filterOf, listQuery, narrows, ORDERS } from "../documents/query.js";
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
import { moreButton } from "../parts/more-button.js";
import { notice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { amend } from "../router.js";
import { manages } from "../session.js";

/** @typedef {import("../types.js").Doc} Doc */
/** @typedef {import("../types.js").DocList} DocList */
/** @typedef {import("../types.js").Facets} Facets */

const EVERY = 1500;
const PAGE = 50;
/** Lines that are looked at again while something is unfinished. */
const MOST_AGAIN = 500;
/** How long nobody types before it is searched for. */
const PAUSE = 250;

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, session, query, signal, title }) {
  title(`Documents · ${project.name}`);
  const uploads = uploadsOf(project.id);
  const path = `/projects/${project.id}/documents`;
  const chosen = chosenIn(query);
  /** @type {Map<string, { doc: Doc, row: ReturnType<typeof documentRow> }>} in the order of the list */
  let known = new Map();
  /** @type {Facets} */
  let facets = { tags: [], collections: [], statuses: [], sources: [], stale: 0, duplicates: 0 };
  let changes = 0;
  let asked = 0;
  let offered = "";
  /** The line that was chosen last: with Shift everything from there on is. @type {string | null} */
  let anchor = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  const body = h("tbody", { role: "rowgroup" });
  const nothing = h("p", { class: "nothing", hidden: true }, "No document matches.");
  const usage = h("p", { class: "hint usage" });
  const reminder = h("div", { class: "reminders" });
  const content = h("div");
  const zone = dropzone({
    label: "Choose files", accept: ACCEPT, multiple: true, signal,
    hint: "PDF, Word, Markdown, HTML or plain text. Many at once is fine.",
    picked: (files) => uploads.add(files),
  });
  const search = h("input", {
    type: "search", class: "input", placeholder: "Search by name or title", "aria-label": "Search documents", value: chosen.search,
    on: {
      input: () => {
        clearTimeout(typing);
        typing = setTimeout(() => choose("search", search.value.trim()), PAUSE);
      },
    },
  });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    clearTimeout(typing);
    clearTimeout(waiting);
  });
  const narrowing = h("div", { class: "filter-slot" });
  const filters = h("div", { class: "filters" },
    h("div", { class: "search" }, icon("search"), search),
    select("Status", [["", "All"], ["ready", "Ready"], ["unfinished", "In progress"], ["failed", "Could not be read"]], chosen.status, (value) => choose("status", value)),
    narrowing,
    select("Order", ORDERS.map(([value, text]) => /** @type {[string, string]} */ ([value, text])), chosen.order || "newest", (value) => choose("order", value === "newest" ? "" : value)),
    usage);
  const bulk = bulkBar({
    project: project.id, signal, filter: () => filterOf(chosen), facets: () => facets,
    changed: () => void again(),
    cleared: () => {
      for (const { row } of known.values()) row.choose(false);
      every.checked = every.indeterminate = false;
    },
  });
  const every = h("input", { type: "checkbox", class: "checkbox", "aria-label": "Choose all that are shown" });
  every.addEventListener("change", () => {
    const on = every.checked; // marking a line sets it anew
    for (const id of known.keys()) mark(id, on);
  });
  const table = h("div", { class: "card table-card" }, documentTable(body, every), nothing);
  const more = moreButton({
    signal, next: /** @type {string | null} */ (null),
    fetch: async (after) => {
      const list = await fetch({ after, limit: PAGE });
      return { items: list.documents, next: list.next };
    },
    add: (docs) => {
      for (const doc of docs) if (!known.has(doc.id)) show(doc);
      settle();
      const first = docs[0];
      return first && known.get(first.id)?.row.element;
    },
  });
  const hollow = empty("documents", "No documents yet", "Add your first guide or help page above. You can ask about it as soon as it has been read.");
  let matching = 0;

  outlet.append(
    heading("Documents", {
      lead: "What the assistant may answer from. Nothing else.",
      actions: [
        h("button", { type: "button", class: "button", on: { click: () => void manageCollections(project.id, () => void again()) } }, icon("layers"), "Collections"),
        manages(session) && h("a", { class: "button", href: `/projects/${project.id}/sources` }, icon("link"), "Connect a source"),
      ],
    }),
    zone,
    uploadList(uploads, (upload) => void replaceExisting(upload)),
    content,
  );

  uploads.arrived = (doc) => {
    if (!signal.aborted) put(doc, true);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && schedule(0), { signal });

  /** @param {{ after?: string | null, limit: number }} part @returns {Promise<DocList>} */
  const fetch = (part) => get(`${path}?${listQuery(chosen, part)}`, signal);
  /** @returns {Promise<Facets>} */
  const narrow = () => get(`${path}/facets`, signal);

  /** A list that was asked for before something changed here is old: it is asked for again, so that it undoes nothing. */
  const refresh = async () => {
    for (;;) {
      const [before, turn] = [changes, asked];
      const [list, found] = await Promise.all([fetch({ limit: Math.min(Math.max(known.size, PAGE), MOST_AGAIN) }), narrow()]);
      if (turn !== asked) return;
      if (before === changes) return take(list, found);
    }
  };
  const again = () => refresh().then(() => schedule(), (error) => signal.aborted || toastProblem(error));
  /** For what comes in numbers, such as uploads: once for all of them. */
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void again(), PAUSE);
  };

  const first = () => load(content, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => Promise.all([fetch({ limit: PAGE }), narrow()]),
    render: ([list, found]) => {
      take(list, found);
      schedule();
      return [reminder, filters, bulk.element, table, more.element, hollow];
    },
  });
  void first();

  /** @param {keyof import("../documents/query.js").Chosen} name @param {string} value */
  function choose(name, value) {
    if (chosen[name] === value) return;
    chosen[name] = value;
    asked += 1;
    const words = address(chosen);
    amend(words === "" ? path : `${path}?${words}`);
    bulk.clear();
    table.setAttribute("aria-busy", "true");
    const turn = asked;
    Promise.all([fetch({ limit: PAGE }), narrow()]).then(
      ([list, found]) => {
        // A slower answer to an earlier choice must not overwrite the present one.
        if (turn !== asked || signal.aborted) return;
        for (const id of known.keys()) drop(id);
        take(list, found);
        schedule();
      },
      (error) => turn === asked && !signal.aborted && toastProblem(error),
    ).finally(() => turn === asked && table.removeAttribute("aria-busy"));
  }

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

  /** @param {DocList} list @param {Facets} found */
  function take(list, found) {
    if (signal.aborted) return;
    uploads.fileBytes = list.limits.file_bytes;
    facets = found;
    announce(list.documents.filter((doc) => {
      const before = known.get(doc.id)?.doc;
      return before && unfinished(before) && !unfinished(doc);
    }));
    const ids = new Set(list.documents.map((doc) => doc.id));
    for (const id of [...known.keys()]) if (!ids.has(id)) drop(id);
    list.documents.forEach(show);
    // As the server has them; a line that is in its place is left alone, so that it keeps the focus.
    known = new Map(list.documents.map((doc) => [doc.id, /** @type {{ doc: Doc, row: ReturnType<typeof documentRow> }} */ (known.get(doc.id))]));
    [...known.values()].forEach(({ row }, at) => {
      const there = body.children[at];
      if (there !== row.element) body.insertBefore(row.element, there ?? null);
    });
    more.set(list.next);
    matching = list.matching;
    offer();
    remind();
    const narrowed = narrows(chosen) ? `${count(matching, "document")} of ${list.total}` : count(list.total, "document");
    usage.textContent = `${narrowed} · ${formatBytes(list.used_bytes + list.kept_bytes)} of ${formatBytes(list.limits.total_bytes)} used`;
    hollow.hidden = list.total > 0;
    filters.hidden = table.hidden = list.total === 0;
    settle();
  }

  function settle() {
    nothing.hidden = known.size > 0;
    bulk.follow([...known.keys()], Math.max(matching, known.size));
    every.checked = known.size > 0 && bulk.size() >= known.size;
    every.indeterminate = bulk.size() > 0 && !every.checked;
  }

  /** A document that just changed here. @param {Doc} doc @param {boolean} [added] */
  function put(doc, added = false) {
    changes += 1;
    const isNew = !known.has(doc.id);
    show(doc);
    if (isNew && added) body.prepend(/** @type {HTMLElement} */ (known.get(doc.id)?.row.element));
    hollow.hidden = true;
    filters.hidden = table.hidden = false;
    settle();
    soon();
  }

  /** A deleted document's line goes; the next one, or the heading, takes the focus that it had. @param {Doc} doc */
  function leave(doc) {
    const element = known.get(doc.id)?.row.element;
    const next = element?.nextElementSibling ?? element?.previousElementSibling;
    changes += 1;
    drop(doc.id);
    settle();
    const heir = next?.querySelector("a") ?? outlet.querySelector("h1");
    if (heir instanceof HTMLElement) heir.focus();
    void again();
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
      manages: manages(session),
      chosen: (doc, on, event) => {
        const ids = [...known.keys()];
        const [from, to] = [anchor === null ? -1 : ids.indexOf(anchor), ids.indexOf(doc.id)];
        if (event.shiftKey && from >= 0) for (const id of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) mark(id, on);
        else mark(doc.id, on);
        anchor = doc.id;
      },
      file: (doc) => void editFiling(project.id, doc).then((saved) => saved && put(saved), toastProblem),
      reviewed: (doc) => void markReviewed(project.id, doc).then(put, toastProblem),
      edit: (doc) => void editDetails(project.id, doc).then((saved) => saved && put(saved)),
      replace: (doc) => void replaceContents(project.id, doc).then((saved) => saved && put(saved)),
      again: (doc) => readAgain(project.id, doc).then((saved) => saved && put(saved)),
      remove: (doc) => void deleteDocument(project.id, doc).then((gone) => gone && leave(doc)),
    });
    known.set(doc.id, { doc, row });
    row.choose(bulk.has(doc.id));
    body.append(row.element);
  }

  /** @param {string} id @param {boolean} on */
  function mark(id, on) {
    bulk.set(id, on);
    known.get(id)?.row.choose(on);
    every.checked = bulk.size() >= known.size;
    every.indeterminate = bulk.size() > 0 && !every.checked;
  }

  /** @param {string} id */
  function drop(id) {
    known.get(id)?.row.element.remove();
    known.delete(id);
  }

  /** @param {import("../documents/uploads.js").Upload} upload */
  async function replaceExisting(upload) {
    const search = new URLSearchParams({ search: upload.file.name, limit: "20" });
    const list = /** @type {DocList} */ (await get(`${path}?${search}`, signal));
    const existing = list.documents.find((doc) => doc.name === upload.file.name);
    if (!existing) return toast("The document with this name is not in the list any more. Upload the file again.", "failed");
    const doc = await replaceContents(project.id, existing, upload.file);
    if (!doc) return;
    uploads.dismiss(upload);
    put(doc);
  }

  /** What can be chosen from is there as soon as there is a choice. */
  function offer() {
    const { sources, collections, tags } = facets;
    const key = JSON.stringify([sources.map(({ id, name }) => [id, name]), collections, tags, facets.stale > 0, facets.duplicates > 0, chosen]);
    if (key === offered) return;
    offered = key;
    const held = narrowing.contains(document.activeElement) ? document.activeElement?.id : null;
    const choices = (/** @type {string} */ label, /** @type {keyof import("../documents/query.js").Chosen} */ name, /** @type {[string, string][]} */ rest) => {
      // What is chosen stays among the choices, though nothing is left of it.
      const all = rest.some(([value]) => value === chosen[name]) ? rest : [...rest, /** @type {[string, string]} */ ([chosen[name], chosen[name]])];
      const built = select(label, all, chosen[name], (value) => choose(name, value));
      built.querySelector("select")?.setAttribute("id", `narrow-${name}`);
      built.querySelector("label")?.setAttribute("for", `narrow-${name}`);
      return built;
    };
    replace(narrowing, 
      sources.some((one) => one.documents > 0) || chosen.source !== "" ? choices("From", "source", [["", "Everywhere"], ["uploaded", "Uploads"], ...sources.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))]) : null,
      collections.length > 0 || chosen.collection !== "" ? choices("Collection", "collection", [["", "All"], ["none", "None"], ...collections.map((one) => /** @type {[string, string]} */ ([one.id, `${one.name} (${one.documents})`]))]) : null,
      tags.length > 0 || chosen.tag !== "" ? choices("Tag", "tag", [["", "All"], ...tags.map((one) => /** @type {[string, string]} */ ([one.tag, `${one.tag} (${one.documents})`]))]) : null,
      facets.stale + facets.duplicates > 0 || chosen.show !== "" ? choices("Show", "show", [["", "Everything"], ["due", `Due for review (${facets.stale})`], ["alike", `Look like another (${facets.duplicates})`]]) : null);
    if (held) document.getElementById(held)?.focus();
  }

  function remind() {
    const due = facets.stale > 0 && chosen.show !== "due";
    replace(reminder, due && notice("warning", h("p", null,
      facets.stale === 1 ? "One document is due for review. " : `${count(facets.stale, "document")} are due for review. `,
      h("button", { type: "button", class: "button small", on: { click: () => choose("show", "due") } }, "Show"))));
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

/** @param {HTMLElement} body @param {HTMLElement} every */
function documentTable(body, every) {
  const column = (/** @type {string} */ name, /** @type {string} */ kind) => h("th", { scope: "col", role: "columnheader", class: kind }, name);
  return h("table", { class: "table stacks", role: "table", "aria-label": "Documents" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      h("th", { scope: "col", role: "columnheader", class: "cell-choose" }, every),
      column("Name", "cell-name"), column("Status", "cell-status"), column("Size", "cell-number"), column("Pages", "cell-number"), column("Passages", "cell-number"), column("Updated", "cell-date"),
      h("th", { scope: "col", role: "columnheader", class: "cell-actions" }, h("span", { class: "sr-only" }, "Actions")))),
    body);
}
