/** The states of an actor and the reasons it may fail, in the words of the page: the worst first. */
import { h } from "../dom.js";

/** @typedef {import("../types.js").ActorState} ActorState */

/** @type {[state: ActorState, label: string, what: string][]} */
export const STATES = [
  ["quarantined", "Quarantined", "Refuses for a while, because it failed again and again."],
  ["backing_off", "Backing off", "Failed, and waits a little before it is rebuilt."],
  ["starting", "Starting", "Is built from storage."],
  ["running", "Running", "Handles messages."],
  ["idle", "Idle", "Waits for messages."],
];

/** @param {ActorState} state */
export const label = (state) => STATES.find(([known]) => known === state)?.[1] ?? state;

/** @param {ActorState} state */
export const stateBadge = (state) => h("span", { class: `state state-${state}` }, label(state));

const KINDS = /** @type {Record<string, string>} */ ({ tenant: "Supervisor", vault: "Vault", sessions: "Sessions", project: "Project", integrations: "Integrations" });

/** @param {string} kind */
export const kindName = (kind) => KINDS[kind] ?? kind.slice(0, 1).toUpperCase() + kind.slice(1);

const REASONS = /** @type {Record<string, string>} */ ({
  panic: "It panicked",
  hang: "A message took too long and was cancelled",
  storage: "The database or the cache did not answer",
  build: "It could not be built from storage",
  work: "Work off its thread panicked",
  internal: "Something that should not be, such as sealed data that does not open",
});

/** @param {string} reason */
export const reasonText = (reason) => REASONS[reason] ?? reason;

/** Microseconds as people read them. @param {number | null} micros */
export function duration(micros) {
  if (micros === null) return "–";
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1_000_000) return `${(micros / 1000).toPrecision(micros < 10_000 ? 2 : 3).replace(/\.0$/, "")} ms`;
  return `${(micros / 1_000_000).toPrecision(3).replace(/\.?0+$/, "")} s`;
}

/** @param {number} seconds */
export function span(seconds) {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
