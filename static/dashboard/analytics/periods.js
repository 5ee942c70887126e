/** Which days a report is of. Stands in the address. */
import { h } from "../dom.js";
import { segmented } from "../parts/field.js";

/** @typedef {{ days: string } | { from: string, to: string }} Period */

/** @type {[value: string, text: string][]} */
const CHOICES = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "Year"], ["custom", "Custom"]];
/** Days of a report at most: the server's limit. */
const LONGEST = 366;
const A_DAY = /^\d{4}-\d{2}-\d{2}$/;

/** @param {URLSearchParams} query @returns {Period} */
export function readPeriod(query) {
  const [from, to, days] = [query.get("from") ?? "", query.get("to") ?? "", query.get("days") ?? ""];
  if (A_DAY.test(from) && A_DAY.test(to)) return { from, to };
  return { days: ["7", "30", "90", "365"].includes(days) ? days : "30" };
}

/** @param {Period} period */
export const asQuery = (period) => new URLSearchParams(period).toString();

/** @param {number} back days @returns {string} UTC */
const daysAgo = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

/** @param {Period} period @param {(period: Period) => void} chosen */
export function periodPicker(period, chosen) {
  const custom = "from" in period;
  const from = h("input", { class: "input", type: "date", value: custom ? period.from : daysAgo(13) });
  const to = h("input", { class: "input", type: "date", value: custom ? period.to : daysAgo(0) });
  const hint = h("p", { class: "hint", role: "status" });
  const apply = () => {
    if (from.value === "" || to.value === "") return;
    const days = (Date.parse(to.value) - Date.parse(from.value)) / 86_400_000 + 1;
    hint.textContent = days < 1 ? "The first day comes after the last." : days > LONGEST ? `Choose at most ${LONGEST} days.` : "";
    if (hint.textContent === "") chosen({ from: from.value, to: to.value });
  };
  for (const input of [from, to]) input.addEventListener("change", apply);
  const dates = h("div", { class: "period-dates", role: "group", "aria-label": "Custom period", hidden: !custom },
    h("label", null, h("span", null, "From"), from), h("label", null, h("span", null, "To"), to), hint);
  return h("div", { class: "period-picker" },
    segmented("Period", CHOICES, custom ? "custom" : period.days, (value) => {
      dates.hidden = value !== "custom";
      if (value === "custom") apply();
      else chosen({ days: value });
    }),
    dates);
}
