/** Line icons on a 20-unit grid, drawn with the text colour. Decorative: the words beside them are what is read. */
import { svg } from "../dom.js";

const PATHS = {
  overview: "M3.5 9 10 3.5 16.5 9v7a.5.5 0 0 1-.5.5h-3.5v-5h-5v5H4a.5.5 0 0 1-.5-.5z",
  documents: "M5.5 2.5h6L15 6v11a.5.5 0 0 1-.5.5h-9A.5.5 0 0 1 5 17V3a.5.5 0 0 1 .5-.5zM11.5 2.5V6H15M7.5 10h5M7.5 13h5",
  ask: "M4 3.5h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H9.5L6 17v-3.5H4a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM8 7.2a2 2 0 1 1 2.6 1.9c-.4.15-.6.4-.6.9M10 11.6v.1",
  conversations: "M3.5 3.5h9a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1H7L4 13v-2.5h-.5a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1zM16 7.5h.5a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1H16V16l-3-2.5H9",
  analytics: "M3 16.5h14M5 13.5v-4M8.5 13.5v-8M12 13.5v-5M15.5 13.5V4",
  widget: "M3.5 3.5h13a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM2.5 7h15M11 10.5h3.5v3H11z",
  voice: "M5.5 3h2.2l1.3 3.4-1.7 1.2a8.5 8.5 0 0 0 5.1 5.1l1.2-1.7 3.4 1.3v2.2a2 2 0 0 1-2.1 2A12.3 12.3 0 0 1 3.5 5.1 2 2 0 0 1 5.5 3z",
  settings: "M3 6h7M14 6h3M12 4v4M3 14h3M10 14h7M8 12v4",
  webhook: "M10 2.8a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM4.8 12.6a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM15.2 12.6a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM8.9 7.1l-3 5.6M11.1 7.1l3 5.6M7.1 14.9h5.8",
  plus: "M10 4v12M4 10h12",
  upload: "M10 13V3.5M6 7.5l4-4 4 4M3.5 13v3a.5.5 0 0 0 .5.5h12a.5.5 0 0 0 .5-.5v-3",
  download: "M10 3.5V13M6 9l4 4 4-4M3.5 13v3a.5.5 0 0 0 .5.5h12a.5.5 0 0 0 .5-.5v-3",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  alert: "M10 3 18 16.5H2zM10 8v4M10 14.2v.1",
  info: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM10 9v5M10 6.4v.1",
  copy: "M7 7h9v9.5H7zM13 7V3.5H4V13h3",
  external: "M11.5 3.5h5v5M16.5 3.5 9 11M14 11.5V16a.5.5 0 0 1-.5.5H4a.5.5 0 0 1-.5-.5V6.5A.5.5 0 0 1 4 6h4.5",
  up: "M6.5 9 9.5 3c1.2 0 2 .8 2 2v2.5h4a1 1 0 0 1 1 1.2l-1.1 6a1 1 0 0 1-1 .8H6.5zM6.5 9h-3v6.5h3",
  down: "M13.5 11 10.5 17c-1.2 0-2-.8-2-2v-2.5h-4a1 1 0 0 1-1-1.2l1.1-6a1 1 0 0 1 1-.8h7.9zM13.5 11h3V4.5h-3",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4",
  close: "M5 5l10 10M15 5 5 15",
  chevron: "M7.5 5l5 5-5 5",
  back: "M12.5 5l-5 5 5 5",
  send: "M10 16V4.5M5 9l5-5 5 5",
  stop: "M6 6h8v8H6z",
  clock: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM10 6v4.2l2.8 1.8",
  pencil: "M4 16l.8-3.4L13.5 4l2.5 2.5-8.6 8.7z",
  replace: "M4 8a6.2 6.2 0 0 1 11-2.5L16.5 7M16.5 3.5V7H13M16 12a6.2 6.2 0 0 1-11 2.5L3.5 13M3.5 16.5V13H7",
  trash: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  globe: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM2.8 10h14.4M10 2.8c2.2 2 3 4.5 3 7.2s-.8 5.2-3 7.2c-2.2-2-3-4.5-3-7.2s.8-5.2 3-7.2z",
  letterG: "M15.5 7A6 6 0 1 0 16 10.2h-5.5",
  letterA: "M4.5 16 10 4l5.5 12M6.7 11.5h6.6",
  letterN: "M5.5 16V4l9 12V4",
  link: "M8.5 11.5a3.5 3.5 0 0 0 5 0l2.5-2.5a3.5 3.5 0 0 0-5-5L10 5M11.5 8.5a3.5 3.5 0 0 0-5 0L4 11a3.5 3.5 0 0 0 5 5l1-1",
  branch: "M6 3.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM6 13.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM14 5.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM6 6.8v6.4M14 8.8c0 2.7-3.5 2.4-6.3 4.6",
  layers: "M10 3 17 6.8 10 10.6 3 6.8zM3 10l7 3.8 7-3.8M3 13.2 10 17l7-3.8",
  hash: "M7.5 3.5 6 16.5M14 3.5l-1.5 13M3.5 7.5h13.5M3 12.5h13.5",
  key: "M6.5 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM9 9.5l7-7M13.5 5l2 2",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": name === "more" ? 2.4 : 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" }),
  );
}

/** The mark: a page with an answer folded into it. */
export function mark() {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: "mark", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: "M5 3h10a6 6 0 0 1 0 12h-4l-6 6z", class: "mark-body" }),
    svg("path", { d: "M9 7.5h6.5M9 10.5h4", class: "mark-lines" }),
  );
}
