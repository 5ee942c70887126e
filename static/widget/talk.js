/** The log of a conversation: what was asked, the answer while it grows, and how it ended. */
import { answered } from "./answer.js";
import { h, unseen } from "./nodes.js";
import { prose } from "./prose.js";
import { explain } from "./transport.js";

/** @typedef {import("./types.js").Answer} Answer */
/** @typedef {import("./types.js").Transport} Transport */
/** @typedef {import("./types.js").Turn} Turn */

export class Talk {
  /** @type {AbortController | null} */
  #asking = null;
  /** Settles once the earlier conversation is shown, or is known to be out of reach. @type {Promise<void> | null} */
  #past = null;
  #forgone = false; // From the first question on, the past is no longer fetched into the log.
  #transport;
  #changed;
  #again;
  #intro;

  /**
   * @param {object} how
   * @param {() => Transport} how.transport
   * @param {HTMLElement[]} how.intro stands above the first question
   * @param {() => void} how.changed an answer is awaited, or is there
   * @param {() => void} how.again somebody pressed "Try again", which is gone now
   */
  constructor({ transport, intro, changed, again }) {
    this.#transport = transport;
    this.#changed = changed;
    this.#again = again;
    this.#intro = intro;
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": "Conversation", tabindex: 0 }, ...intro);
    this.status = h("div", { class: "sr", role: "status" });
  }

  /** Whether an answer is awaited. */
  get busy() {
    return this.#asking !== null;
  }

  get empty() {
    return this.log.querySelector(".asked") === null;
  }

  stop() {
    this.#asking?.abort();
  }

  /** Shows what was said on earlier pages, once. */
  begin() {
    // Without its past, the conversation can still go on.
    this.#past ??= this.#transport().history().then(({ turns }) => this.#recall(turns)).catch(() => {});
  }

  /** @param {Turn[]} turns */
  #recall(turns) {
    if (this.#forgone) return;
    const earlier = turns.map((turn) => (turn.role === "visitor" ? asked(turn.text) : this.#answered({ message: turn.id, outcome: "answered", citations: [], closest: [], ...turn })));
    this.log.setAttribute("aria-live", "off"); // Old messages are not news.
    this.#intro.at(-1)?.after(...earlier);
    setTimeout(() => this.log.setAttribute("aria-live", "polite"), 500);
    this.#changed();
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** @param {string} question @param {HTMLElement} [bubble] the question as it already stands in the log, when it is asked again */
  async ask(question, bubble) {
    const asking = (this.#asking = new AbortController());
    const shown = bubble ?? asked(question);
    const wait = h("div", { class: "wait" }, h("span", { class: "dots" }, h("i"), h("i"), h("i")), "Looking through the documentation…");
    // Hidden from screen readers while it grows: they hear the finished answer, once.
    const draft = h("div", { class: "text", "aria-hidden": "true" }, wait);
    if (!bubble) this.log.append(shown);
    this.log.append(draft);
    this.#changed();
    this.status.textContent = "Looking for an answer.";
    this.#keepInView(shown);
    let text = "";
    let frame = 0;
    const paint = () => {
      frame = 0;
      draft.replaceChildren(...(text.trim() === "" ? [wait] : prose(text.replace(/(\[\d*|`[^`\n]*)$/, ""), (n) => h("span", { class: "num" }, String(n)))));
      this.#keepInView(shown);
    };
    /** @type {HTMLElement} */
    let result;
    try {
      result = this.#answered(await this.#read(question, asking.signal, (change) => {
        text = change(text);
        frame ||= requestAnimationFrame(paint);
      }));
    } catch (error) {
      result = asking.signal.aborted ? stopped(text) : this.#failed(error, question, shown);
    }
    cancelAnimationFrame(frame);
    this.#asking = null;
    this.status.textContent = "";
    draft.replaceWith(result);
    this.#changed();
    this.#keepInView(shown);
  }

  /** Reads one answer to its end. @param {string} question @param {AbortSignal} signal @param {(change: (text: string) => string) => void} grow @returns {Promise<Answer>} */
  async #read(question, signal, grow) {
    // The past first, for a little while; if it came later it would repeat this question.
    await Promise.race([this.#past, new Promise((resolve) => setTimeout(resolve, 4000))]);
    this.#forgone = true;
    for await (const { type, data } of this.#transport().ask(question, { signal })) {
      if (signal.aborted) break;
      if (type === "delta") grow((text) => text + /** @type {{ text: string }} */ (data).text);
      else if (type === "restart") grow(() => "");
      else if (type === "done") return /** @type {Answer} */ (data);
      else if (type === "problem") throw data;
    }
    throw new Error("the stream ended early");
  }

  /** Follows the answer downwards, until its question would leave at the top. @param {HTMLElement} question */
  #keepInView(question) {
    const { log } = this;
    const wanted = Math.min(log.scrollHeight - log.clientHeight, question.offsetTop - 14);
    if (wanted > log.scrollTop) log.scrollTop = wanted;
  }

  /** @param {Answer} answer */
  #answered(answer) {
    return answered(answer, (message, helpful) => this.#transport().feedback(message, helpful));
  }

  /** @param {unknown} error @param {string} question @param {HTMLElement} bubble */
  #failed(error, question, bubble) {
    const { say, again, wait } = explain(error);
    const box = h("div", { class: "fault" }, h("p", {}, say));
    if (!again) return box;
    const retry = h("button", { type: "button", class: "again", "aria-live": "off", click: () => {
      if (this.busy) return;
      box.remove();
      this.#again();
      this.log.append(bubble);
      void this.ask(question, bubble);
    } });
    /** @param {number} left seconds */
    const count = (left) => {
      retry.disabled = left > 0;
      retry.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
      if (left > 0) setTimeout(count, 1000, left - 1);
    };
    count(wait);
    box.append(retry);
    return box;
  }
}

/** @param {string} text */
const asked = (text) => h("div", { class: "asked", dir: "auto" }, unseen("You: "), text);

/** @param {string} text what had arrived */
const stopped = (text) => h("div", { class: "text" }, ...prose(text, () => null), h("p", { class: "note" }, "You stopped this answer."));
