import { get } from "../api.js";
import { h, webAddress } from "../dom.js";
import { deleteDocument, editDetails, originalHref, replaceContents } from "../documents/actions.js";
import { status, unfinished } from "../documents/status.js";
import { count, formatBytes, formatMoment, formatNumber, formatType } from "../format.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { actionMenu } from "../parts/popover.js";
import { skeleton } from "../parts/skeleton.js";
import { navigate } from "../router.js";

/** @typedef {import("../types.js").DocWithSections} DocWithSections */
/** @typedef {import("../types.js").Section} Section */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, signal, title }) {
  const list = `/projects/${project.id}/documents`;
  const path = `${list}/${params.document}`;
  title(`Document · ${project.name}`);
  let located = false;
  const refresh = () =>
    load(outlet, {
      signal,
      failed: (notice) => [heading("Document", { back: { href: list, label: "Documents" } }), notice],
      fetch: () => /** @type {Promise<DocWithSections>} */ (get(path, signal)),
      render: (doc) => {
        title(`${doc.name} · ${project.name}`);
        if (unfinished(doc)) {
          const timer = setTimeout(() => void refresh(), 3000);
          signal.addEventListener("abort", () => clearTimeout(timer));
        }
        return draw(doc);
      },
    }).then(() => {
      // Only the first time: following the document along must not scroll it away again.
      if (!located) locate(outlet);
      located = true;
    });
  outlet.append(heading("Document", { back: { href: list, label: "Documents" } }), skeleton("text"));
  void refresh();

  /** @param {DocWithSections} doc */
  function draw(doc) {
    const again = (/** @type {unknown} */ saved) => {
      if (saved) void refresh();
    };
    const menu = actionMenu("Document actions", () => [
      { label: "Edit details", icon: "pencil", run: () => void editDetails(project.id, doc).then(again) },
      { label: "Replace contents", icon: "replace", run: () => void replaceContents(project.id, doc).then(again) },
      { label: "Delete", icon: "trash", danger: true, run: () => void deleteDocument(project.id, doc).then((gone) => gone && navigate(list)) },
    ]);
    return [
      heading(doc.name, {
        back: { href: list, label: "Documents" },
        actions: [h("a", { class: "button", href: originalHref(project.id, doc.id), download: doc.name }, icon("download"), "Download original"), menu],
      }),
      facts(doc),
      doc.sections.length > 0
        ? h("div", { class: "sections" }, doc.sections.map((section, at) => part(section, doc.sections[at - 1])))
        : h("p", { class: "nothing card" }, unfinished(doc) ? "The text appears here as soon as it has been read." : "No text could be taken from this document."),
    ];
  }
}

/** @param {DocWithSections} doc */
function facts(doc) {
  /** @type {[string, import("../dom.js").Child][]} */
  const all = [
    ["Status", status(doc)],
    ["Kind", formatType(doc.media_type)],
    ["Size", formatBytes(doc.size)],
    ["Pages", doc.pages === null ? null : formatNumber(doc.pages)],
    ["Text", count(doc.chunks, "chunk")],
    ["Revision", doc.revision],
    ["Updated", formatMoment(doc.updated_at)],
    ["Public link", doc.source_url === null ? null : h("a", { href: webAddress(doc.source_url), target: "_blank", rel: "noopener noreferrer" }, doc.source_url, h("span", { class: "sr-only" }, " (opens in a new tab)"))],
  ];
  return h("dl", { class: "facts card" }, all.filter(([, value]) => value !== null).map(([name, value]) => h("div", { class: name === "Public link" && "long" }, h("dt", null, name), h("dd", null, value))));
}

/** @param {Section} section @param {Section | undefined} before */
function part(section, before) {
  const same = before !== undefined && before.heading.join("\n") === section.heading.join("\n");
  return h("section", { class: same ? "section continued" : "section", id: `section-${section.id}`, tabindex: "-1", "data-heading": section.heading.join("\n") },
    !same && section.heading.length > 0 && h("h2", { class: "section-heading" }, section.heading.map((name, at) => [
      at > 0 && h("span", { class: "section-divider", "aria-hidden": "true" }, " › "),
      h("span", null, name),
    ]).flat()),
    h("p", { class: "section-text" }, section.text));
}

/** Brings the cited section into view: by its id, or by heading and quote when only those are known. @param {HTMLElement} outlet */
function locate(outlet) {
  const hash = location.hash.slice(1);
  if (hash === "") return;
  const section = hash.startsWith("section-") ? document.getElementById(hash) : find(outlet, new URLSearchParams(hash));
  if (!section) return;
  section.classList.add("cited");
  section.scrollIntoView({ block: "start" });
  section.focus({ preventScroll: true });
  history.replaceState(history.state, "", `#${section.id}`);
}

/** @param {HTMLElement} outlet @param {URLSearchParams} place */
function find(outlet, place) {
  const squeeze = (/** @type {string | null | undefined} */ text) => (text ?? "").replace(/\s+/g, " ").replace(/[…. ]+$/, "").replace(/^[… ]+/, "").toLowerCase();
  const heading = place.getAll("heading").join("\n");
  const quote = squeeze(place.get("quote"));
  const sections = /** @type {HTMLElement[]} */ ([...outlet.querySelectorAll(".section")]);
  const alike = sections.filter((section) => heading === "" || section.dataset.heading === heading);
  const holds = (/** @type {HTMLElement} */ section) => quote !== "" && squeeze(section.querySelector(".section-text")?.textContent).includes(quote);
  return alike.find(holds) ?? sections.find(holds) ?? (heading === "" ? undefined : alike[0]) ?? null;
}
