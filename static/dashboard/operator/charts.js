/** Small charts of the last quarter of an hour: a line, its latest value, and the same in words for those who do not see it. */
import { h, replace, svg } from "../dom.js";
import { formatNumber } from "../format.js";
import { duration } from "./states.js";

/** @typedef {import("../types.js").ActorSample} ActorSample */

const POINTS = 180;
const HEIGHT = 48;

/** @type {{ title: string, tone: string, value: (sample: ActorSample) => number | null, text: (value: number) => string }[]} */
const CHARTS = [
  { title: "Messages per second", tone: "tone-messages", value: (sample) => sample.handled / sample.seconds, text: (value) => formatNumber(Math.round(value * 10) / 10) },
  { title: "Handling time, p99", tone: "tone-times", value: (sample) => sample.p99_us, text: duration },
  { title: "Failures", tone: "tone-failures", value: (sample) => sample.failures, text: formatNumber },
];

export function charts() {
  /** @type {ActorSample[]} */
  let samples = [];
  const drawn = CHARTS.map((chart) => ({ chart, slot: h("figure", { class: "card small-chart" }) }));
  const draw = () => {
    for (const { chart, slot } of drawn) figure(slot, chart, samples);
  };
  return {
    element: h("div", { class: "small-charts" }, drawn.map(({ slot }) => slot)),
    /** @param {ActorSample[]} history */
    set(history) {
      samples = history.slice(-POINTS);
      draw();
    },
    /** @param {ActorSample} latest */
    add(latest) {
      if (samples.at(-1)?.at === latest.at) return;
      samples = [...samples, latest].slice(-POINTS);
      draw();
    },
  };
}

/** @param {HTMLElement} slot @param {typeof CHARTS[number]} chart @param {ActorSample[]} samples */
function figure(slot, { title, tone, value, text }, samples) {
  const values = samples.map(value);
  const known = values.filter((one) => one !== null);
  const top = Math.max(...known, 0);
  const latest = values.at(-1) ?? null;
  const minutes = Math.max(1, Math.round(samples.reduce((sum, sample) => sum + sample.seconds, 0) / 60));
  const said = known.length === 0 ? "nothing yet" : `${latest === null ? "nothing" : text(latest)} now, at most ${text(top)} in the last ${minutes} min`;
  replace(slot,
    h("figcaption", null, h("span", null, title), h("strong", null, latest === null ? "–" : text(latest))),
    svg("svg", { class: "line-chart", viewBox: `0 0 ${POINTS - 1} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${said}` },
      svg("path", { class: "line-floor", d: `M0 ${HEIGHT - 1}H${POINTS - 1}` }),
      svg("path", { class: `line ${tone}`, d: path(values, top) })),
    h("p", { class: "hint" }, known.length === 0 ? "Figures come every five seconds." : `At most ${text(top)} in ${minutes} min`));
}

/** The latest at the right edge; where nothing was handled the line is interrupted. @param {(number | null)[]} values @param {number} top */
function path(values, top) {
  let drawn = "M0 0";
  let pen = false;
  values.forEach((value, at) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = POINTS - values.length + at;
    const y = top === 0 ? HEIGHT - 1 : HEIGHT - 1 - (value / top) * (HEIGHT - 4);
    drawn += `${pen ? "L" : "M"}${x} ${y.toFixed(1)}`;
    // A single figure is a dot, not nothing.
    if (!pen) drawn += "h0.01";
    pen = true;
  });
  return drawn;
}
