import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { answerTurn, growingTurn, questionBefore, questionTurn } from "../parts/chat.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { notice, problemNotice } from "../parts/notice.js";
import { prose, words } from "../parts/prose.js";
import { skeleton } from "../parts/skeleton.js";
import { asProblem, isAbort, isPassing, Problem } from "../problem.js";
import { amend } from "../router.js";
import { askQuestion } from "../stream.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").Project} Project */

const LONGEST = 2000;

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, query, signal, title }) {
  title(`Ask · ${project.name}`);
  const path = `/projects/${project.id}/ask`;
  let conversation = query.get("conversation");
  /** @type {AbortController | null} */
  let asking = null;
  signal.addEventListener("abort", () => asking?.abort());

  const turns = h("ol", { class: "turns", "aria-label": "Conversation" });
  const missing = h("div");
  const gaps = h("div", { class: "ask-gaps" });
  const start = h("div", { class: "ask-start" },
    h("span", { class: "empty-picture" }, icon("ask")),
    h("h2", null, "Ask as a customer would"),
    h("p", { class: "hint" }, "Answers come from this project's documents and show their sources. When the documents do not say, the assistant says so."),
    missing, gaps);
  const said = h("p", { class: "sr-only", "aria-live": "polite" });
  const input = h("textarea", { class: "composer-input", rows: 1, maxlength: LONGEST, placeholder: "Ask a question", "aria-label": "Your question", enterkeyhint: "send" });
  const send = h("button", { type: "submit", class: "composer-send", "aria-label": "Send question" }, icon("send"));
  const form = h("form", { class: "composer" }, input, send);
  const fresh = h("button", { type: "button", class: "button", hidden: true }, icon("plus"), "New conversation");
  const thread = h("div", { class: "thread" }, start, turns);
  outlet.classList.add("ask-page");
  outlet.append(heading("Ask", { actions: [fresh] }), thread, h("div", { class: "composer-dock" }, form, h("p", { class: "hint composer-hint" }, "Enter sends, Shift and Enter starts a new line."), said));

  const begun = (/** @type {boolean} */ yes) => {
    start.hidden = yes;
    fresh.hidden = !yes;
  };
  const busy = (/** @type {boolean} */ yes) => {
    send.setAttribute("aria-label", yes ? "Stop" : "Send question");
    replace(send, icon(yes ? "stop" : "send"));
  };
  const grow = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 180)}px`;
  };

  fresh.addEventListener("click", () => {
    asking?.abort();
    conversation = null;
    turns.replaceChildren();
    amend(path);
    begun(false);
    input.focus();
  });
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    // Enter also ends the composition of a character in many scripts; that must not send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!asking) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (asking) return asking.abort();
    const question = input.value.trim();
    if (question === "") return;
    input.value = "";
    grow();
    void ask(question);
  });

  /** @param {string} question @param {boolean} [again] the question stands in the list already */
  async function ask(question, again = false) {
    const stop = new AbortController();
    asking = stop;
    busy(true);
    begun(true);
    const growing = growingTurn();
    if (!again) turns.append(questionTurn(question));
    turns.append(growing.element);
    growing.element.scrollIntoView({ block: "nearest" });
    said.textContent = "Looking through your documents";
    let text = "";
    try {
      for await (const event of askQuestion(project.id, question, conversation, stop.signal)) {
        if (stop.signal.aborted) break;
        if (event.type === "started") remember(event.data.conversation);
        else if (event.type === "delta") growing.show((text += event.data.text));
        else if (event.type === "restart") growing.show((text = ""));
        else if (event.type === "problem") throw new Problem(Number(event.data.status ?? 500), event.data, null);
        else if (event.type === "done") {
          remember(event.data.conversation);
          growing.end(answerTurn(project.id, { id: event.data.message, ...event.data }, question));
          said.textContent = `Answer: ${words(event.data.text)}`;
        }
      }
      if (stop.signal.aborted) throw new DOMException("Stopped", "AbortError");
    } catch (error) {
      said.textContent = "";
      const retry = () => {
        failed.remove();
        input.focus();
        void ask(question, true);
      };
      const failed = h("li", { class: "turn turn-assistant" }, isAbort(error)
        ? [text !== "" && prose(text, () => null, { answer: true }), h("p", { class: "hint" }, "You stopped this answer.")]
        : problemNotice(error, isPassing(asProblem(error)) ? retry : null));
      growing.end(failed);
    } finally {
      if (asking === stop) {
        asking = null;
        busy(false);
      }
    }
    turns.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  /** The address names the conversation, so that a reload comes back to it. @param {string} id */
  function remember(id) {
    if (conversation === id) return;
    conversation = id;
    amend(`${path}?conversation=${id}`);
  }

  // Asked anew, because documents may have been added since the project was opened.
  void get(`/projects/${project.id}`, signal).then((now) => {
    if (/** @type {Project} */ (now).documents > 0) return;
    replace(missing, notice("info", h("p", null, "There are no documents yet. ", h("a", { href: `/projects/${project.id}/documents` }, "Add documents"), " first.")));
  }, () => {});

  // What nobody could be told is worth another try once a document was added.
  void get(`/projects/${project.id}/analytics/gaps?days=30`, signal).then((month) => {
    const open = /** @type {import("../types.js").Gaps} */ (month).gaps.slice(0, 3).map(({ question }) => question);
    if (open.length === 0) return;
    replace(gaps, h("h3", null, "Found no answer lately"), h("ul", null, open.map((question) =>
      h("li", null, h("button", { type: "button", class: "chip", on: { click: () => !asking && (input.focus(), void ask(question)) } }, question)))));
  }, () => {});

  if (conversation) {
    begun(true);
    void load(thread, {
      signal,
      skeleton: () => skeleton("text"),
      fetch: () => /** @type {Promise<Conversation>} */ (get(`/projects/${project.id}/conversations/${conversation}`, signal)),
      render: (earlier) => {
        replace(turns, earlier.turns.map((turn, at) => (turn.role === "visitor" ? questionTurn(turn.text) : answerTurn(project.id, turn, questionBefore(earlier.turns, at)))));
        return [start, turns];
      },
    }).then(() => turns.lastElementChild?.scrollIntoView({ block: "nearest" }));
  } else {
    input.value = query.get("q")?.slice(0, LONGEST) ?? "";
    input.focus({ preventScroll: true });
    grow();
  }
}
