/** What an operator may do to an actor, each with a question beforehand that says what it costs. */
import { post } from "../api.js";
import { h } from "../dom.js";
import { confirmDialog } from "../parts/dialog.js";
import { toast } from "../parts/toast.js";
import { kindName } from "./states.js";

/** @typedef {import("../types.js").ActorView} ActorView */

/** @param {ActorView} actor @param {() => void} done called whatever comes of it: it is written down */
export async function resetActor(actor, done) {
  const name = kindName(actor.kind).toLowerCase();
  const agreed = await confirmDialog({
    title: `Reset this ${name}?`,
    text: "It is rebuilt from storage, in every node in which it lives, and a quarantine ends. What it is handling right now fails and can be tried again; nothing that was acknowledged is lost. Your reset is written down.",
    submit: "Reset",
    run: () => post(`/operator/api/actors/${actor.id}/reset`, {}).finally(done),
  });
  if (!agreed) return;
  toast(`${kindName(actor.kind)} reset`);
}

/** @param {ActorView} actor @param {() => void} done */
export async function evictActor(actor, done) {
  const whole = actor.kind !== "project";
  const agreed = await confirmDialog({
    title: whole ? "Evict the whole tenant?" : "Evict this project?",
    text: `${whole ? "All actors of the tenant leave" : "The project's actor and its index leave"} the memory of every node. What was accepted is finished, and the next request starts anew. Your eviction is written down.`,
    submit: "Evict",
    danger: true,
    run: () => post(`/operator/api/actors/${actor.id}/evict`, {}).finally(done),
  });
  if (!agreed) return;
  toast(whole ? "Tenant evicted" : "Project evicted");
}

/** @param {ActorView} actor @param {() => void} done */
export const actionButtons = (actor, done) =>
  h("div", { class: "button-row" },
    h("button", { type: "button", class: "button small", "aria-label": `Reset ${kindName(actor.kind)} ${actor.project ?? ""}`.trim(), on: { click: () => void resetActor(actor, done) } }, "Reset"),
    h("button", { type: "button", class: "button small danger-quiet", "aria-label": `Evict ${kindName(actor.kind)} ${actor.project ?? ""}`.trim(), on: { click: () => void evictActor(actor, done) } }, "Evict"));
