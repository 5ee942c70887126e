/** Charts by the day, or by the week, drawn as SVG: one tab stop, arrow keys move between days, and a table says the same in words. */
import { h, replace, svg, uid } from "../dom.js";
import { formatLongDay, formatNumber, formatShortDay } from "../format.js";

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} tone the class that colours it
 * @property {(number | null)[]} values
 *
 * @typedef {object} Chart
 * @property {string} label
 * @property {string[]} dates
 * @property {Series[]} series
 * @property {"bars" | "line"} shape
 * @property {string} [unit] follows every value
 * @property {number} [ceiling] the top of the scale, when it is fixed
 * @property {"day" | "week"} [each] what a date stands for: itself, or the week that begins with it
 * @property {AbortSignal} signal
 */

/** @param {Chart} chart @param {string} date */
const spoken = (chart, date) => (chart.each === "week" ? `Week of ${formatLongDay(date)}` : formatLongDay(date));

const HEIGHT = 220;
const EDGE = { top: 12, right: 8, bottom: 28, left: 40 };

/** @param {Chart} chart */
export function chartFigure(chart) {
  const { dates, series, label, unit = "" } = chart;
  const captionId = uid("chart");
  const stage = h("div", { class: "chart-stage", tabindex: "0", role: "slider", "aria-label": `${label}: arrow keys move through the ${chart.each ?? "day"}s`, "aria-valuemin": 0, "aria-valuemax": dates.length - 1, "aria-valuenow": dates.length - 1 });
  const picture = svg("svg", { class: "chart", height: HEIGHT, "aria-hidden": "true", focusable: "false" });
  const tip = h("div", { class: "chart-tip", hidden: true, "aria-hidden": "true" });
  stage.append(picture, tip);
  let width = 0;
  let current = dates.length - 1;

  const say = (/** @type {number} */ at) =>
    series.map(({ name, values }) => `${name}: ${values[at] === null || values[at] === undefined ? "no data" : `${formatNumber(values[at])}${unit}`}`);
  const middle = (/** @type {number} */ at) => EDGE.left + ((width - EDGE.left - EDGE.right) / dates.length) * (at + 0.5);

  const point = (/** @type {number} */ at) => {
    current = Math.min(dates.length - 1, Math.max(0, at));
    const date = dates[current] ?? "";
    stage.setAttribute("aria-valuenow", String(current));
    stage.setAttribute("aria-valuetext", `${spoken(chart, date)}. ${say(current).join(", ")}`);
    replace(tip, h("p", { class: "chart-tip-date" }, spoken(chart, date)), series.map((one, index) =>
      h("p", null, h("i", { class: `swatch ${one.tone}` }), say(current)[index])));
    tip.hidden = false;
    // Beside the day, not on it.
    const [there, apart] = [middle(current), Math.min(40, (width - EDGE.left - EDGE.right) / dates.length / 2 + 6)];
    const right = there + apart + tip.offsetWidth <= width;
    tip.style.left = `${Math.max(0, right ? there + apart : there - apart - tip.offsetWidth)}px`;
    for (const old of picture.querySelectorAll(".at")) old.classList.remove("at");
    picture.querySelector(`[data-at="${current}"]`)?.classList.add("at");
  };
  const leave = () => {
    if (document.activeElement === stage) return;
    tip.hidden = true;
    picture.querySelector(".at")?.classList.remove("at");
  };
  stage.setAttribute("aria-valuetext", dates.length > 0 ? `${spoken(chart, dates[current] ?? "")}. ${say(current).join(", ")}` : "no data");
  stage.addEventListener("focus", () => point(current));
  stage.addEventListener("blur", leave);
  stage.addEventListener("pointerleave", leave);
  stage.addEventListener("pointermove", (event) => {
    const step = (width - EDGE.left - EDGE.right) / dates.length;
    point(Math.floor((event.clientX - stage.getBoundingClientRect().left - EDGE.left) / step));
  });
  stage.addEventListener("keydown", (event) => {
    const leap = chart.each === "week" ? 4 : 7;
    const to = { ArrowLeft: current - 1, ArrowDown: current - 1, ArrowRight: current + 1, ArrowUp: current + 1, PageDown: current - leap, PageUp: current + leap, Home: 0, End: dates.length - 1 }[event.key];
    if (event.key === "Escape") tip.hidden = true;
    if (to === undefined) return;
    event.preventDefault();
    point(to);
  });

  const observer = new ResizeObserver(([entry]) => {
    const next = Math.floor(entry?.contentRect.width ?? 0);
    if (next === 0 || next === width) return;
    width = next;
    draw(picture, chart, width, middle);
  });
  observer.observe(stage);
  chart.signal.addEventListener("abort", () => observer.disconnect());

  return h("figure", { class: "chart-figure", "aria-labelledby": captionId },
    h("figcaption", null, h("h2", { id: captionId }, label),
      h("ul", { class: "legend" }, series.map(({ name, tone }) => h("li", null, h("i", { class: `swatch ${tone}` }), name)))),
    stage,
    dataTable(chart));
}

