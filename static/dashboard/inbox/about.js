/** Who asked, and where. */
import { h, webAddress } from "../dom.js";
import { count, formatMoment } from "../format.js";
import { icon } from "../parts/icon.js";
import { agentName } from "../voice/words.js";
import { CHANNELS, personName, place } from "./line.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** @param {string} list the inbox's address @param {Conversation} conversation */
export function aboutPanel(list, conversation) {
  const { person, visitor } = conversation;
  const address = webAddress(conversation.page ?? conversation.origin ?? "");
  const called = conversation.channel === "voice" && conversation.questions === 0;
  /** @type {[name: string, value: import("../dom.js").Child | import("../dom.js").Child[]][]} */
  const facts = [
    ["Asked in", conversation.call ? `Call taken by ${agentName(conversation.call.provider)}` : CHANNELS[conversation.channel]],
    ["Page", address && h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, place(conversation), icon("external"), h("span", { class: "sr-only" }, "(opens in a new tab)"))],
    ["Person", personName(conversation)],
    ["Email", person?.mail && person.mail !== personName(conversation) ? person.mail : null],
    ["Their id", person && person.id !== personName(conversation) ? h("code", null, person.id) : null],
    ["Began", formatMoment(conversation.started_at)],
    ["Latest", formatMoment(conversation.last_at)],
    ["Questions", called ? null : count(conversation.questions, "question")],
    ["Visitor", visitor && h("a", { href: `${list}?visitor=${visitor}` }, "All of their conversations")],
  ];
  return h("section", { class: "card panel", "aria-labelledby": "about" },
    h("header", { class: "panel-head" }, h("h2", { id: "about" }, "About")),
    h("dl", { class: "about" }, facts.filter(([, value]) => Boolean(value)).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))));
}
