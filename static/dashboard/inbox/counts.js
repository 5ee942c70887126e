/** How much waits for the team, in the project's navigation. */
import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { formatNumber } from "../format.js";

/** @typedef {import("../types.js").InboxCounts} InboxCounts */

/** Asked for again when a page is opened later than this. */
const FRESH = 30_000;

/** @type {{ project: string, at: number, side: HTMLElement, counts: InboxCounts | null } | null} */
let known = null;

/** Called with every page of a project. @param {string} project @param {HTMLElement} side */
export function followCounts(project, side) {
  if (known?.project !== project) known = { project, at: 0, side, counts: null };
  known.side = side;
  draw();
  if (Date.now() - known.at > FRESH) void askAgain(project);
}

/** After something was ticked off, say. @param {string} project */
export async function askAgain(project) {
  if (known?.project === project) known.at = Date.now();
  try {
    setCounts(project, await get(`/projects/${project}/inbox`));
  } catch {
    // The navigation does without.
  }
}

/** @param {string} project @param {InboxCounts} counts */
export function setCounts(project, counts) {
  if (known?.project !== project) return;
  known.counts = counts;
  known.at = Date.now();
  draw();
}

function draw() {
  if (!known) return;
  mark("conversations", known.counts?.attention ?? 0, "need attention");
  mark("todos", known.counts?.todos ?? 0, "to do");
}

/** @param {string} page @param {number} count @param {string} what */
function mark(page, count, what) {
  const link = known?.side.querySelector(`a[href="/projects/${known.project}/${page}"]`);
  if (!link) return;
  const badge = link.querySelector(".nav-count") ?? link.appendChild(h("span", { class: "nav-count" }));
  if (badge instanceof HTMLElement) badge.hidden = count === 0;
  // The space keeps the number apart from the name where both are read out.
  replace(badge, " ", count > 999 ? "999+" : formatNumber(count), h("span", { class: "sr-only" }, ` ${what}`));
}
