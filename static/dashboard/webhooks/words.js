/** What events, states and reasons are called. */
import { formatUntil } from "../format.js";

/** @typedef {import("../types.js").Delivery} Delivery */

/** @type {Record<string, { name: string, meaning: string }>} */
export const EVENTS = {
  "question.unanswered": { name: "Question unanswered", meaning: "The documents held no answer to a question." },
  "feedback.negative": { name: "Negative feedback", meaning: "Somebody said that an answer did not help." },
  "document.failed": { name: "Document failed", meaning: "A document could not be read." },
  "sync.failed": { name: "Sync failed", meaning: "A source could not be brought up to date." },
  "conversation.handed_over": { name: "Conversation handed over", meaning: "A visitor of the widget asked for a person." },
  "webhook.test": { name: "Test event", meaning: "Sent by hand." },
};

/** @param {string} event */
export const eventName = (event) => EVENTS[event]?.name ?? event;

/** @type {Record<string, string>} */
const REASONS = {
  redirected: "The receiver redirects. Enter the address that it redirects to.",
  gone: "The receiver answered 410 Gone.",
  timed_out: "No answer within 15 seconds.",
  no_connection: "No connection: nobody listens there, or the certificate is not valid.",
  cut_off: "The connection was closed before an answer came.",
  address_refused: "The address does not lead to a public server any more.",
  paused: "The webhook was paused before it could be sent.",
  unreadable: "What was to be sent cannot be opened any more.",
};

/** Why the last try failed, in a sentence. @param {Delivery} delivery */
export function reason(delivery) {
  if (delivery.reason === null) return null;
  if (delivery.reason === "status") return `The receiver answered ${delivery.status}.`;
  return REASONS[delivery.reason] ?? delivery.reason;
}

/** @type {Record<string, string>} */
export const PAUSES = {
  by_hand: "Paused by hand: events of this time are not sent, now or later.",
  failing: "Paused because nothing got through for about a day. Mend the receiver, then resume.",
  gone: "Paused because the receiver answered 410 Gone, which asks for no more.",
};

/** When it is tried next. @param {Delivery} delivery */
export function upNext(delivery) {
  if (delivery.state !== "waiting" || delivery.next_at === null) return null;
  const due = new Date(delivery.next_at).getTime() <= Date.now();
  if (due) return "Being sent";
  return `Next try ${formatUntil(delivery.next_at)}`;
}
