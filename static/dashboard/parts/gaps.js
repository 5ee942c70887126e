/** Questions that found no answer: each leads to its latest conversation, and to the Ask page for another try. */
import { h } from "../dom.js";
import { formatAgo, formatMoment, formatNumber } from "../format.js";

/** @typedef {import("../types.js").Analytics["unanswered"][number]} Gap */

/** The same question of several visitors is one gap, the latest first. @param {Gap[]} gaps @returns {{ latest: Gap, times: number }[]} */
export function distinctGaps(gaps) {
  /** @type {Map<string, { latest: Gap, times: number }>} */
  const byWords = new Map();
  for (const gap of gaps) {
    const words = gap.question.trim().replace(/\s+/g, " ").replace(/[?.! ]+$/, "").toLowerCase();
    const known = byWords.get(words);
    if (known) known.times += 1;
    else byWords.set(words, { latest: gap, times: 1 });
  }
  return [...byWords.values()];
}

/** @param {string} base the project's address @param {Gap[]} gaps the latest first @param {number} most */
export const gapList = (base, gaps, most) =>
  h("ul", { class: "lines gaps" }, distinctGaps(gaps).slice(0, most).map(({ latest, times }) =>
    h("li", null,
      h("a", { href: `${base}/conversations/${latest.conversation}` }, latest.question),
      h("span", { class: "gap-rest" },
        // The server sends the latest few, so this is not all there ever were.
        times > 1 && h("span", { class: "badge badge-neutral" }, `${formatNumber(times)} times lately`),
        h("time", { class: "hint", datetime: latest.asked_at, title: formatMoment(latest.asked_at) }, formatAgo(latest.asked_at)),
        h("a", { class: "hint", href: `${base}/ask?${new URLSearchParams({ q: latest.question })}`, "aria-label": `Ask again: ${latest.question}` }, "Ask again")))));
