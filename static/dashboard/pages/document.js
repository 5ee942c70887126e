import { get } from "../api.js";
import { h, webAddress } from "../dom.js";
import { deleteDocument, editDetails, originalHref, readAgain, replaceContents } from "../documents/actions.js";
import { editFiling, filingLine, isDue, markReviewed } from "../documents/filing.js";
import { likenessPanel, statisticsPanel } from "../documents/insight.js";
import { revisionsPanel } from "../documents/revisions.js";
import { marks, origin } from "../documents/row.js";
import { explain, remedyButtons, status, unfinished } from "../documents/status.js";
import { count, formatBytes, formatDate, formatMoment, formatNumber, formatType } from "../format.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { notice } from "../parts/notice.js";
import { actionMenu } from "../parts/popover.js";
import { prose } from "../parts/prose.js";
import { skeleton } from "../parts/skeleton.js";
import { toastProblem } from "../parts/toast.js";
import { navigate } from "../router.js";
import { manages } from "../session.js";

/** @typedef {import("../types.js").DocWithSections} DocWithSections */
/** @typedef {import("../types.js").Section} Section */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, session, signal, title }) {
  const list = `/projects/${project.id}/documents`;
  const path = `${list}/${params.document}`;
  title(`Document · ${project.name}`);
  let located = false;
  /** @type {Section[]} */
  let sections = [];
  const refresh = () =>
    load(outlet, {
      signal,
      failed: (notice) => [heading("Document", { back: { href: list, label: "Documents" } }), notice],
      fetch: () => /** @type {Promise<DocWithSections>} */ (get(path, signal)),
      render: (doc) => {
        title(`${doc.name} · ${project.name}`);
        sections = doc.sections;
        if (unfinished(doc)) {
          const timer = setTimeout(() => void refresh(), 3000);
          signal.addEventListener("abort", () => clearTimeout(timer));
        }
        return draw(doc);
      },
    }).then(() => {
      // Only the first time: following the document along must not scroll it away again.
      if (!located) locate(outlet, sections);
      located = true;
    });
  outlet.append(heading("Document", { back: { href: list, label: "Documents" } }), skeleton("text"));
  void refresh();

  /** @param {DocWithSections} doc */
  function draw(doc) {
    const again = (/** @type {unknown} */ saved) => {
      if (saved) void refresh();
    };
    // What comes from a source is changed there; what it is found by here is changed here.
    const menu = actionMenu("Document actions", () => [
      { label: "Tags, collection, review", icon: "hash", run: () => void editFiling(project.id, doc).then(again, toastProblem) },
      { label: "Mark as reviewed", icon: "check", run: () => void markReviewed(project.id, doc).then(again, toastProblem) },
      ...(doc.source ? [] : /** @type {import("../parts/popover.js").Action[]} */ ([
        { label: "Name and link", icon: "pencil", run: () => void editDetails(project.id, doc).then(again) },
        { label: "Replace file", icon: "replace", run: () => void replaceContents(project.id, doc).then(again) },
        { label: "Delete", icon: "trash", danger: true, run: () => void deleteDocument(project.id, doc).then((gone) => gone && navigate(list)) },
      ])),
    ]);
    const text = doc.failure
      ? notice("danger", [
        h("p", null, explain(doc, doc.failure)),
        !doc.source && remedyButtons(doc, { replace: () => void replaceContents(project.id, doc).then(again), again: () => readAgain(project.id, doc).then(again) }),
      ])
      : doc.sections.length > 0
        ? h("div", { class: "sections" }, doc.sections.map((section, at) => part(section, doc.sections[at - 1])))
        : h("p", { class: "nothing card" }, unfinished(doc) ? "The text appears here as soon as it has been read." : "No text could be taken from this document.");
    return [
      heading(doc.name, {
        back: { href: list, label: "Documents" },
        actions: [h("a", { class: "button", href: originalHref(project.id, doc.id), download: doc.name }, icon("download"), "Download original"), menu],
      }),
      facts(doc, project.id, manages(session)),
      h("div", { class: "doc-columns" },
        h("div", { class: "doc-text" }, text),
        h("div", { class: "doc-side" },
          likenessPanel(project.id, doc, signal),
          statisticsPanel(project.id, doc, signal),
          revisionsPanel(project.id, doc, signal, () => void refresh()))),
    ];
  }
}

/** @param {DocWithSections} doc @param {string} project @param {boolean} manager */
function facts(doc, project, manager) {
  /** @type {[string, import("../dom.js").Child | import("../dom.js").Child[]][]} */
  const all = [
    ["Status", status(doc)],
    ["Kind", formatType(doc.media_type)],
    ["Comes from", doc.source ? origin(project, doc.source, manager) : null],
    ["Size", formatBytes(doc.size)],
    ["Pages", doc.pages === null ? null : formatNumber(doc.pages)],
    ["Text", count(doc.chunks, "passage")],
    ["Revision", doc.revision],
    ["Updated", formatMoment(doc.updated_at)],
    ["Review", doc.due_at === null ? null : isDue(doc) ? marks(project, { ...doc, looks_like: null }) : `Due ${formatDate(doc.due_at)}`],
    ["Filed under", filingLine(project, doc)],
    ["Public link", doc.source_url === null ? null : h("a", { href: webAddress(doc.source_url), target: "_blank", rel: "noopener noreferrer" }, doc.source_url, h("span", { class: "sr-only" }, " (opens in a new tab)"))],
  ];
  return h("dl", { class: "facts card" }, all.filter(([, value]) => value !== null).map(([name, value]) => h("div", { class: name === "Public link" && "long" }, h("dt", null, name), h("dd", null, value))));
}

/** @param {Section} section @param {Section | undefined} before */
function part(section, before) {
  const same = before !== undefined && before.heading.join("\n") === section.heading.join("\n");
  return h("section", { class: same ? "section continued" : "section", id: `section-${section.id}`, tabindex: "-1" },
    !same && section.heading.length > 0 && h("h2", { class: "section-heading" }, section.heading.map((name, at) => [
      at > 0 && h("span", { class: "section-divider", "aria-hidden": "true" }, " › "),
      h("span", null, name),
    ]).flat()),
    prose(section.text, () => null));
}

/** Brings the cited section into view: by its id, or by heading and quote when only those are known. @param {HTMLElement} outlet @param {Section[]} sections */
function locate(outlet, sections) {
  const hash = location.hash.slice(1);
  if (hash === "") return;
  const place = new URLSearchParams(hash);
  const known = sections.find((section) => section.id === place.get("section"));
  const id = hash.startsWith("section-") ? hash : `section-${(known ?? find(sections, place))?.id}`;
  const section = /** @type {HTMLElement | null} */ (outlet.querySelector(`#${CSS.escape(id)}`));
  if (!section) return;
  section.classList.add("cited");
  section.scrollIntoView({ block: "start" });
  section.focus({ preventScroll: true });
  history.replaceState(history.state, "", `#${section.id}`);
}

/** @param {Section[]} sections @param {URLSearchParams} place */
function find(sections, place) {
  const squeeze = (/** @type {string | null} */ text) => (text ?? "").replace(/\s+/g, " ").replace(/[…. ]+$/, "").replace(/^[… ]+/, "").toLowerCase();
  const heading = place.getAll("heading").join("\n");
  const quote = squeeze(place.get("quote"));
  const alike = sections.filter((section) => heading === "" || section.heading.join("\n") === heading);
  const holds = (/** @type {Section} */ section) => quote !== "" && squeeze(section.text).includes(quote);
  return alike.find(holds) ?? sections.find(holds) ?? (heading === "" ? undefined : alike[0]);
}
