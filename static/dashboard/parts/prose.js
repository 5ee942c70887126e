/**
 * The closed set of marks that a text may use, as elements: paragraphs, lists, code, and [n]; in answers, which the server writes, also
 * strong, emphasis and links. Never HTML.
 */
import { h, webAddress } from "../dom.js";

/** @typedef {(n: number) => Node | null} MakeMark */

/** What stands in a line of an answer. Marks that are none stand behind a backslash. */
const ANSWER = /(\\[!-/:-@[-`{-~]|`[^`\n]+`|\*\*(?:\\.|`[^`\n]+`|[^*\\`])+\*\*|\*(?:\\.|`[^`\n]+`|[^*\\`])+\*|\[\d{1,3}\]|\[(?:\\.|[^\]\\])+\]\(https?:\/\/[^\s()<>]+\))/;
const PLAIN = /(`[^`]+`|\[\d{1,2}\])/;

/**
 * @param {string} text
 * @param {MakeMark} mark what stands for `[n]`; null keeps the characters
 * @param {{ answer?: boolean }} [options] answer: it is one, and not a passage of a document
 */
export function prose(text, mark, { answer = false } = {}) {
  const body = h("div", { class: "prose" });
  /** @type {string[]} */
  let block = [];
  /** @type {string[] | null} the lines of code since its fence */
  let code = null;
  const end = () => {
    body.append(...blocks(block, mark, answer));
    block = [];
  };
  for (const line of text.replaceAll("\r\n", "\n").split("\n")) {
    if (line.trim() === "```") {
      if (code) body.append(h("pre", { tabindex: "0" }, h("code", null, code.join("\n"))));
      else end();
      code = code ? null : [];
    } else if (code) code.push(line);
    else if (line.trim() === "") end();
    else block.push(line);
  }
  end();
  if (code?.length) body.append(h("pre", { tabindex: "0" }, h("code", null, code.join("\n"))));
  return body;
}

/** The words of an answer alone, to be read out or shown in a line. @param {string} text */
export const words = (text) =>
  [...prose(text, () => h("span"), { answer: true }).querySelectorAll("p, li, pre")].map((part) => (part.textContent ?? "").trim()).join(" ");

/** Lists and paragraphs of lines without a blank one between. @param {string[]} lines @param {MakeMark} mark @param {boolean} answer */
function blocks(lines, mark, answer) {
  /** @type {{ kind: "p" | "ul" | "ol", lines: string[] }[]} */
  const runs = [];
  for (const line of lines) {
    const kind = /^\s*- /.test(line) ? "ul" : /^\s*\d+\. /.test(line) ? "ol" : "p";
    const last = runs.at(-1);
    if (last && last.kind === kind) last.lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs.map((run) => {
    if (run.kind === "p") return h("p", null, run.lines.flatMap((line, at) => [at > 0 && h("br"), ...inline(line, mark, answer)]));
    const items = run.lines.map((line) => h("li", null, inline(line.replace(/^\s*(- |\d+\. )/, ""), mark, answer)));
    const first = /^\s*(\d+)\./.exec(run.lines[0] ?? "")?.[1];
    return run.kind === "ul" ? h("ul", null, items) : h("ol", { start: first !== "1" && first }, items);
  });
}

/** @param {string} line @param {MakeMark} mark @param {boolean} answer @returns {import("../dom.js").Child[]} */
function inline(line, mark, answer) {
  return line.split(answer ? ANSWER : PLAIN).map((part) => {
    if (part.startsWith("`") && part.length > 2) return h("code", null, part.slice(1, -1));
    const n = /^\[(\d{1,3})\]$/.exec(part)?.[1];
    if (n !== undefined) return mark(Number(n)) ?? part;
    if (!answer) return part;
    if (/^\\./.test(part) && part.length === 2) return part.slice(1);
    if (/^\*\*[^]+\*\*$/.test(part)) return h("strong", null, inline(part.slice(2, -2), mark, true));
    if (/^\*[^]+\*$/.test(part)) return h("em", null, inline(part.slice(1, -1), mark, true));
    const link = /^\[([^]+)\]\((https?:[^]+)\)$/.exec(part);
    const address = link && webAddress(link[2] ?? "");
    return address ? outward(address, (link[1] ?? "").replace(/\\(.)/g, "$1")) : part;
  });
}

/** @param {string} address @param {string} label */
const outward = (address, label) =>
  h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label, h("span", { class: "sr-only" }, " (opens in a new tab)"));
