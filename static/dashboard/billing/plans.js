/** Plans to choose from, each with what it has room for and what it would stop. */
import { post, put } from "../api.js";
import { h } from "../dom.js";
import { formatNumber } from "../format.js";
import { formDialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { toast, toastProblem } from "../parts/toast.js";
import { METERS, room } from "./meters.js";

/** @typedef {import("../types.js").Billing} Billing */
/** @typedef {Billing["plans"][number]} Offer */

/** @param {Offer["stops"]} stops */
const stopList = (stops) => h("ul", { class: "plan-stops" }, stops.map(({ meter, used, limit }) =>
  h("li", null, `${METERS[meter]}: ${formatNumber(used)}, and the plan has room for ${formatNumber(limit)}`)));

/** Says what another plan would stop, before it does. @param {{ title: string, text: string, stops: Offer["stops"], submit: string, danger?: boolean, run: () => Promise<void> }} what */
const ask = ({ title, text, stops, submit, danger = false, run }) => formDialog({
  title,
  body: [
    h("p", null, text),
    stops.length > 0 && h("p", null, h("strong", null, "There is more than it has room for:")),
    stops.length > 0 && stopList(stops),
    stops.length > 0 && h("p", null, "Nothing is deleted. No more of these can be added until there is room again, and questions over the limit are not answered."),
  ],
  submit,
  danger,
  run,
});

/** Leads to Stripe. @param {HTMLButtonElement} button @param {string} path @param {unknown} body */
export async function goToStripe(button, path, body) {
  button.disabled = true;
  try {
    const { url } = /** @type {{ url: string }} */ (await post(path, body));
    location.assign(url);
  } catch (error) {
    toastProblem(error);
    button.disabled = false;
  }
}

/** @param {Billing} billing @param {() => void} changed */
export function planPanel(billing, changed) {
  const { subscription, plans } = billing;
  const current = subscription?.plan ?? (subscription ? null : "free");
  return h("section", { class: "card panel", "aria-labelledby": "plans" },
    h("header", { class: "panel-head" }, h("h2", { id: "plans" }, "Plans")),
    h("ul", { class: "plans" }, plans.map((plan) => h("li", { class: plan.id === current ? "plan plan-current" : "plan" },
      h("h3", null, plan.name, plan.id === current && h("span", { class: "badge badge-info" }, icon("check"), "Current plan")),
      h("ul", { class: "plan-rooms" }, plan.limits.map((limit) => h("li", null, room(limit)))),
      plan.stops.length > 0 && plan.id !== current && h("div", { class: "plan-warning" }, h("p", { class: "hint" }, "Has less room than is used:"), stopList(plan.stops)),
      action(billing, plan, current, changed)))));
}

/** @param {Billing} billing @param {Offer} plan @param {string | null} current @param {() => void} changed */
function action({ subscription }, plan, current, changed) {
  // One whose first payment failed can be paid for anew.
  if (plan.id === current && subscription?.status !== "incomplete") return null;
  if (!subscription || subscription.status === "incomplete") {
    if (plan.id === "free") return null;
    const go = h("button", { type: "button", class: "button primary", on: { click: () => void goToStripe(go, "/billing/checkout", { plan: plan.id }) } }, `Choose ${plan.name}`);
    return go;
  }
  // Back to the free plan is a cancellation, which has its place beside the subscription.
  if (plan.id === "free" || !["active", "trialing"].includes(subscription.status)) return null;
  const change = async () => {
    const done = await ask({
      title: `Change to ${plan.name}?`,
      text: "What it costs more is charged at once, and what it costs less is credited for the next invoice.",
      stops: plan.stops,
      submit: `Change to ${plan.name}`,
      run: () => put("/billing/plan", { plan: plan.id }),
    });
    if (!done) return;
    toast(`Changed to ${plan.name}`);
    changed();
  };
  return h("button", { type: "button", class: "button", on: { click: () => void change() } }, `Change to ${plan.name}`);
}

/** Ends the subscription when what is paid for is over. @param {Billing} billing @param {() => void} changed */
export async function cancel({ plans }, changed) {
  const free = plans.find((plan) => plan.id === "free");
  const done = await ask({
    title: "Cancel the subscription?",
    text: "The plan holds until what is paid for is over. After that the free plan does. Until then you can take it back.",
    stops: free?.stops ?? [],
    submit: "Cancel subscription",
    danger: true,
    run: () => post("/billing/cancel", undefined),
  });
  if (!done) return;
  toast("The subscription will end");
  changed();
}
