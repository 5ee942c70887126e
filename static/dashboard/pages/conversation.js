import { get, patch, post } from "../api.js";
import { h, replace } from "../dom.js";
import { aboutPanel } from "../inbox/about.js";
import { askAgain, setCounts } from "../inbox/counts.js";
import { exportDialog } from "../inbox/export.js";
import { marks } from "../inbox/line.js";
import { notesPanel } from "../inbox/notes.js";
import { answerTurn, handedTurn, questionBefore, questionTurn, spokenTurn } from "../parts/chat.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { isAbort } from "../problem.js";
import { followEvents } from "../stream.js";
import { visitorMenu } from "../privacy/visitor.js";
import { manages } from "../session.js";
import { callPanel } from "../voice/call.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").InboxEvent} InboxEvent */
/** @typedef {import("../types.js").Turn} Turn */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, session, params, signal, title }) {
  title(`Conversation · ${project.name}`);
  const list = `/projects/${project.id}/conversations`;
  const path = `${list}/${params["conversation"]}`;
  const back = { href: list, label: "Inbox" };
  const notes = notesPanel(path);
  const [head, about, transcript] = [h("div", { class: "conversation-head" }), h("div"), h("div")];
  /** @type {Conversation | null} */
  let shown = null;

  const fetch = () => /** @type {Promise<Conversation>} */ (get(path, signal));

  /** @param {Conversation} conversation */
  function draw(conversation) {
    // What did not change stays as it is, with whatever is open or selected in it.
    const same = (/** @type {(of: Conversation) => unknown} */ of) => shown !== null && JSON.stringify(of(shown)) === JSON.stringify(of(conversation));
    const alike = { turns: same(({ turns }) => turns), notes: same((of) => of.notes) };
    shown = conversation;
    title(`${conversation.title} · ${project.name}`);
    drawHead(conversation);
    replace(about, aboutPanel(list, conversation));
    if (!alike.notes) notes.set(conversation.notes);
    if (!alike.turns) {
      replace(transcript,
        conversation.call && callPanel(conversation.call),
        h("ol", { class: "turns transcript", "aria-label": "Transcript" }, conversation.turns.map((turn, at) => drawn(turn, questionBefore(conversation.turns, at)))));
    }
  }

  /** @param {Conversation} conversation */
  function drawHead(conversation) {
    const held = document.activeElement instanceof HTMLElement && head.contains(document.activeElement) ? document.activeElement.dataset["act"] : undefined;
    const mine = conversation.assignee?.account === session.user.id;
    const resolved = conversation.state === "resolved";
    replace(head, heading(conversation.title, {
      back,
      actions: [
        h("button", { type: "button", class: resolved ? "button" : "button primary", "data-act": "state", on: { click: () => void change({ state: resolved ? "open" : "resolved" }, resolved ? "Open again" : "Resolved") } },
          icon(resolved ? "replace" : "check"), resolved ? "Reopen" : "Resolve"),
        h("button", { type: "button", class: "button", "data-act": "mine", on: { click: () => void change({ mine: !mine }, mine ? "Given back" : "You see to it now") } }, mine ? "Give back" : "Take it on"),
        h("button", { type: "button", class: "button", "data-act": "export", on: { click: () => void exportDialog({
          title: "Export this conversation", text: "All of it, with its notes.", request: (format) => ({ method: "GET", path: `${path}/export?format=${format}` }),
        }) } }, icon("download"), "Export"),
        conversation.channel === "dashboard" && h("a", { class: "button", href: `/projects/${project.id}/ask?conversation=${conversation.id}` }, "Continue"),
        conversation.visitor !== null && manages(session) && visitorMenu(project.id, conversation.visitor, list),
      ],
    }),
    h("div", { class: "conversation-marks spaced" }, marks(conversation),
      conversation.assignee && h("span", { class: "badge badge-info" }, mine ? "You see to it" : `${conversation.assignee.email ?? "Somebody who left"} sees to it`)));
    if (held) /** @type {HTMLElement | null} */ (head.querySelector(`[data-act="${held}"]`))?.focus();
  }

  /** @param {{ state?: "open" | "resolved", mine?: boolean }} what @param {string} done */
  async function change(what, done) {
    try {
      const changed = /** @type {import("../types.js").ConversationSummary} */ (await patch(path, what));
      if (shown) draw({ ...shown, ...changed });
      toast(done);
      void askAgain(project.id);
    } catch (error) {
      toastProblem(error);
    }
  }

  /** @param {Turn} turn @param {string} [question] that it answers */
  function drawn(turn, question) {
    switch (turn.role) {
      case "visitor": {
        const item = questionTurn(turn.text, turn.created_at);
        item.append(h("p", { class: "turn-acts" },
          h("a", { class: "button quiet small", href: `/projects/${project.id}/curated-answers/new?${new URLSearchParams({ question: turn.text, message: turn.id })}`, "aria-label": `Write an answer to: ${turn.text}` }, icon("pencil"), "Write an answer"),
          h("button", { type: "button", class: "button quiet small", "aria-label": `Add to to-dos: ${turn.text}`, on: { click: (event) => void remember(turn, event) } }, icon("plus"), "Add to to-dos")));
        return item;
      }
      case "assistant": return answerTurn(project.id, turn, question);
      case "hand_off": return handedTurn(turn);
      default: return spokenTurn(turn);
    }
  }

  /** @param {Turn} turn @param {Event} event */
  async function remember(turn, event) {
    const button = event.currentTarget;
    if (!(button instanceof HTMLButtonElement)) return;
    button.disabled = true;
    try {
      await post(`/projects/${project.id}/todos`, { question: turn.id });
      toast("Added to the to-dos");
      void askAgain(project.id);
    } catch (error) {
      toastProblem(error);
    } finally {
      button.disabled = false;
    }
  }

  outlet.append(heading("Conversation", { back }), skeleton("text"));
  void load(outlet, {
    signal,
    failed: (notice) => [heading("Conversation", { back }), notice],
    fetch,
    render: (conversation) => {
      draw(conversation);
      return [head, h("div", { class: "conversation-columns" }, transcript, h("aside", { class: "conversation-side", "aria-label": "About this conversation" }, about, notes.element))];
    },
  }).then(() => {
    if (!shown || signal.aborted) return;
    void followEvents(`/projects/${project.id}/inbox`, signal, (told) => {
      const event = /** @type {InboxEvent} */ (told);
      if (event.type === "counts") return setCounts(project.id, event.data);
      if (event.data.conversations.some(({ id, changed_at: at }) => id === shown?.id && at !== shown.changed_at)) void refresh();
    }, () => {});
  });

  async function refresh() {
    try {
      const conversation = await fetch();
      if (!signal.aborted) draw(conversation);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) toastProblem(error);
    }
  }
}
