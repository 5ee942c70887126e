import { h, icon, unseen } from "./nodes.js";

/** What stands in a line: marks that are none stand behind a backslash. */
const MARKS = /(\\[!-/:-@[-`{-~]|`[^`\n]+`|\*\*(?:\\.|`[^`\n]+`|[^*\\`])+\*\*|\*(?:\\.|`[^`\n]+`|[^*\\`])+\*|\s*\[\d{1,3}\]|\[(?:\\.|[^\]\\])+\]\(https?:\/\/[^\s()<>]+\))/;

/**
 * The answer grammar, which the server writes: paragraphs, "- " and "1. " items, fences; `code`, strong, emphasis, links, [n]. Anything else
 * is text.
 * @param {string} text
 * @param {(n: number) => Node | null} cite makes the mark for [n]; null leaves the text alone
 * @returns {HTMLElement[]}
 */
export function prose(text, cite) {
  /** @type {HTMLElement[]} */
  const blocks = [];
  let open = /** @type {HTMLElement | null} */ (null); // The paragraph or list that the next line continues.
  let code = /** @type {HTMLElement | null} */ (null); // What the lines up to the next fence belong to.
  for (const line of text.split(/\r?\n/)) {
    const item = /^\s{0,3}(?:-|(\d{1,4})\.)\s+(\S.*)$/.exec(line);
    const within = open?.localName;
    if (line.trim() === "```") {
      if (!code) blocks.push(h("pre", { tabindex: 0 }, (code = h("code", {}))));
      else code = null;
      open = null;
    } else if (code) code.append(code.hasChildNodes() ? "\n" : "", line);
    else if (line.trim() === "") {
      if (within === "p") open = null; // A blank line between two items does not end their list.
    } else if (item) {
      const list = item[1] ? "ol" : "ul";
      if (!open || within !== list) blocks.push((open = h(list, { dir: "auto" })));
      open.append(h("li", item[1] ? { value: item[1] } : {}, ...inline(item[2] ?? "", cite)));
    } else if (open && within === "p") open.append("\n", ...inline(line, cite));
    else blocks.push((open = h("p", { dir: "auto" }, ...inline(line, cite))));
  }
  return blocks;
}

/** @param {string} line @param {(n: number) => Node | null} cite @returns {(Node | string)[]} */
function inline(line, cite) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  for (const part of line.split(MARKS)) {
    const mark = /^\s*\[(\d+)\]$/.exec(part);
    const cited = mark && cite(Number(mark[1]));
    if (cited) {
      // A mark stays on the line of the word before it.
      const before = nodes.pop() ?? "";
      const word = typeof before === "string" ? (/\S{1,24}$/.exec(before)?.[0] ?? "") : before;
      if (typeof before === "string") nodes.push(before.slice(0, before.length - String(word).length));
      nodes.push(h("span", { class: "keep" }, word, cited));
    } else {
      const last = nodes.at(-1);
      const node = marked(part, cite);
      // Together again, so that a mark finds the whole word.
      if (typeof node === "string" && typeof last === "string") nodes.splice(-1, 1, last + node);
      else nodes.push(node);
    }
  }
  return nodes;
}

/** @param {string} part @param {(n: number) => Node | null} cite @returns {Node | string} */
function marked(part, cite) {
  if (/^`[^`]+`$/.test(part)) return h("code", {}, part.slice(1, -1));
  if (/^\\.$/.test(part)) return part.slice(1);
  if (/^\*\*[^]+\*\*$/.test(part)) return h("strong", {}, ...inline(part.slice(2, -2), cite));
  if (/^\*[^]+\*$/.test(part)) return h("em", {}, ...inline(part.slice(1, -1), cite));
  const link = /^\[([^]+)\]\((https?:[^]+)\)$/.exec(part);
  const href = link && webAddress(link[2]);
  if (!href) return part;
  const label = (link[1] ?? "").replace(/\\(.)/g, "$1");
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label, icon("out"), unseen(" (in a new tab)"));
}

/** Only absolute web addresses become links. @param {unknown} link */
export function webAddress(link) {
  try {
    const url = new URL(String(link));
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
