import { h } from "./nodes.js";

/**
 * The answer grammar: paragraphs, "- " and "1. " items, `code`, [n]. Anything else is text.
 * @param {string} text
 * @param {(n: number) => Node | null} cite makes the mark for [n]; null leaves the text alone
 * @returns {HTMLElement[]}
 */
export function prose(text, cite) {
  /** @type {HTMLElement[]} */
  const blocks = [];
  let open = /** @type {HTMLElement | null} */ (null); // The paragraph or list that the next line continues.
  for (const line of text.split(/\r?\n/)) {
    const item = /^\s{0,3}(?:-|(\d{1,4})\.)\s+(\S.*)$/.exec(line);
    const within = open?.localName;
    if (line.trim() === "") {
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
  for (const part of line.split(/(`[^`]+`|\s*\[\d{1,3}\])/)) {
    const mark = /^\s*\[(\d+)\]$/.exec(part);
    const cited = mark && cite(Number(mark[1]));
    if (cited) {
      // A mark stays on the line of the word before it.
      const before = nodes.pop() ?? "";
      const word = typeof before === "string" ? (/\S{1,24}$/.exec(before)?.[0] ?? "") : before;
      if (typeof before === "string") nodes.push(before.slice(0, before.length - String(word).length));
      nodes.push(h("span", { class: "keep" }, word, cited));
    } else nodes.push(/^`[^`]+`$/.test(part) ? h("code", {}, part.slice(1, -1)) : part);
  }
  return nodes;
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
