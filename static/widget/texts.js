/** The widget's own words. English is built in; the server sends those of another language with its first answer. */

const ENGLISH = {
  title: "Ask a question",
  lead: "Answers from the documentation",
  suggested: "Suggested questions",
  write: "Ask a question…",
  question: "Your question",
  close: "Close",
  send: "Send",
  stop: "Stop",
  left: "{n} characters left",
  log: "Conversation",
  fresh: "New conversation",
  you: "You:",
  reply: "Answer:",
  looking: "Looking through the documentation…",
  stopped: "You stopped this answer.",
  sources: "Sources",
  closest: "Closest pages",
  source: "Source {n}: {title}",
  visit: "Open the page",
  tab: "(in a new tab)",
  team: "Answered by the team",
  judge: "Was this helpful?",
  yes: "Helpful",
  no: "Not helpful",
  thanks: "Thanks for telling us.",
  unsaved: "That could not be saved.",
  again: "Try again",
  soon: "Try again in {n} s",
  many: "That’s a lot in a short time. Please wait a moment, then try again.",
  refused: "This question cannot be sent.",
  gone: "This assistant is no longer available on this page.",
  wrong: "Something went wrong on our side. Your question was not answered.",
  offline: "The answer could not be loaded. Check your connection, then try again.",
  stranger: "The chat could not confirm who you are. Reload the page, or sign in again.",
  person: "Talk to a person",
  intro: "Leave your e-mail address and a message. The team will answer by mail.",
  email: "Your e-mail address",
  message: "Your message",
  deliver: "Send message",
  cancel: "Cancel",
  sent: "Sent to the team. They will answer by mail.",
  noEmail: "Enter an e-mail address such as ada@example.com.",
  noMessage: "Write what you need.",
  unsent: "The message could not be sent. Check your connection, then try again.",
};

/** @typedef {keyof typeof ENGLISH | "unsure" | "near" | "later"} Word */

/** @type {Record<string, string>} */
let words = ENGLISH;
let language = "en";

/** From here on the widgets that are made speak `name`. @param {string} name @param {Record<string, string> | null} [texts] */
export function speak(name, texts) {
  language = name;
  words = { ...ENGLISH, ...texts };
}

/** What to mark a text of the widget's own with. */
export const tongue = () => ({ lang: language, dir: /^(ar|he)/.test(language) ? "rtl" : "ltr" });

/** Has a field run as what is in it does; empty, as the widget does. @param {HTMLTextAreaElement} field */
export const follow = (field) => (field.dir = field.value === "" ? tongue().dir : "auto");

/** @param {Word} key @param {Record<string, string | number>} [values] */
export const say = (key, values = {}) => (words[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** What the server says in an answer's place, in the visitor's language. @param {string} text @param {boolean} near whether pages come close */
export function translated(text, near) {
  const key = /^I don't know/.test(text) ? (near ? "near" : "unsure") : /^Sorry, I can't answer questions/.test(text) ? "later" : null;
  return (key && say(key)) || text;
}
