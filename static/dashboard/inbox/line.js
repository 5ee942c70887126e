/** A conversation as a line of the inbox. */
import { h } from "../dom.js";
import { count, formatAgo, formatMoment } from "../format.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../types.js").ConversationSummary} ConversationSummary */

/** @type {Record<ConversationSummary["channel"], string>} */
export const CHANNELS = { widget: "Widget", dashboard: "Dashboard", slack: "Slack", voice: "Voice" };

/** Where it was asked: the page, or at least the website. @param {ConversationSummary} item */
export function place(item) {
  const address = item.page ?? item.origin;
  if (!address) return CHANNELS[item.channel];
  try {
    const { host, pathname } = new URL(address);
    return pathname === "/" ? host : `${host}${pathname}`;
  } catch {
    return address;
  }
}

/** Whoever asked, if a website said who that is. @param {ConversationSummary} item */
export const personName = (item) => item.person && (item.person.name ?? item.person.mail ?? item.person.id);

/** @param {ConversationSummary} item */
export function marks(item) {
  return [
    item.handed_over_at !== null && h("span", { class: "badge badge-info" }, icon("conversations"), "Asked for a person"),
    item.unanswered > 0 && h("span", { class: "badge badge-warning" }, icon("alert"), `${item.unanswered} unanswered`),
    item.helpful > 0 && h("span", { class: "badge badge-good" }, icon("up"), `${item.helpful} helpful`),
    item.unhelpful > 0 && h("span", { class: "badge badge-danger" }, icon("down"), `${item.unhelpful} not helpful`),
    item.state === "resolved" && h("span", { class: "badge badge-neutral" }, icon("check"), "Resolved"),
  ];
}

/** The words that were looked for, marked. @param {string} text @param {string[]} words */
export function marked(text, words) {
  const found = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).filter(Boolean);
  if (found.length === 0) return [text];
  const parts = text.split(new RegExp(`(${found.join("|")})`, "giu"));
  return parts.map((part, at) => (at % 2 === 1 ? h("mark", null, part) : part));
}

/** @param {string} base the inbox's address @param {ConversationSummary} item @param {string[]} words that were looked for */
export function conversationLine(base, item, words) {
  const asked = item.channel === "voice" && item.questions === 0 ? "call" : count(item.questions, "question");
  const who = personName(item);
  return h("li", { class: item.state === "resolved" ? "conversation resolved" : "conversation" },
    h("div", { class: "conversation-words" },
      h("a", { href: `${base}/${item.id}`, class: "cover" }, item.title),
      item.excerpt && item.excerpt.text !== item.title && h("p", { class: "found" }, marked(item.excerpt.text, words)),
      h("p", { class: "hint" }, [
        who && `${who} · `, place(item), " · ", asked, " · ",
        h("time", { datetime: item.last_at, title: formatMoment(item.last_at) }, formatAgo(item.last_at)),
        item.assignee && ` · ${item.assignee.email ?? "somebody who left"} sees to it`,
      ])),
    h("div", { class: "conversation-marks" }, marks(item)));
}
