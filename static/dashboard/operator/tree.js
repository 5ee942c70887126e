/** Tenants as trees: one line each with a mark for every actor, and all figures when opened. */
import { h, replace } from "../dom.js";
import { count, formatAgo, formatBytes, formatMoment, formatNumber } from "../format.js";
import { icon } from "../parts/icon.js";
import { actionButtons } from "./actions.js";
import { duration, kindName, reasonText, span, stateBadge, STATES } from "./states.js";

/** @typedef {import("../types.js").ActorView} ActorView */
/** @typedef {import("../types.js").TenantActors} TenantActors */

const WORST = STATES.map(([state]) => state);

/** @param {() => void} changed called after an action */
export function tree(changed) {
  /** @type {Map<string, { actors: Map<string, ActorView>, node: HTMLDetailsElement, draw: () => void }>} */
  const shown = new Map();
  const list = h("div", { class: "trees" });
  return {
    element: list,
    /** Rows that stay are kept as they are, with what is open and where the focus is. @param {TenantActors[]} tenants */
    set(tenants) {
      const before = new Map(shown);
      shown.clear();
      for (const { tenant, actors } of tenants) {
        const one = before.get(tenant) ?? branch(tenant, changed);
        one.actors.clear();
        for (const actor of actors) one.actors.set(actor.id, actor);
        one.draw();
        shown.set(tenant, one);
      }
      const nodes = [...shown.values()].map(({ node }) => node);
      if (nodes.length === list.children.length && nodes.every((node, at) => node === list.children[at])) return;
      const held = document.activeElement?.closest("details")?.dataset["tenant"];
      replace(list, nodes);
      if (held) shown.get(held)?.node.querySelector("summary")?.focus({ preventScroll: true });
    },
    /** @param {ActorView[]} actors */
    change(actors) {
      /** @type {Set<() => void>} */
      const draws = new Set();
      for (const actor of actors) {
        const one = shown.get(actor.id.split(".")[0] ?? "");
        if (!one?.actors.has(actor.id)) continue;
        one.actors.set(actor.id, actor);
        draws.add(one.draw);
      }
      for (const draw of draws) draw();
    },
  };
}

/** @param {string} tenant @param {() => void} changed */
function branch(tenant, changed) {
  /** @type {Map<string, ActorView>} */
  const actors = new Map();
  const line = h("summary");
  const inside = h("div", { class: "branch" });
  const node = h("details", { class: "tree", "data-tenant": tenant }, line, inside);
  const draw = () => {
    const all = [...actors.values()];
    const worst = WORST.find((state) => all.some((actor) => actor.state === state)) ?? "idle";
    const failures = sum(all, (actor) => actor.failures);
    const memory = sum(all, (actor) => actor.memory_bytes);
    replace(line,
      icon("chevron"),
      h("span", { class: "tree-name" }, h("code", null, tenant), h("span", { class: "marks", "aria-hidden": "true" }, all.map((actor) => h("i", { class: `mark-${actor.state}` })))),
      stateBadge(worst),
      h("span", { class: "tree-figures" },
        h("span", null, count(sum(all, (actor) => actor.handled), "message")),
        h("span", { class: failures > 0 ? "bad" : "" }, count(failures, "failure")),
        h("span", null, memory > 0 ? formatBytes(memory) : "no index")));
    // Rows that nobody sees are not drawn; those with the focus are left alone until it moves.
    if (node.open && !inside.contains(document.activeElement) && !document.querySelector("dialog[open]")) replace(inside, table(all, changed));
  };
  node.addEventListener("toggle", () => node.open && replace(inside, table([...actors.values()], changed)));
  inside.addEventListener("focusout", () => setTimeout(draw));
  return { actors, node, draw };
}

/** @param {ActorView[]} actors @param {(actor: ActorView) => number} figure */
const sum = (actors, figure) => actors.reduce((total, actor) => total + figure(actor), 0);

/** @param {ActorView[]} actors @param {() => void} changed */
const table = (actors, changed) =>
  h("ul", { class: "actors" }, actors.map((actor) =>
    h("li", { class: "actor" },
      h("div", { class: "actor-head" },
        h("h3", null, kindName(actor.kind), actor.project && h("code", { class: "hint" }, actor.project)),
        stateBadge(actor.state),
        actor.retry_after_s !== null && h("span", { class: "hint" }, actor.retry_after_s > 0 ? `tried again in ${span(actor.retry_after_s)}` : "tried again with the next request"),
        actionButtons(actor, changed)),
      actor.last_failure && h("p", { class: "actor-failure" }, icon("alert"),
        h("span", null, `${reasonText(actor.last_failure)}${actor.last_failure_at ? `, ${formatAgo(actor.last_failure_at)}` : ""}.`)),
      h("dl", { class: "actor-figures" },
        figure("Mailbox", `${actor.depth} of ${actor.capacity}`),
        figure("Most at once", formatNumber(actor.peak)),
        figure("Handled", formatNumber(actor.handled)),
        figure("Turned away", formatNumber(actor.refused)),
        figure("Failures", formatNumber(actor.failures)),
        figure("Restarts", formatNumber(actor.restarts)),
        figure("p50", duration(actor.p50_us)),
        figure("p99", duration(actor.p99_us)),
        figure("Unused for", span(actor.idle_s)),
        figure("Started", formatMoment(actor.started_at)),
        figure("Arbiter", String(actor.arbiter)),
        actor.kind === "project" && figure("Index", formatBytes(actor.memory_bytes))))));

/** @param {string} name @param {string} value */
const figure = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

/** For the list of what was done: an actor's id in words. @param {string} subject */
export function subjectText(subject) {
  const [tenant = "", kind = "", project] = subject.split(".");
  return [kindName(kind), project ? h("code", null, project) : null, " of ", h("code", null, tenant)];
}
