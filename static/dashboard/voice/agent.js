/** One voice agent: where it sends, whether it is set up, and what came of what it sent. */
import { remove } from "../api.js";
import { h, uid } from "../dom.js";
import { formatAgo, formatDate, formatMoment, formatUntil } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { confirmDialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { inboundList } from "../parts/inbound-list.js";
import { notice } from "../parts/notice.js";
import { readOnly } from "../parts/secret.js";
import { toast } from "../parts/toast.js";
import { enterSecret, rotateSecret } from "./secret.js";
import { PROVIDERS, refusal } from "./words.js";

/** @typedef {import("../types.js").VoiceAgent} VoiceAgent */

/** @param {string} path of the project's voice agents @param {VoiceAgent} agent @param {(focus?: string) => void} changed shows all anew, and hands the focus to the element with that id or to the heading */
export function agentPanel(path, agent, changed) {
  const words = PROVIDERS[agent.provider];
  const id = `agent-${agent.id}`;
  const enter = async () => {
    if (!(await enterSecret(path, agent))) return;
    toast("Secret saved");
    changed(id);
  };
  const rotate = async () => {
    if (await rotateSecret(path, agent)) changed(id);
  };
  const disconnect = async () => {
    const done = await confirmDialog({
      title: `Disconnect ${words.name}?`,
      text: "Its address stops working at once and its secret is deleted. Conversations that are stored stay.",
      submit: "Disconnect",
      danger: true,
      run: () => remove(`${path}/${agent.id}`),
    });
    if (!done) return;
    toast(`${words.name} disconnected`);
    changed();
  };
  return h("section", { class: "card panel voice-agent", "aria-labelledby": id },
    h("header", { class: "panel-head" },
      h("div", { class: "voice-name" }, h("h2", { id }, words.name), standing(agent)),
      h("p", { class: "hint" }, `Connected ${formatDate(agent.created_at)}`)),
    h("div", { class: "stack" },
      !agent.has_secret && notice("warning", h("p", null, words.enter ?? "It has no secret yet.", " Until then nothing it sends is taken.")),
      address("Address for calls", words.where, agent.url),
      agent.question_url && address("Address for questions", "For a tool that the agent calls in the middle of a call, signed as its calls are. It is answered from this project’s documents.", agent.question_url),
      agent.header && h("p", { class: "hint" }, "The signature comes in the header ", h("code", null, agent.header), ", the time in ", h("code", null, "x-timestamp"), "."),
      agent.previous_until && h("p", { class: "hint" }, `The secret before is good until ${formatMoment(agent.previous_until)}, ${formatUntil(agent.previous_until)}.`),
      deliveries(`${path}/${agent.id}/events`, agent, () => changed(id)),
      h("div", { class: "button-row" },
        agent.makes_secret
          ? h("button", { type: "button", class: "button", on: { click: () => void rotate() } }, icon("key"), "Rotate secret")
          : h("button", { type: "button", class: agent.has_secret ? "button" : "button primary", on: { click: () => void enter() } }, icon("key"), agent.has_secret ? "Replace secret" : "Enter secret"),
        h("button", { type: "button", class: "button danger-quiet", on: { click: () => void disconnect() } }, "Disconnect"))));
}

/** @param {VoiceAgent} agent */
function standing(agent) {
  if (!agent.has_secret) return h("span", { class: "badge badge-warning" }, icon("alert"), "Needs its secret");
  const failed = agent.deliveries[0]?.state === "failed";
  if (failed) return h("span", { class: "badge badge-danger" }, icon("alert"), "Last delivery failed");
  return agent.deliveries.length > 0
    ? h("span", { class: "badge badge-good" }, icon("check"), "Receiving")
    : h("span", { class: "badge badge-neutral" }, icon("clock"), "Nothing received yet");
}

/** @param {string} label @param {string} hint @param {string} url */
function address(label, hint, url) {
  const id = uid("address");
  return h("div", { class: "voice-address" },
    h("h3", null, h("label", { for: id }, label)),
    h("p", { class: "hint" }, hint),
    h("div", { class: "link-row" }, readOnly(url, id), copyButton("Copy", () => url)));
}

/** @param {string} path @param {VoiceAgent} agent @param {() => void} changed */
function deliveries(path, agent, changed) {
  const { refused } = agent;
  return h("div", { class: "voice-deliveries" },
    h("h3", null, "Last deliveries"),
    h("p", { class: "hint" }, "Kept for 30 days. What was refused is not stored: only the last such message is known, and only since this server started."),
    refused && notice("warning", h("p", null, `A message was refused ${formatAgo(refused.at)}: ${refusal(refused.reason)}.`)),
    agent.deliveries.length > 0 && inboundList(agent.deliveries.map((delivery) => ({ ...delivery, kind: delivery.kind === "question" ? "Question" : "Call" })), path, changed));
}
