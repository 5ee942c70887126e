/** Grey shapes in the place of what is loading, so that nothing jumps when it comes. */
import { h } from "../dom.js";

/** @param {"page" | "rows" | "cards" | "tiles" | "form" | "text" | "chart"} kind */
export function skeleton(kind) {
  const lines = { page: 6, rows: 6, cards: 3, tiles: 4, form: 4, text: 8, chart: 1 }[kind];
  const shapes = Array.from({ length: lines }, () => h("span", { class: "skeleton-shape" }));
  return h("div", { class: `skeleton skeleton-${kind}` }, h("span", { class: "sr-only" }, "Loading"), shapes);
}
