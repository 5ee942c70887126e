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

/** @param {string} project @param {Parameters<typeof answer>[1]} turn */
export const answerTurn = (project, turn) =>
  h("li", { class: "turn turn-assistant" }, h("p", { class: "sr-only" }, "Answer"), answer(project, turn));

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
      frame = requestAnimationFrame(() => replace(body, text === "" ? waiting : prose(text, (n) => h("span", { class: "cite pending" }, n))));
    },
    /** @param {Node} content */
    end(content) {
      cancelAnimationFrame(frame);
      element.replaceWith(content);
    },
  };
}
