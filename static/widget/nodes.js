/** Nodes, one by one and never from markup: the page may demand Trusted Types. */
const ICONS = {
  chat: "M6 4.5h12a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-6.2L7 20.5v-4H6a3 3 0 0 1-3-3v-6a3 3 0 0 1 3-3ZM8 9h8M8 12.3h5",
  close: "m6.5 6.5 11 11m0-11-11 11",
  down: "m6 9.5 6 6 6-6",
  send: "M12 18.5v-13m-5.5 5.5L12 5.5l5.5 5.5",
  stop: "M8 7.5h8a.5.5 0 0 1 .5.5v8a.5.5 0 0 1-.5.5H8a.5.5 0 0 1-.5-.5V8a.5.5 0 0 1 .5-.5Z",
  thumb: "M7.5 11v9M7.5 11l3.6-7a2.3 2.3 0 0 1 2.3 2.3V9.5h4.7a2 2 0 0 1 2 2.3l-1 6.5a2 2 0 0 1-2 1.7H5.5a1.5 1.5 0 0 1-1.5-1.5v-6A1.5 1.5 0 0 1 5.5 11h2Z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8a7.5 7.5 0 0 1 15 0",
  fresh: "M4.5 19.5h3.2L19 8.2 15.8 5 4.5 16.3v3.2ZM13.5 19.5h6",
  out: "M14 5h5v5m0-5-8 8m6.5 1.5V18a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V7.5a1 1 0 0 1 1-1h3.5",
};

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | ((event: Event) => void)>} [attributes] a function is a listener, `true` an empty attribute, `false` and `null` none
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  if (name === "stop") picture.setAttribute("class", "square");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

/** Text for screen readers only. @param {string} text */
export const unseen = (text) => h("span", { class: "sr" }, text);

let ids = 0;
/** An id that no other node of this page's widgets has. @param {string} prefix */
export const newId = (prefix) => `${prefix}-${(ids += 1)}`;
