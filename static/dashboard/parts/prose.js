/** The little markup an answer may use, as elements: paragraphs, lists, `code` and [n] marks. Never HTML. */
import { h } from "../dom.js";

/** @typedef {(n: number) => Node | null} MakeMark */

/**
 * @param {string} text
 * @param {MakeMark} mark what stands for `[n]`; null keeps the characters
 */
export function prose(text, mark) {
  const body = h("div", { class: "prose" });
  for (const block of text.replaceAll("\r\n", "\n").split(/\n{2,}/)) {
    const lines = block.split("\n").filter((line) => line.trim() !== "");
    /** @type {{ kind: "p" | "ul" | "ol", lines: string[] }[]} */
    const runs = [];
    for (const line of lines) {
      const kind = /^\s*- /.test(line) ? "ul" : /^\s*\d+\. /.test(line) ? "ol" : "p";
      const last = runs.at(-1);
      if (last && last.kind === kind) last.lines.push(line);
      else runs.push({ kind, lines: [line] });
    }
    for (const run of runs) {
      if (run.kind === "p") {
        body.append(h("p", null, run.lines.flatMap((line, at) => [at > 0 && h("br"), ...inline(line, mark)])));
      } else {
        const items = run.lines.map((line) => h("li", null, inline(line.replace(/^\s*(- |\d+\. )/, ""), mark)));
        const first = /^\s*(\d+)\./.exec(run.lines[0] ?? "")?.[1];
        body.append(run.kind === "ul" ? h("ul", null, items) : h("ol", { start: first !== "1" && first }, items));
      }
    }
  }
  return body;
}

/** @param {string} line @param {MakeMark} mark @returns {import("../dom.js").Child[]} */
function inline(line, mark) {
  return line.split(/(`[^`]+`|\[\d{1,2}\])/).map((part) => {
    if (part.startsWith("`") && part.length > 2) return h("code", null, part.slice(1, -1));
    const n = /^\[(\d{1,2})\]$/.exec(part)?.[1];
    return n === undefined ? part : (mark(Number(n)) ?? part);
  });
}