/** @param {SVGSVGElement} picture @param {Chart} chart @param {number} width @param {(at: number) => number} middle */
function draw(picture, { dates, series, shape, unit = "", ceiling }, width, middle) {
  const sums = dates.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  const { top, step } = scale(ceiling ?? Math.max(...sums, 1));
  const floor = HEIGHT - EDGE.bottom;
  const y = (/** @type {number} */ value) => floor - (value / top) * (floor - EDGE.top);
  const room = (width - EDGE.left - EDGE.right) / dates.length;
  /** @type {Node[]} */
  const parts = [];
  for (let value = 0; value <= top; value += step) {
    parts.push(
      svg("line", { class: value === 0 ? "axis" : "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: EDGE.left - 8, y: y(value) + 4, "text-anchor": "end" }, `${formatNumber(value)}${unit === "%" ? unit : ""}`));
  }
  // As many dates as fit without touching.
  const every = Math.max(1, Math.ceil(64 / room));
  dates.forEach((date, at) => {
    if ((dates.length - 1 - at) % every !== 0) return;
    const last = at === dates.length - 1;
    parts.push(svg("text", { class: "tick", x: last ? width - EDGE.right : middle(at), y: HEIGHT - 8, "text-anchor": last ? "end" : "middle" }, formatShortDay(date)));
  });
  parts.push(...(shape === "bars" ? bars() : line()));
  replace(picture, parts);
  picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  picture.setAttribute("width", String(width));

  function bars() {
    const thick = Math.max(2, Math.min(28, room * 0.62));
    return dates.map((_, at) => {
      let from = 0;
      const stack = series.map(({ values, tone }) => {
        const value = values[at] ?? 0;
        const bar = svg("rect", { class: tone, x: middle(at) - thick / 2, width: thick, y: y(from + value), height: Math.max(0, y(from) - y(from + value) - (from > 0 && value > 0 ? 1 : 0)), rx: Math.min(2, thick / 4) });
        from += value;
        return bar;
      });
      return svg("g", { class: "column", "data-at": at }, svg("rect", { class: "hit", x: middle(at) - room / 2, width: room, y: EDGE.top, height: floor - EDGE.top }), stack);
    });
  }

  function line() {
    return series.flatMap(({ values, tone }) => {
      let path = "";
      values.forEach((value, at) => {
        if (value === null) return;
        // A day without data interrupts the line instead of dropping it to zero.
        path += `${path === "" || values[at - 1] === null ? "M" : "L"}${middle(at)} ${y(value)}`;
      });
      return [
        svg("path", { class: `curve ${tone}`, d: path === "" ? "M0 0" : path }),
        ...values.flatMap((value, at) => (value === null ? [] : [svg("g", { class: "column", "data-at": at }, svg("circle", { class: `dot ${tone}`, cx: middle(at), cy: y(value), r: dates.length > 40 ? 2 : 3.5 }))])),
      ];
    });
  }
}

/** Round steps, four or so of them. @param {number} most */
export function scale(most) {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = Math.max(1, ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough && Number.isInteger(factor * power)) ?? 10) * power);
  return { step, top: Math.ceil(most / step) * step };
}

/** @param {Chart} chart */
function dataTable(chart) {
  const { dates, series, label, unit = "" } = chart;
  return h("details", { class: "chart-data" },
    h("summary", null, "Show as table"),
    h("div", { class: "chart-table", tabindex: "0", role: "region", "aria-label": `${label}, as a table` },
      h("table", { class: "table plain" },
        h("thead", null, h("tr", null, h("th", { scope: "col" }, chart.each === "week" ? "Week" : "Day"), series.map(({ name }) => h("th", { scope: "col", class: "cell-number" }, name)))),
        h("tbody", null, dates.map((date, at) => h("tr", null,
          h("th", { scope: "row" }, spoken(chart, date)),
          series.map(({ values }) => h("td", { class: "cell-number" }, values[at] === null || values[at] === undefined ? "–" : `${formatNumber(values[at])}${unit}`))))))));
}
