/** A source in the gallery, and what could become one. */
import { h } from "../dom.js";
import { count, formatNumber } from "../format.js";
import { icon } from "../parts/icon.js";
import { syncStatus } from "./status.js";
import { KINDS, summary } from "./words.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {import("../types.js").SourceOffer} SourceOffer */

/** @param {string} project @param {Source} first */
export function sourceCard(project, first) {
  const { title, picture } = KINDS[first.kind];
  const name = h("a", { href: `/projects/${project}/sources/${first.id}`, class: "cover" });
  const what = h("p", { class: "hint" });
  const status = syncStatus(first);
  const documents = h("span");
  const skipped = h("span", { class: "hint" });
  const element = h("li", { class: "card source-card" },
    h("div", { class: "source-head" },
      h("span", { class: "source-picture" }, icon(picture)),
      h("div", { class: "source-names" }, h("h3", null, name), what)),
    status.element,
    h("div", { class: "source-foot" }, documents, skipped));
  /** @param {Source} source */
  function update(source) {
    name.textContent = source.name;
    const reads = summary(source);
    what.textContent = reads === source.name ? title : `${title} · ${reads}`;
    status.update(source);
    documents.textContent = count(source.counts.documents, "document");
    skipped.textContent = source.counts.skipped > 0 ? `${formatNumber(source.counts.skipped)} left out` : "";
  }
  update(first);
  return { element, update };
}

/** @param {string} project @param {SourceOffer} offer */
export function offerCard(project, { kind, configured }) {
  const { title, picture, blurb } = KINDS[kind];
  return h("li", { class: "card offer-card" },
    h("span", { class: "source-picture" }, icon(picture)),
    h("div", { class: "source-names" },
      h("h3", null, h("a", { href: `/projects/${project}/sources/new/${kind}`, class: "cover" }, title)),
      h("p", { class: "hint" }, blurb),
      !configured && h("p", { class: "hint" }, h("span", { class: "badge badge-neutral" }, icon("info"), "Not set up on this server"))),
    icon(configured ? "plus" : "chevron"));
}
