import { get, send } from "../api.js";
import { GROUPS, sentence, who } from "../audit/sentences.js";
import { h } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { empty } from "../parts/empty.js";
import { field, select } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toastProblem } from "../parts/toast.js";
import { amend } from "../router.js";

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
  let asked = 0;

  const parameters = () => new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  /** @param {keyof typeof filter} name */
  const choose = (name) => (/** @type {string} */ value) => {
    filter[name] = value;
    const search = parameters().toString();
    amend(search === "" ? BASE : `${BASE}?${search}`);
    void show();
  };
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

  /** @param {number | null} before @returns {Promise<AuditPage>} */
  function fetch(before) {
    const search = parameters();
    // The day that was chosen as the last is one of those that are shown.
    if (filter.to !== "") search.set("to", dayAfter(filter.to));
    search.set("limit", "50");
    if (before !== null) search.set("before", String(before));
    return get(`${BASE}?${search}`, signal);
  }

  function show() {
    asked += 1;
    const turn = asked;
    return load(slot, {
      signal,
      skeleton: () => skeleton("rows"),
      fetch: () => fetch(null),
      // A slower answer to an earlier filter must not overwrite the present one.
      render: (first) => (turn === asked ? list(first) : [...slot.childNodes]),
    });
  }

  /** @param {AuditPage} first */
  function list(first) {
    if (first.entries.length === 0) {
      return parameters().size > 0
        ? h("p", { class: "nothing card" }, "No entry matches these filters.")
        : empty("clock", "Nothing happened yet", "Sign-ins and changes of people, projects and settings appear here.");
    }
    const items = h("ol", { class: "audit card", "aria-label": "Entries, the latest first" }, first.entries.map(line));
    const more = h("button", { type: "button", class: "button" }, "Load more");
    let next = first.next;
    more.hidden = next === null;
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const page = await fetch(next);
        const added = page.entries.map(line);
        items.append(...added);
        next = page.next;
        more.hidden = next === null;
        // The button may be gone now: reading goes on with the first new line.
        const [first] = added;
        if (first) {
          first.tabIndex = -1;
          first.focus({ preventScroll: true });
        }
      } catch (error) {
        if (!signal.aborted) toastProblem(error);
      } finally {
        more.disabled = false;
      }
    });
    return [items, h("p", { class: "load-more" }, more)];
  }
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
function exporter(label, format) {
  const button = h("button", { type: "button", class: "button" }, icon("download"), `Export ${label}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const response = await send("GET", `${BASE}/export?format=${format}`, { accept: "*/*" });
      const named = /filename="([\w.-]+)"/.exec(response.headers.get("content-disposition") ?? "");
      const address = URL.createObjectURL(await response.blob());
      h("a", { href: address, download: named?.[1] ?? `audit.${format}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      toastProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/** How somebody else checks an export. @param {AbortSignal} signal */
function about(signal) {
  const key = h("code", { class: "audit-key" }, "…");
  void get(`${BASE}/key`, signal).then((/** @type {{ public_key: string }} */ found) => key.replaceChildren(found.public_key), () => {});
  return h("details", { class: "card panel audit-about" },
    h("summary", null, "Check an export yourself"),
    h("p", null, "The JSON lines can be checked on any machine, without this server. Keep the key apart from the exports: it tells whether they were signed here."),
    h("p", { class: "hint" }, "Public key"),
    h("p", null, key),
    h("pre", { class: "audit-command" }, h("code", null, "pernoex audit verify FILE --key KEY")));
}
