/** The turns of a conversation, as they are drawn on the Ask page and in transcripts. */
import { h, replace } from "../dom.js";
import { formatMoment } from "../format.js";
import { answer } from "./answer.js";
import { prose } from "./prose.js";

/** @param {string} text @param {string} [time] */
export const questionTurn = (text, time) =>
  h("li", { class: "turn turn-visitor" },
    h("p", { class: "sr-only" }, "Question"),
    h("div", { class: "bubble" }, text),
    time && h("time", { class: "hint", datetime: time }, formatMoment(time)));

/** What a visitor wrote to the team when they asked for a person, with their address. @param {import("../types.js").Turn} turn */
export const handedTurn = (turn) =>
  h("li", { class: "turn turn-visitor" },
    h("div", { class: "bubble" }, turn.text),
    h("p", { class: "hint" }, "Asked for a person · ", h("time", { datetime: turn.created_at }, formatMoment(turn.created_at))));

/** What was asked before the turn at this place. @param {import("../types.js").Turn[]} turns @param {number} at */
export const questionBefore = (turns, at) => turns.slice(0, at).findLast((turn) => turn.role === "visitor")?.text;

/** What was said in a call, by either side. @param {import("../types.js").Turn} turn */
export function spokenTurn(turn) {
  const caller = turn.role === "caller";
  return h("li", { class: `turn turn-spoken ${caller ? "turn-visitor" : "turn-assistant"}` },
    h("p", { class: "sr-only" }, caller ? "Caller" : "Agent"),
    h("div", { class: caller ? "bubble" : "bubble bubble-agent" }, turn.text),
    h("time", { class: "hint", datetime: turn.created_at }, formatMoment(turn.created_at)));
}

/** @param {string} project @param {Parameters<typeof answer>[1]} turn @param {string} [question] that it answers */
export const answerTurn = (project, turn, question) =>
  h("li", { class: "turn turn-assistant" }, h("p", { class: "sr-only" }, "Answer"), answer(project, turn, question));

/** An answer that is still being written. Its marks have no sources yet, so they are only numbers. */
export function growingTurn() {
  const waiting = h("p", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), "Looking through your documents");
  const body = h("div", { class: "answer growing" }, waiting);
  const element = h("li", { class: "turn turn-assistant", "aria-busy": "true" }, body);
  let frame = 0;
  return {
    element,
    /** Drawn once a frame at most, however fast the text comes. @param {string} text */
    show(text) {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => replace(body, text === "" ? waiting : prose(text, (n) => h("span", { class: "cite pending" }, n), { answer: true })));
    },
    /** @param {Node} content */
    end(content) {
      cancelAnimationFrame(frame);
      element.replaceWith(content);
    },
  };
}
