/** What changed from one text to another, word by word. */
import { h } from "../dom.js";

/** @typedef {{ kind: "same" | "gone" | "new", text: string }} Part */

/** Longer texts are shown whole, old and new: comparing takes the product of their lengths. */
const MOST = 2_000_000;

/** @param {string} before @param {string} after @returns {Part[]} */
export function difference(before, after) {
  const [a, b] = [before, after].map((text) => text.match(/\s+|[^\s]+/g) ?? []);
  if (!a || !b) return [];
  if (a.length * b.length > MOST) return [{ kind: "gone", text: before }, { kind: "new", text: after }];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  /** @type {Part[]} */
  const parts = [];
  const add = (/** @type {Part["kind"]} */ kind, /** @type {string | undefined} */ text = "") => {
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) add("same", a[(j += 1, i++)]);
    else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) add("gone", a[i++]);
    else add("new", b[j++]);
  }
  return parts;
}

/** @param {string} before @param {string} after */
export const changes = (before, after) =>
  h("p", { class: "diff" }, difference(before, after).map(({ kind, text }) =>
    kind === "same" ? text : kind === "gone"
      ? h("del", null, h("span", { class: "sr-only" }, " removed: "), text)
      : h("ins", null, h("span", { class: "sr-only" }, " added: "), text)));

/** A revision as the text that is compared. @param {import("../types.js").CuratedContent} content */
export const asText = ({ questions, text, links }) =>
  [...questions.map((question) => `Question: ${question}`), "", text, ...(links.length > 0 ? [""] : []), ...links.map(({ title, url }) => `Link: ${title} ${url}`)].join("\n");
