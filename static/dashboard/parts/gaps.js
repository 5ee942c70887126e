/** Questions that found no answer, grouped by what they mean: how often, when, and what to do about each. */
import { h, svg } from "../dom.js";
import { count, formatAgo, formatMoment, formatNumber } from "../format.js";
import { icon } from "./icon.js";

/** @typedef {import("../types.js").Gap} Gap */

/** Asked when, at a glance. @param {number[]} trend */
function sparkline(trend) {
  const most = Math.max(...trend, 1);
  const wide = 56 / trend.length;
  return svg("svg", { class: "sparkline", viewBox: "0 0 56 20", width: 56, height: 20, "aria-hidden": "true", focusable: "false" },
    trend.map((value, at) => svg("rect", { class: value === 0 ? "none" : "tone-unanswered", x: at * wide + 1, width: wide - 2, rx: 1, y: value === 0 ? 19 : 20 - Math.max(3, (value / most) * 20), height: value === 0 ? 1 : Math.max(3, (value / most) * 20) })));
}

/** The trend in words. @param {number[]} trend */
export function tendency(trend) {
  const half = trend.length / 2;
  const sum = (/** @type {number[]} */ some) => some.reduce((all, one) => all + one, 0);
  const [before, after] = [sum(trend.slice(0, half)), sum(trend.slice(half))];
  if (before + after < 3 || before === after) return "";
  return after > before ? "more lately" : "fewer lately";
}

/** Where the team writes what is missing. @param {string} base @param {{ question: string, message: string }} asked */
export const answerHref = (base, asked) => `${base}/curated-answers/new?${new URLSearchParams({ question: asked.question, message: asked.message })}`;

/** @param {string} base the project's address @param {Gap[]} gaps the widest first @param {number} most */
export const gapList = (base, gaps, most) =>
  h("ul", { class: "lines gaps" }, gaps.slice(0, most).map((gap) => {
    const [latest] = gap.latest;
    if (!latest) return null;
    const words = tendency(gap.trend);
    return h("li", null,
      h("div", { class: "gap-words" },
        h("a", { href: `${base}/conversations/${latest.conversation}` }, gap.question),
        h("p", { class: "hint" }, [
          "last asked ", h("time", { datetime: latest.asked_at, title: formatMoment(latest.asked_at) }, formatAgo(latest.asked_at)), words && ` · ${words}`,
        ])),
      h("div", { class: "gap-rest" },
        gap.count > 1 && sparkline(gap.trend),
        gap.count > 1 && h("span", { class: "badge badge-neutral" }, count(gap.count, "time")),
        h("a", { class: "button quiet small", href: answerHref(base, { question: gap.question, message: latest.message }), "aria-label": `Write an answer to: ${gap.question}` }, icon("pencil"), "Write an answer")),
      gap.latest.length > 1 && h("details", { class: "gap-details" },
        h("summary", null, gap.count > gap.latest.length ? `The latest ${formatNumber(gap.latest.length)} of ${formatNumber(gap.count)}` : "In which words", h("span", { class: "sr-only" }, `: ${gap.question}`)),
        h("ul", null, gap.latest.map((asked) => h("li", null,
          h("a", { href: `${base}/conversations/${asked.conversation}` }, asked.question),
          h("time", { class: "hint", datetime: asked.asked_at, title: formatMoment(asked.asked_at) }, formatAgo(asked.asked_at)))))));
  }).filter((line) => line !== null));
