/** The one way the dashboard makes elements: nodes and text, never markup, so Trusted Types has nothing to object to. */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {{ [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }} Listeners */
/** @typedef {{ on?: Listeners, [name: string]: unknown }} Attributes */

/** Attributes that only take effect on a live form control when set as properties. */
const PROPERTIES = new Set(["value", "checked", "disabled", "open", "hidden", "selected"]);

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(/** @type {Record<string, EventListener>} */ (value))) {
        element.addEventListener(event, listener);
      }
    } else if (PROPERTIES.has(name)) {
      // What is not known is left as it is: as a value, `false` would be a word in the field.
      if (value !== null && value !== undefined) Reflect.set(element, name, value);
    } else {
      setAttribute(element, name, value);
    }
  }
  append(element, children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown> | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) setAttribute(element, name, value);
  append(element, children);
  return element;
}

/** @param {Element} element @param {string} name @param {unknown} value */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {Element} parent @param {(Child | Child[])[]} children */
export function append(parent, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** @param {Element} parent @param {...(Child | Child[])} children */
export function replace(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

let counter = 0;
/** A document-wide unique id, for labels and descriptions. @param {string} prefix */
export function uid(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Addresses that came from documents or people may only lead to web pages, never run as `javascript:`. @param {string} address */
export const webAddress = (address) => (/^https?:\/\//i.test(address) ? address : null);
