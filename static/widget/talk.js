/** The log of a conversation: what was asked, the answer while it grows, and how it ended. */
import { answered } from "./answer.js";
import { h, icon, unseen } from "./nodes.js";
import { handOffForm } from "./person.js";
import { prose } from "./prose.js";
import { say } from "./texts.js";
import { explain } from "./transport.js";

/** @typedef {import("./types.js").Answer} Answer */
/** @typedef {import("./types.js").Settings} Settings */
/** @typedef {import("./types.js").Transport} Transport */
/** @typedef {import("./types.js").Turn} Turn */

export class Talk {
  /** @type {AbortController | null} */
  #asking = null;
  /** Settles once the earlier conversation is shown, or is known to be out of reach. @type {Promise<void> | null} */
  #past = null;
  #forgone = false; // From the first question on, the past is no longer fetched into the log.
  /** @type {HTMLElement | null} */
  #card = null;
  #how;
  /** Whether the next question begins a new conversation. */
  fresh = false;

  /**
   * @param {object} how
   * @param {() => Transport} how.transport
   * @param {() => Settings} how.settings
   * @param {HTMLElement[]} how.intro stands above the first question
   * @param {() => void} how.changed an answer is awaited, or is there
   * @param {() => void} how.again somebody pressed what is gone now
   * @param {(name: string, detail?: object) => void} how.tell something happened that the page may want to know
   */
  constructor(how) {
    this.#how = how;
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": say("log"), tabindex: 0 }, ...how.intro);
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

  /** Forgets what is shown. @param {boolean} fresh whether the conversation is over, or only another visitor's */
  clear(fresh) {
    this.stop();
    this.fresh = fresh;
    this.#forgone = fresh;
    this.#past = null;
    this.#card = null;
    this.log.replaceChildren(...this.#how.intro);
    this.#how.changed();
  }

  /** Shows what was said on earlier pages, once. */
  begin() {
    if (this.fresh) this.#forgone = true;
    if (this.#forgone) return;
    // Without its past, the conversation can still go on.
    const past = (this.#past ??= this.#how.transport().history().then(({ turns }) => {
      if (past === this.#past) this.#recall(turns);
    }).catch(() => {}));
  }

  /** @param {Turn[]} turns */
  #recall(turns) {
    if (this.#forgone) return;
    const earlier = turns.map((turn) => (turn.role === "visitor" ? asked(turn.text) : turn.role === "hand_off" ? handed(turn.text)
      : this.#answered({ message: turn.id, outcome: "answered", citations: [], closest: [], ...turn })));
    this.log.setAttribute("aria-live", "off"); // Old messages are not news.
    this.#how.intro.at(-1)?.after(...earlier);
    setTimeout(() => this.log.setAttribute("aria-live", "polite"), 500);
    this.#how.changed();
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** @param {string} question @param {HTMLElement} [bubble] the question as it already stands in the log, when it is asked again @returns {Promise<Answer | null>} */
  async ask(question, bubble) {
    const asking = (this.#asking = new AbortController());
    const shown = bubble ?? asked(question);
    const wait = h("div", { class: "wait" }, h("span", { class: "dots" }, h("i"), h("i"), h("i")), say("looking"));
    // Hidden from screen readers while it grows: they hear the finished answer, once.
    const draft = h("div", { class: "text", "aria-hidden": "true" }, wait);
    if (!bubble) this.log.append(shown);
    this.log.append(draft);
    this.#how.changed();
    this.#how.tell("question", { text: question });
    this.status.textContent = say("looking");
    this.#keepInView(shown);
    let text = "";
    let frame = 0;
    const paint = () => {
      frame = 0;
      draft.replaceChildren(...(text.trim() === "" ? [wait] : prose(text.replace(/(\[\d*|`[^`\n]*)$/, ""), (n) => h("span", { class: "num" }, String(n)))));
      this.#keepInView(shown);
    };
    /** @type {Answer | null} */
    let answer = null;
    /** @type {HTMLElement} */
    let result;
    try {
      answer = await this.#read(question, asking.signal, (change) => {
        text = change(text);
        frame ||= requestAnimationFrame(paint);
      });
      result = this.#answered(answer);
      this.#how.tell("answer", { question, text: answer.text, outcome: answer.outcome });
    } catch (error) {
      result = asking.signal.aborted ? stopped(text) : this.#failed(error, question, shown);
    }
    cancelAnimationFrame(frame);
    if (this.#asking === asking) this.#asking = null;
    this.status.textContent = "";
    draft.replaceWith(result);
    this.#how.changed();
    this.#keepInView(shown);
    return answer;
  }

  /** Reads one answer to its end. @param {string} question @param {AbortSignal} signal @param {(change: (text: string) => string) => void} grow @returns {Promise<Answer>} */
  async #read(question, signal, grow) {
    // The past first, for a little while; if it came later it would repeat this question.
    await Promise.race([this.#past, new Promise((resolve) => setTimeout(resolve, 4000))]);
    this.#forgone = true;
    for await (const { type, data } of this.#how.transport().ask(question, { signal, fresh: this.fresh })) {
      if (signal.aborted) break;
      if (type !== "problem" && this.fresh) this.#isBegun();
      if (type === "delta") grow((text) => text + /** @type {{ text: string }} */ (data).text);
      else if (type === "restart") grow(() => "");
      else if (type === "done") return /** @type {Answer} */ (data);
      else if (type === "problem") throw data;
    }
    throw new Error("the stream ended early");
  }

  /** The new conversation is there, and goes on from now. */
  #isBegun() {
    this.fresh = false;
    this.#how.changed();
  }

  /** Asks for a person. */
  handOver() {
    if (this.#card) return this.#card.focus();
    const { form, focus } = handOffForm({
      email: this.#how.settings().user?.email ?? "",
      send: async (handing) => {
        await this.#how.transport().handOff?.({ ...handing, fresh: this.fresh });
        this.#forgone = true;
        if (this.fresh) this.#isBegun();
        this.#how.tell("handoff", handing);
      },
      done: (sent) => {
        this.#card = null;
        if (sent === null) form.remove();
        else {
          form.replaceWith(handed(sent));
          this.status.textContent = say("sent");
        }
        this.#how.changed();
        this.#how.again();
      },
    });
    this.#card = form;
    this.log.append(form);
    this.log.scrollTop = this.log.scrollHeight;
    focus();
  }

  /** Follows the answer downwards, until its question would leave at the top. @param {HTMLElement} question */
  #keepInView(question) {
    const { log } = this;
    const wanted = Math.min(log.scrollHeight - log.clientHeight, question.offsetTop - 14);
    if (wanted > log.scrollTop) log.scrollTop = wanted;
  }

  /** @param {Answer} answer */
  #answered(answer) {
    return answered(answer, (message, helpful) => this.#how.transport().feedback(message, helpful), this.#how.settings().hand_off ? () => this.handOver() : null);
  }

  /** @param {unknown} error @param {string} question @param {HTMLElement} bubble */
  #failed(error, question, bubble) {
    const { text, again, wait } = explain(error);
    this.#how.tell("error", { problem: error });
    const box = h("div", { class: "fault" }, h("p", {}, text));
    if (!again) return box;
    const retry = h("button", { type: "button", class: "plain again", "aria-live": "off", click: () => {
      if (this.busy) return;
      box.remove();
      this.#how.again();
      this.log.append(bubble);
      void this.ask(question, bubble);
    } });
    /** @param {number} left seconds */
    const count = (left) => {
      retry.disabled = left > 0;
      retry.textContent = say(left > 0 ? "soon" : "again", { n: left });
      if (left > 0) setTimeout(count, 1000, left - 1);
    };
    count(wait);
    box.append(retry);
    return box;
  }
}

/** @param {string} text */
const asked = (text) => h("div", { class: "asked" }, unseen(`${say("you")} `), h("div", { dir: "auto" }, text));

/** @param {string} text what was written to the team */
const handed = (text) => h("div", {}, asked(text), h("p", { class: "note sent" }, icon("person"), say("sent")));

/** @param {string} text what had arrived */
const stopped = (text) => h("div", { class: "text" }, ...prose(text, () => null), h("p", { class: "note" }, say("stopped")));
