/**
 * A rough, honest estimate of a password, for advice only: the server decides. It counts what a guesser has to guess: a context word, a
 * repetition, a row of keys, a year and a common word are next to nothing; it rather says too little than too much.
 */
import { COMMON, ROWS } from "./strength-words.js";

export const SHORTEST = 12;

/** Digits of the number of guesses from which a password is fair, good and strong. */
const [FAIR, GOOD, STRONG] = [6, 10, 13];
/** Letters in one go are a saying or a name more often than chance, and many such were in breaches. */
const MOST_OF_A_RUN = 6;
/** Stands where something was that is accounted for. */
const GONE = "\0";

/**
 * @param {string} password
 * @param {string[]} known words a guesser would try first, such as the email
 * @param {number} [shortest] what the workspace asks for
 * @returns {{ score: 0 | 1 | 2 | 3 | 4, advice: string }}
 */
export function strength(password, known, shortest = SHORTEST) {
  const missing = shortest - [...password].length;
  if (password === "") return { score: 0, advice: `At least ${shortest} characters. A few unrelated words work well.` };
  if (missing > 0) return { score: 1, advice: `${missing} more ${missing === 1 ? "character" : "characters"} needed.` };
  const lower = password.toLowerCase();
  const words = contextWords(known);
  const rest = words.reduce((left, word) => left.replaceAll(word, GONE), lower);
  const local = known.find((word) => word.includes("@"))?.split("@")[0]?.toLowerCase() ?? "";
  if (rest !== lower && (letters(rest).length < 6 || (local.length > 5 && lower.includes(local)))) {
    return { score: 1, advice: "Leave out your email and workspace name." };
  }
  const digits = guesses(rest, password);
  if (digits < FAIR) return { score: 1, advice: "Easy to guess. Avoid common words, rows of keys, years and repetition." };
  if (digits < GOOD) return { score: 2, advice: "Fair. One or two more unrelated words make it stronger." };
  if (digits < STRONG) return { score: 3, advice: "Good." };
  return { score: 4, advice: "Strong." };
}

/** @param {string} text */
const letters = (text) => text.replace(/[^\p{L}\p{N}]/gu, "");

/** Whole, in words, and run together, the longest first. @param {string[]} known */
function contextWords(known) {
  const all = ["pernoex", ...known.map((text) => text.trim().toLowerCase())].flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u), letters(text)]);
  return [...new Set(all)].filter((word) => word.length > 3).sort((a, b) => b.length - a.length);
}

/** Digits of the number of guesses. @param {string} rest without what is known, in small letters @param {string} typed */
function guesses(rest, typed) {
  // P@ssw0rd is the word it looks like.
  const plain = rest.replace(/(?<=\p{L})[013457@$!]{1,2}(?=\p{L})/gu, (signs) => [...signs].map((sign) => LOOKS[sign] ?? sign).join(""));
  // Both readings: a row of keys such as q1w2e3 is none in letters alone.
  return Math.min(count(rest, typed), count(plain, typed));
}

/** @type {Record<string, string>} */
const LOOKS = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", "@": "a", $: "s", "!": "i" };

/** @param {string} text @param {string} typed */
function count(text, typed) {
  let total = 0;
  let left = "";
  for (let at = 0; at < text.length;) {
    const [size, cost] = text[at] === GONE ? [1, 0.5] : pattern(text, at);
    total += cost;
    left += size > 0 ? GONE : text[at];
    at += Math.max(size, 1);
  }
  let signs = 0;
  for (const part of left.match(/\p{L}+|\p{N}+|[^\p{L}\p{N}]/gu) ?? []) {
    if (/\p{L}/u.test(part)) total += run(part, typed);
    else if (/\p{N}/u.test(part)) total += part.length * 0.8;
    else if (part !== GONE) total += part === " " ? 0.2 : (signs += 1) <= 4 ? 0.7 : 1;
  }
  return total;
}

/** What begins at a place that is quickly guessed: how long it is, and the digits of its guesses. @param {string} text @param {number} at @returns {[size: number, cost: number]} */
function pattern(text, at) {
  let again = 0;
  while (at + again < text.length && text.indexOf(text.slice(at, at + again + 1)) < at) again += 1;
  if (again >= 3) return [again, 0.5];
  const same = /^(.)\1{2,}/u.exec(text.slice(at))?.[0].length ?? 0;
  if (same > 0) return [same, 0.5];
  let row = 0;
  while (at + row < text.length && ROWS.some((keys) => keys.includes(text.slice(at, at + row + 1)))) row += 1;
  if (row >= 3) return [row, 0.5];
  if (/^(19|20)\d\d/.test(text.slice(at))) return [4, 0.5];
  return [0, 0];
}

/** Letters in one go: common words in them, and what is between. @param {string} text @param {string} typed */
function run(text, typed) {
  if (isChance(text, typed)) return text.length * 0.9;
  let total = 0;
  let unknown = 0;
  const close = () => {
    total += Math.min(unknown, 4) + Math.max(unknown - 8, 0) * 0.5;
    unknown = 0;
  };
  for (let at = 0; at < text.length;) {
    let size = Math.min(13, text.length - at);
    // A short one is a word only where it stands alone.
    while (size > 0 && !(COMMON.has(text.slice(at, at + size)) && (size > 3 || size === text.length))) size -= 1;
    if (size > 0) {
      close();
      total += 1.5;
    } else unknown += 1;
    at += Math.max(size, 1);
  }
  close();
  return Math.min(total, MOST_OF_A_RUN);
}

/** Whether no language has such a word: many changes of case, or consonants alone for long. @param {string} text @param {string} typed */
function isChance(text, typed) {
  const at = typed.toLowerCase().indexOf(text);
  const written = at < 0 ? text : typed.slice(at, at + text.length);
  let changes = 0;
  for (let i = 2; i < written.length; i += 1) if (/\p{Lu}/u.test(written[i] ?? "") !== /\p{Lu}/u.test(written[i - 1] ?? "")) changes += 1;
  return changes * 2.5 >= written.length || /[bcdfghjklmnpqrstvwxz]{6}/.test(text);
}
