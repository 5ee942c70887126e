import { get } from "../api.js";
import { h } from "../dom.js";
import { count, formatMoment } from "../format.js";
import { answerTurn, questionTurn } from "../parts/chat.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { marks } from "./conversations.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, signal, title }) {
  title(`Conversation · ${project.name}`);
  const list = `/projects/${project.id}/conversations`;
  const back = { href: list, label: "Conversations" };
  outlet.append(heading("Conversation", { back }), skeleton("text"));
  void load(outlet, {
    signal,
    failed: (notice) => [heading("Conversation", { back }), notice],
    fetch: () => /** @type {Promise<Conversation>} */ (get(`${list}/${params.conversation}`, signal)),
    render: (conversation) => {
      title(`${conversation.title} · ${project.name}`);
      const where = conversation.channel === "widget" ? `Asked on ${conversation.origin ?? "your site"}` : "Asked in the dashboard";
      return [
        heading(conversation.title, {
          back,
          lead: `${where} · ${formatMoment(conversation.started_at)} · ${count(conversation.questions, "question")}`,
          actions: [conversation.channel === "dashboard" && h("a", { class: "button", href: `/projects/${project.id}/ask?conversation=${conversation.id}` }, "Continue")],
        }),
        h("div", { class: "conversation-marks spaced" }, marks(conversation)),
        h("ol", { class: "turns transcript", "aria-label": "Transcript" }, conversation.turns.map((turn) =>
          turn.role === "visitor" ? questionTurn(turn.text, turn.created_at) : answerTurn(project.id, turn))),
      ];
    },
  });
}
