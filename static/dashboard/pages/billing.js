import { get, post } from "../api.js";
import { meter } from "../billing/meters.js";
import { cancel, goToStripe, planPanel } from "../billing/plans.js";
import { h, replace, webAddress } from "../dom.js";
import { formatAgo, formatDate, formatMoment } from "../format.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { notice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { amend } from "../router.js";

/** @typedef {import("../types.js").Billing} Billing */
/** @typedef {import("../types.js").Invoice} Invoice */

/** How often, and how many times, it is looked whether Stripe has told of a payment. */
const [LOOK_MS, LOOKS] = [2000, 30];

/** Also where Stripe comes back to. @param {import("../view.js").SignedInView} view */
export default function page({ outlet, session, query, signal, title }) {
  title("Billing");
  const told = query.get("checkout");
  if (told) amend(location.pathname);
  const said = h("div", { role: "status" });
  const slot = h("div", { class: "stack" });
  const invoices = h("div");
  /** @type {Billing | null} */
  let shown = null;

  const show = (first = false) => load(slot, {
    signal,
    ...(first && { skeleton: () => skeleton("form") }),
    fetch: () => /** @type {Promise<Billing>} */ (get("/billing", signal)),
    render: (billing) => {
      shown = billing;
      return [standing(billing, changed), usage(billing), planPanel(billing, changed), deliveries(billing.deliveries)];
    },
  });
  const showInvoices = () => load(invoices, {
    signal,
    fetch: () => /** @type {Promise<{ invoices: Invoice[] }>} */ (get("/billing/invoices", signal)),
    render: (list) => invoicePanel(list.invoices),
  });
  function changed() {
    void show();
    void showInvoices();
  }

  /** Stripe tells the server of a payment by itself, soon after. */
  async function awaitPayment() {
    replace(said, notice("info", h("p", null, "Thank you. The payment is being confirmed, which takes a moment.")));
    for (let look = 0; look < LOOKS && !signal.aborted; look += 1) {
      await show(look === 0);
      if (/** @type {Billing | null} */ (shown)?.subscription) {
        replace(said);
        toast("The plan is yours");
        return void showInvoices();
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    if (!signal.aborted) replace(said, notice("warning", h("p", null, "Stripe has not confirmed the payment yet. Look again in a few minutes; nothing needs to be paid twice.")));
  }

  outlet.append(
    heading("Billing", { lead: `What ${session.workspace.name} has room for, and what is paid for it.`, back: { href: "/workspace", label: "Workspace" } }),
    said, slot, invoices,
  );
  if (told === "left") replace(said, notice("info", h("p", null, "Nothing was paid. Choose a plan whenever you like.")));
  if (told === "done") void awaitPayment();
  else void show(true);
  void showInvoices();
}

/** @param {Billing} billing @param {() => void} changed */
function standing(billing, changed) {
  const { subscription: held, plan, reduced } = billing;
  const portal = billing.portal && h("button", { type: "button", class: "button", on: { click: (/** @type {Event} */ event) => void goToStripe(/** @type {HTMLButtonElement} */ (event.currentTarget), "/billing/portal", undefined) } },
    icon("external"), "Cards and receipts at Stripe");
  const keep = async () => {
    try {
      await post("/billing/keep", undefined);
      toast("The subscription goes on");
      changed();
    } catch (error) {
      toastProblem(error);
    }
  };
  return h("section", { class: "card panel", "aria-labelledby": "plan" },
    h("header", { class: "panel-head" }, h("h2", { id: "plan" }, held?.plan_name ?? plan), badge(billing)),
    held?.grace_until && notice("warning", h("p", null, reduced
      ? `A payment has been due since ${formatDate(held.past_due_since ?? held.grace_until)}. Until it is made, the limits of the plan ${plan} hold. Nothing is deleted.`
      : `A payment is due. The plan holds until ${formatMoment(held.grace_until)}; after that the limits of the free plan do. Nothing is deleted.`)),
    held && held.plan === null && notice("warning", h("p", null, `What is subscribed to is not a plan of this server, so the limits of ${plan} hold. Ask its operator.`)),
    h("ul", { class: "plan-dates" }, [
      held?.trial_ends_at && `The trial ends on ${formatDate(held.trial_ends_at)}.`,
      held?.renews_at && `Renews on ${formatDate(held.renews_at)}.`,
      held?.ends_at && `Ends on ${formatDate(held.ends_at)}, and is not renewed.`,
      !held && "Nothing is paid for this plan.",
    ].filter(Boolean).map((line) => h("li", null, line))),
    (portal || held) && h("div", { class: "button-row" }, portal,
      held && (held.ends_at
        ? h("button", { type: "button", class: "button", on: { click: () => void keep() } }, "Keep the subscription")
        : h("button", { type: "button", class: "button danger-quiet", on: { click: () => void cancel(billing, changed) } }, "Cancel subscription"))));
}

/** @type {Record<string, [tone: string, label: string, picture: import("../parts/icon.js").IconName]>} */
const STATUS = {
  active: ["good", "Active", "check"],
  trialing: ["info", "Trial", "clock"],
  past_due: ["danger", "Payment due", "alert"],
  unpaid: ["danger", "Not paid", "alert"],
  incomplete: ["warning", "Not paid yet", "clock"],
  paused: ["warning", "Paused", "clock"],
};

/** @param {Billing} billing */
function badge({ subscription }) {
  if (!subscription) return null;
  const [tone, label, picture] = STATUS[subscription.status] ?? ["neutral", subscription.status, "info"];
  return h("span", { class: `badge badge-${tone}` }, icon(picture), label);
}

/** @param {Billing} billing */
const usage = ({ meters }) => h("section", { class: "card panel", "aria-labelledby": "usage" },
  h("header", { class: "panel-head" }, h("h2", { id: "usage" }, "Usage"), h("p", { class: "hint" }, "Answers are counted by the calendar month, in UTC.")),
  h("ul", { class: "meters" }, meters.map(meter)));

/** @param {number} total @param {string} currency */
function money(total, currency) {
  try {
    const format = new Intl.NumberFormat("en-GB", { style: "currency", currency });
    return format.format(total / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${total} ${currency}`;
  }
}

/** @type {Record<string, [tone: string, label: string]>} */
const INVOICE = { paid: ["good", "Paid"], open: ["warning", "Open"], draft: ["neutral", "Draft"], void: ["neutral", "Void"], uncollectible: ["danger", "Not collected"] };

/** @param {Invoice[]} list */
function invoicePanel(list) {
  return h("section", { class: "card panel", "aria-labelledby": "invoices" },
    h("header", { class: "panel-head" }, h("h2", { id: "invoices" }, "Invoices")),
    list.length === 0
      ? h("p", { class: "hint" }, "There are no invoices yet.")
      : h("ul", { class: "session-list invoices" }, list.map((invoice) => {
          const [tone, label] = INVOICE[invoice.status] ?? ["neutral", invoice.status];
          const at = invoice.page === null ? null : webAddress(invoice.page);
          const name = invoice.number ?? "Invoice";
          return h("li", { class: "invoice" },
            h("span", { class: "invoice-name" }, at ? h("a", { href: at, target: "_blank", rel: "noopener noreferrer" }, name, h("span", { class: "sr-only" }, " (opens at Stripe)")) : name),
            h("time", { class: "hint", datetime: invoice.created_at }, formatDate(invoice.created_at)),
            h("span", { class: "invoice-total" }, money(invoice.total, invoice.currency)),
            h("span", { class: `badge badge-${tone}` }, icon(invoice.status === "paid" ? "check" : "info"), label));
        })));
}

/** @type {Record<Billing["deliveries"][number]["state"], [tone: string, label: string]>} */
const STATES = { waiting: ["info", "Waiting"], done: ["good", "Done"], ignored: ["neutral", "Ignored"], failed: ["danger", "Failed"] };

/** @param {Billing["deliveries"]} list */
function deliveries(list) {
  return h("details", { class: "card panel fold" },
    h("summary", null, icon("chevron"), h("h2", null, "Last deliveries"), h("span", { class: "hint" }, "What Stripe sent, and what became of it")),
    list.length === 0
      ? h("p", { class: "hint" }, "Stripe has sent nothing yet.")
      : h("ul", { class: "session-list slack-deliveries" }, list.map((delivery) => {
          const [tone, label] = STATES[delivery.state];
          return h("li", { class: "slack-delivery" },
            h("span", { class: `badge badge-${tone}` }, icon(delivery.state === "failed" ? "alert" : delivery.state === "waiting" ? "clock" : "check"), label),
            h("span", { class: "slack-reason" }, delivery.reason ?? (delivery.state === "done" ? "Seen to." : "")),
            h("time", { class: "hint", datetime: delivery.received_at, title: formatMoment(delivery.received_at) }, formatAgo(delivery.received_at)));
        })));
}
