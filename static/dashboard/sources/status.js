/** How a source stands: a badge, what it is doing in words, and how far it is. */
import { h, replace } from "../dom.js";
import { formatAgo, formatMoment, formatNumber, formatUntil } from "../format.js";
import { icon } from "../parts/icon.js";
import { explainSync, KINDS, things, whom } from "./words.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {{ tone: string, picture: import("../parts/icon.js").IconName, label: string, detail: string, bar: { done: number, total: number } | null }} Standing */

/** Whether something is being done for it, or is about to be. @param {Source} source */
export const isBusy = ({ state, sync }) => state === "leaving" || sync.phase !== "idle" || (sync.waiting && state === "active");

/** @param {number} seconds */
function left(seconds) {
  if (seconds < 50) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes} ${minutes === 1 ? "minute" : "minutes"} left`;
  const hours = Math.round(minutes / 60);
  return `about ${hours} ${hours === 1 ? "hour" : "hours"} left`;
}

/** @param {Source} source @param {number} [now] @returns {Standing} */
export function standing(source, now = Date.now()) {
  const { kind, state, sync } = source;
  const { done, total } = sync;
  const bar = { done: Math.min(done, total), total };
  if (state === "leaving") return { tone: "neutral", picture: "clock", label: "Being removed", detail: "Nothing is fetched any more. The receipt is under Connections.", bar: null };
  if (state === "reconnect") return { tone: "danger", picture: "alert", label: "Connect again", detail: `${whom(source)} does not accept the access any more.`, bar: null };
  if (sync.wait_until !== null) {
    const until = `${formatMoment(sync.wait_until)}, ${formatUntil(sync.wait_until, now)}`;
    return { tone: "warning", picture: "clock", label: "Waiting", detail: `Waits for ${source.kind === "website" ? "the website" : whom(source)} until ${until}.`, bar: sync.phase === "fetching" ? bar : null };
  }
  switch (sync.phase) {
    case "listing":
      return { tone: "info", picture: "clock", label: `Looking for ${KINDS[kind].things[1]}`, detail: total > 0 ? `${formatNumber(total)} found so far` : "", bar: null };
    case "fetching":
      return { tone: "info", picture: "clock", label: "Reading", detail: `${formatNumber(bar.done)} of ${things(kind, total)}${sync.eta_s === null ? "" : `, ${left(sync.eta_s)}`}`, bar };
    case "removing":
      return { tone: "info", picture: "clock", label: "Removing what is gone", detail: "", bar: null };
    case "idle":
      if (sync.waiting || sync.finished_at === null) return { tone: "neutral", picture: "clock", label: "Starts in a moment", detail: "", bar: null };
      if (sync.problem !== null) return { tone: "danger", picture: "alert", label: "Last sync failed", detail: explainSync(source, sync.problem), bar: null };
      return { tone: "good", picture: "check", label: "Up to date", detail: "", bar: null };
  }
}

/**
 * Drawn anew only where something changed, so that looking again and again takes nobody's focus and is not read out each time.
 * @param {Source} first
 */
export function syncStatus(first) {
  const badge = h("p");
  const detail = h("p", { class: "hint" });
  const bar = h("progress", { max: 1, value: 0, hidden: true });
  const when = h("p", { class: "hint" });
  const element = h("div", { class: "sync-status" }, badge, bar, detail, when);
  let drawn = "";

  /** @param {Source} source */
  function update(source) {
    const now = standing(source);
    const face = `${now.tone} ${now.label}`;
    if (face !== drawn) replace(badge, h("span", { class: `badge badge-${now.tone}` }, icon(now.picture), now.label));
    drawn = face;
    detail.textContent = now.detail;
    detail.hidden = now.detail === "";
    bar.hidden = now.bar === null;
    bar.setAttribute("aria-label", `Sync of ${source.name}`);
    if (now.bar) Object.assign(bar, { max: Math.max(now.bar.total, 1), value: now.bar.done });
    const { finished_at: last, due_at: next } = source.sync;
    const quiet = !isBusy(source) && source.state === "active";
    when.hidden = last === null || source.state === "leaving";
    if (last !== null) {
      replace(when, "Last sync ", h("time", { datetime: last, title: formatMoment(last) }, formatAgo(last)),
        quiet && next !== null && [", next ", h("time", { datetime: next, title: formatMoment(next) }, formatUntil(next))]);
    }
  }
  update(first);
  return { element, update };
}
