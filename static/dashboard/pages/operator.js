/** How the server's actors are, live. For operators: ids and figures, nothing of anyone's contents. */
import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { count, formatAgo, formatBytes, formatMoment, formatNumber } from "../format.js";
import { charts } from "../operator/charts.js";
import { follow } from "../operator/live.js";
import { kindName, span, STATES } from "../operator/states.js";
import { subjectText, tree } from "../operator/tree.js";
import { empty } from "../parts/empty.js";
import { select } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { isAbort } from "../problem.js";
import { amend } from "../router.js";

/** @typedef {import("../types.js").ActorsPage} ActorsPage */
/** @typedef {import("../types.js").ActorTotals} ActorTotals */
/** @typedef {import("../types.js").OperatorAct} OperatorAct */

/** What other operators do is looked for this often, in milliseconds. */
const ACTS_AFTER = 9_000;
const KINDS = ["tenant", "vault", "sessions", "integrations", "project"];

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, query, signal, title }) {
  title("Actors");
  outlet.classList.add("wide");
  const wanted = { state: query.get("state") ?? "", kind: query.get("kind") ?? "", tenant: query.get("tenant") ?? "", page: Number(query.get("page") ?? 1) || 1 };
  const status = h("p", { class: "line-state", role: "status" });
  const slot = h("div", { class: "operator" });
  outlet.append(heading("Actors", { lead: "Every tenant's actors in the node that answers, as they are now. Ids and figures only: no one's contents can be seen from here.", actions: [status] }), slot);

  const small = charts();
  const tiles = h("dl", { class: "tiles operator-tiles" });
  const states = h("div", { class: "state-filter", role: "group", "aria-label": "Filter by state" });
  const trees = tree(() => void noteActs());
  // What stays keeps its place in the page, and with it the focus.
  const matching = h("p", { class: "hint" });
  const rows = h("div");
  const pages = h("div");
  const results = h("div", { class: "operator-results" }, matching, rows, pages);
  const acts = h("section", { class: "card panel", "aria-labelledby": "acts" });
  /** @type {ActorsPage | null} */
  let latest = null;
  let stream = new AbortController();

  const search = h("input", { class: "input", type: "search", value: wanted.tenant, placeholder: "Tenant id", "aria-label": "Tenant id, or its beginning", autocomplete: "off", spellcheck: "false" });
  let typing = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => turn({ tenant: search.value.trim(), page: 1 }), 250);
  });

  const asked = (/** @type {boolean} */ withPage) => {
    const parts = new URLSearchParams();
    for (const name of /** @type {const} */ (["state", "kind", "tenant"])) if (wanted[name] !== "") parts.set(name, wanted[name]);
    if (withPage && wanted.page > 1) parts.set("page", String(wanted.page));
    return parts.size > 0 ? `?${parts}` : "";
  };

  /** @param {Partial<typeof wanted>} change */
  function turn(change) {
    Object.assign(wanted, change);
    amend(`/operator${asked(true)}`);
    listen();
  }

  let noted = Date.now();
  let told = "";

  async function noteActs() {
    noted = Date.now();
    try {
      showActs(await get("/operator/api/acts", signal));
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      replace(acts, problemNotice(error, () => void noteActs()));
    }
  }

  /** @param {ActorsPage} next */
  function show(next) {
    latest = next;
    wanted.page = next.page;
    small.set(next.history);
    totals(next.totals);
    trees.set(next.tenants);
    matching.textContent = next.matching === next.totals.tenants ? count(next.matching, "tenant") : `${formatNumber(next.matching)} of ${count(next.totals.tenants, "tenant")}`;
    if (next.matching === 0) replace(rows, nothing());
    else if (rows.firstChild !== trees.element) replace(rows, trees.element);
    const at = next.pages > 1 ? `${next.page} of ${next.pages}` : "";
    if (pages.dataset["at"] !== at) replace(pages, at !== "" && pager(next));
    pages.dataset["at"] = at;
  }

  const nothing = () =>
    wanted.state === "quarantined"
      ? empty("check", "Nothing is quarantined", "No actor failed so often that it was set aside.")
      : asked(false) === ""
        ? empty("clock", "No tenant is in memory", "Actors start with the first request to a workspace and leave when nobody uses it.")
        : empty("search", "No actor matches", "Choose another state or kind, or a shorter beginning of the id.");

  /** @param {ActorsPage} at */
  const pager = (at) =>
    h("nav", { class: "pager", "aria-label": "Pages" },
      h("button", { type: "button", class: "button small", disabled: at.page <= 1, on: { click: () => turn({ page: at.page - 1 }) } }, "Previous"),
      h("span", { class: "hint" }, `Page ${at.page} of ${at.pages}`),
      h("button", { type: "button", class: "button small", disabled: at.page >= at.pages, on: { click: () => turn({ page: at.page + 1 }) } }, "Next"));

  /** @param {ActorTotals} now */
  function totals(now) {
    const server = latest?.server;
    if (!server) return;
    replace(tiles,
      tile("Tenants", formatNumber(now.tenants), count(now.actors, "actor")),
      tile("In mailboxes", formatNumber(now.depth), `${formatNumber(now.handled)} handled by those here`),
      tile("Memory", server.memory_bytes === null ? "–" : formatBytes(server.memory_bytes), `${formatBytes(now.memory_bytes)} of indexes`),
      tile("Jobs waiting", formatNumber(server.jobs_waiting), `${server.jobs_running} running, ${server.jobs_parked} given up`),
      tile("Processor", `${server.questions.working + server.batches.working + server.sign_ins.working}`, `${server.questions.waiting + server.batches.waiting + server.sign_ins.waiting} waiting for it`),
      tile("Up for", span(Math.max(0, Math.round((Date.now() - new Date(server.started_at).getTime()) / 1000))), formatMoment(server.started_at)),
      backupTile(server.backups));
    const held = document.activeElement instanceof HTMLElement && states.contains(document.activeElement) ? document.activeElement.dataset["state"] : undefined;
    replace(states, [/** @type {const} */ (["", "All", ""]), ...STATES].map(([state, name, what]) =>
      h("button", { type: "button", class: `state-choice ${state === "" ? "" : `state-${state}`}`, "data-state": state, title: what || null, "aria-pressed": String(wanted.state === state), on: { click: () => turn({ state, page: 1 }) } },
        h("strong", null, formatNumber(state === "" ? now.actors : (now.by_state[state] ?? 0))), h("span", null, name))));
    if (held !== undefined) /** @type {HTMLElement | null} */ (states.querySelector(`[data-state="${held}"]`))?.focus();
  }

  /** @param {{ acts: OperatorAct[] }} done */
  function showActs({ acts: all }) {
    // Who reads it with the keyboard is not thrown out of it for nothing.
    const now = JSON.stringify(all);
    if (now === told && acts.contains(document.activeElement)) return;
    told = now;
    replace(acts,
      h("header", { class: "panel-head" }, h("h2", { id: "acts" }, "What operators did")),
      all.length === 0
        ? h("p", { class: "nothing" }, "Nobody reset or evicted anything yet.")
        : h("div", { class: "act-table", tabindex: "0", role: "region", "aria-label": "What operators did" },
          h("table", { class: "table plain" },
            h("thead", null, h("tr", null, ["When", "Who", "What", "From", "Outcome"].map((name) => h("th", { scope: "col" }, name)))),
            h("tbody", null, all.map((act) => h("tr", null,
              h("td", { title: formatMoment(act.at) }, formatAgo(act.at)),
              h("td", null, act.email),
              // From the command line come acts on accounts, in words.
              h("td", null, ...(act.act === "reset" ? ["Reset ", ...subjectText(act.subject)] : act.act === "evict" ? ["Evicted ", ...subjectText(act.subject)] : [`${act.act}: `, h("code", null, act.subject)])),
              h("td", null, h("code", null, act.address)),
              h("td", null, act.outcome)))))));
  }

  function listen() {
    stream.abort();
    stream = new AbortController();
    // All of it from one node: behind a balancer, another request may be answered by another.
    void follow(asked(true), AbortSignal.any([signal, stream.signal]), (event) => {
      if (event.type === "page") {
        show(event.data);
        if (Date.now() - noted > ACTS_AFTER) void noteActs();
      }
      else if (event.type === "changed") trees.change(event.data.actors);
      else {
        totals(event.data.totals);
        if (event.data.latest) small.add(event.data.latest);
      }
    }, (line) => {
      status.className = `line-state line-${line}`;
      status.textContent = { live: "Live", lost: "Connecting…", over: "No longer shown: you are not an operator any more" }[line];
    });
  }

  void load(slot, {
    signal,
    skeleton: () => h("div", { class: "stack" }, skeleton("tiles"), skeleton("rows")),
    fetch: async () => {
      const [first, done] = await Promise.all([get(`/operator/api/actors${asked(true)}`, signal), get("/operator/api/acts", signal)]);
      return { first: /** @type {ActorsPage} */ (first), done: /** @type {{ acts: OperatorAct[] }} */ (done) };
    },
    render: ({ first, done }) => {
      show(first);
      showActs(done);
      listen();
      return [
        tiles,
        small.element,
        h("section", { class: "card panel", "aria-labelledby": "trees" },
          h("header", { class: "panel-head" }, h("h2", { id: "trees" }, "Tenants"),
            h("div", { class: "filters" },
              h("div", { class: "search" }, icon("search"), search),
              select("Kind", [["", "All kinds"], ...KINDS.map((kind) => /** @type {[string, string]} */ ([kind, kindName(kind)]))], wanted.kind, (kind) => turn({ kind, page: 1 })))),
          states, results),
        acts,
      ];
    },
  });
}

/** Of all nodes: the last backup that succeeded, and whether any failed since. @param {import("../types.js").ServerBackups} backups */
function backupTile(backups) {
  const last = backups.last_success_at;
  const failed = backups.failures > 0 ? `${count(backups.failures, "failure")} since: ${backups.failure ?? ""}` : null;
  if (last === null) return tile("Last backup", "None", failed ?? (backups.every_hours === null ? "This server makes none by itself" : "The first is on its way"));
  const size = formatBytes(backups.last_size_bytes ?? 0);
  return tile("Last backup", formatAgo(last), failed ?? (backups.every_hours === null ? size : `${size}, every ${count(backups.every_hours, "hour")}`));
}

/** @param {string} name @param {string} value @param {string} more */
const tile = (name, value, more) =>
  h("div", { class: "tile card" }, h("dt", null, name), h("dd", { class: "tile-value" }, value), h("dd", { class: "hint" }, more));
