import { get } from "../api.js";
import { GROUPS, sentence, who } from "../audit/sentences.js";
import { h } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { downloadButton } from "../parts/download.js";
import { empty } from "../parts/empty.js";
import { field, select } from "../parts/field.js";
import { filteredList } from "../parts/filtered-list.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";

/** @typedef {import("../types.js").AuditEntry} AuditEntry */
/** @typedef {import("../types.js").AuditPage} AuditPage */
/** @typedef {import("../types.js").Member} Member */

const BASE = "/audit";

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, query, signal, title, session }) {
  title("Audit log");
  const filter = { act: query.get("act") ?? "", actor: query.get("actor") ?? "", from: query.get("from") ?? "", to: query.get("to") ?? "" };
  const slot = h("div");
  const person = h("div", { class: "filter-slot" });
  const { show, choose } = filteredList({
    slot,
    signal,
    base: BASE,
    filter,
    async fetch(search) {
      // The day that was chosen as the last is one of those that are shown.
      if (filter.to !== "") search.set("to", dayAfter(filter.to));
      const page = /** @type {AuditPage} */ (await get(`${BASE}?${search}`, signal));
      return { items: page.entries, next: page.next };
    },
    list: (lines) => h("ol", { class: "audit card", "aria-label": "Entries, the latest first" }, lines),
    line,
    empty: () => empty("clock", "Nothing happened yet", "Sign-ins and changes of people, projects and settings appear here."),
    nothing: "No entry matches these filters.",
  });
  const day = (/** @type {string} */ label, /** @type {"from" | "to"} */ name) => {
    const built = field({ label, type: "date", value: filter[name] });
    built.input.addEventListener("change", () => choose(name)(built.input.value));
    built.element.classList.add("filter");
    return built.element;
  };

  outlet.append(
    heading("Audit log", {
      lead: `Who changed what in ${session.workspace.name}. Entries are chained and signed: a changed or missing one is noticed.`,
      actions: [exporter("JSON lines", "jsonl"), exporter("CSV", "csv")],
    }),
    h("div", { class: "filters audit-filters", role: "group", "aria-label": "Filters" },
      select("What", [["", "Everything"], ...Object.entries(GROUPS)], filter.act, choose("act")),
      person,
      day("From", "from"),
      day("To", "to")),
    slot,
    about(signal),
  );
  const people = (/** @type {Member[]} */ members) =>
    person.replaceChildren(select("Who", [["", "Everybody"], ...members.map((one) => /** @type {[string, string]} */ ([one.id, one.email]))], filter.actor, choose("actor")));
  people([]);
  void get("/team/members", signal).then((/** @type {{ members: Member[] }} */ team) => people(team.members), () => {});
  void show();
}

/** @param {AuditEntry} entry */
function line(entry) {
  return h("li", { class: "audit-entry" },
    h("p", { class: "audit-words" },
      h("span", { class: "audit-who" }, who(entry)), " ", sentence(entry), entry.outcome === "refused" && [" ", h("span", { class: "badge badge-warning" }, icon("alert"), "Refused")]),
    h("p", { class: "hint audit-where" },
      h("time", { datetime: entry.at, title: formatMoment(entry.at) }, formatAgo(entry.at)),
      entry.address !== "" && [" · from ", h("span", { class: "audit-address" }, entry.address)],
      ` · entry ${entry.seq}`));
}

/** @param {string} date of the form 2026-01-31 */
function dayAfter(date) {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** @param {string} label @param {"jsonl" | "csv"} format */
const exporter = (label, format) => downloadButton({ label: `Export ${label}`, path: `${BASE}/export?format=${format}`, fallback: `audit.${format}` });

/** How somebody else checks an export. @param {AbortSignal} signal */
function about(signal) {
  const key = h("div");
  void load(key, {
    signal,
    fetch: () => /** @type {Promise<{ public_key: string }>} */ (get(`${BASE}/key`, signal)),
    render: (found) => h("p", null, h("code", { class: "audit-key" }, found.public_key)),
  });
  return h("details", { class: "card panel audit-about" },
    h("summary", null, "Check an export yourself"),
    h("p", null, "The JSON lines can be checked on any machine, without this server. Keep the key apart from the exports: it tells whether they were signed here."),
    h("p", { class: "hint" }, "Public key"),
    key,
    h("pre", { class: "audit-command" }, h("code", null, "pernoex audit verify FILE --key KEY")));
}
