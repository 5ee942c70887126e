/** How much of a plan is used: a bar each, that says so in words too. */
import { get } from "../api.js";
import { h, uid } from "../dom.js";
import { count, formatNumber } from "../format.js";
import { notice } from "../parts/notice.js";

/** @typedef {import("../types.js").Meter} Meter */
/** @typedef {import("../types.js").Usage} Usage */
/** @typedef {import("../types.js").Session} Session */

/** @type {Record<Meter, string>} */
export const METERS = { projects: "Projects", members: "Members and open invitations", documents: "Documents", answers: "Answers this month" };

/** @type {Record<Meter, (value: number) => string>} as parts of a sentence */
const THINGS = {
  projects: (value) => count(value, "project"),
  members: (value) => count(value, "member"),
  documents: (value) => count(value, "document"),
  answers: (value) => `${count(value, "answer")} a month`,
};

/** @param {{ meter: Meter, limit: number | null }} room */
export const room = ({ meter, limit }) => (limit === null ? `Any number of ${meter}` : THINGS[meter](limit));

/** @param {Usage["meters"][number]} reading */
export function meter({ meter: what, used, limit, near }) {
  const id = uid("meter");
  const words = limit === null ? `${formatNumber(used)}, no limit` : `${formatNumber(used)} of ${formatNumber(limit)}`;
  const full = limit !== null && used >= limit;
  const bar = limit !== null && h("div", {
    class: full ? "meter meter-full" : near ? "meter meter-near" : "meter",
    role: "meter", "aria-labelledby": id, "aria-valuemin": 0, "aria-valuemax": Math.max(limit, used, 1), "aria-valuenow": used, "aria-valuetext": words,
  }, h("span", { class: "meter-fill" }));
  if (bar) /** @type {HTMLElement} */ (bar.firstElementChild).style.inlineSize = `${Math.min(100, limit === 0 ? 100 : (used / (limit ?? 1)) * 100)}%`;
  return h("li", { class: "meter-row" },
    h("div", { class: "meter-words" }, h("span", { id }, METERS[what]), h("span", { class: "meter-value" }, words)),
    bar,
    full ? h("p", { class: "hint meter-said" }, limit !== null && used > limit ? "More than the plan has room for. Nothing is deleted, and no more can be added." : "All used.")
      : near && h("p", { class: "hint meter-said" }, "More than 80 % are used."));
}

/** What is nearly or wholly used up, for those who would meet the limit. @param {Session} session @param {HTMLElement} outlet @param {AbortSignal} signal */
export async function usageNotice(session, outlet, signal) {
  /** @type {Usage} */
  let usage;
  try {
    usage = await get("/billing/usage", signal);
  } catch {
    // It is a remark: the page is there without it.
    return;
  }
  const near = usage.meters.filter((reading) => reading.near);
  if (signal.aborted || (near.length === 0 && !usage.reduced)) return;
  const full = near.filter(({ used, limit }) => limit !== null && used >= limit);
  const lines = near.map(({ meter: what, used, limit }) => `${METERS[what]}: ${formatNumber(used)} of ${formatNumber(limit ?? 0)}`);
  const owner = session.role === "owner";
  outlet.before(h("div", { class: "unverified usage-notice" }, notice(full.length > 0 || usage.reduced ? "warning" : "info", [
    usage.reduced && h("p", null, `A payment is due: until it is made, the limits of the plan ${usage.plan} hold.`),
    lines.length > 0 && h("p", null, `${full.length > 0 ? "A limit of the plan is reached" : "The plan is nearly used up"} (${usage.plan}). ${lines.join(". ")}.`),
    full.some(({ meter: what }) => what === "answers") && h("p", null, "Visitors are told that there is no answer at the moment."),
    owner ? h("a", { href: "/workspace/billing" }, "Open billing") : h("p", { class: "hint" }, "An owner of the workspace can choose a larger plan."),
  ])));
}
