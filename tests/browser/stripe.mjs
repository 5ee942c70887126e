/** Stripe on this machine: a page where somebody pays, a portal, the calls that follow, and signed messages. */
import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { SERVER } from "./support.mjs";

/** Where it is to run, as `tests/services` told the server; empty when it did not. */
export const STRIPE = process.env["PERNOEX_TEST_STRIPE"] ?? "";
const [KEY, SIGNING] = ["sk_test_a-secret-key-of-stripe", "whsec_a-signing-secret-of-stripe"];

/** @param {string} kind */
const newId = (kind) => `${kind}_${randomBytes(8).toString("hex")}`;
const seconds = () => Math.floor(Date.now() / 1000);
const MONTH = 30 * 86_400;

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

export async function openStripe() {
  /** @type {Map<string, any>} */
  const checkouts = new Map();
  /** @type {Map<string, any>} */
  const subscriptions = new Map();
  /** @type {any[]} */
  const invoices = [];

  /** Tells the server, as often as `times` says. @param {string} type @param {any} object @param {number} [times] */
  async function tell(type, object, times = 2) {
    const body = JSON.stringify({ id: newId("evt"), object: "event", type, created: seconds(), data: { object } });
    for (let n = 0; n < times; n += 1) {
      const at = seconds();
      const signed = createHmac("sha256", SIGNING).update(`${at}.${body}`).digest("hex");
      const response = await fetch(`${SERVER}/webhooks/stripe`, { method: "POST", body, headers: { "stripe-signature": `t=${at},v1=${signed}` } });
      if (!response.ok) throw new Error(`the server answers ${response.status} to ${type}`);
    }
  }

  /** @param {any} checkout */
  async function pay(checkout) {
    checkout.status = "complete";
    const [id, invoice] = [newId("sub"), newId("in")];
    const subscription = {
      id, object: "subscription", customer: checkout.customer, status: "active", created: seconds(), current_period_start: seconds(),
      current_period_end: seconds() + MONTH, trial_end: null, cancel_at: null, cancel_at_period_end: false, latest_invoice: { id: invoice, created: seconds() },
      items: { data: [{ id: newId("si"), price: { id: checkout.price } }] },
    };
    subscriptions.set(id, subscription);
    invoices.unshift({
      id: invoice, object: "invoice", customer: checkout.customer, number: "ORCHARD-0001", status: "paid", total: 4900, currency: "eur", created: seconds(),
      hosted_invoice_url: `${STRIPE}/invoice/${invoice}`,
    });
    // Late, twice, and in no order.
    setTimeout(() => {
      tell("invoice.paid", { id: invoice, customer: checkout.customer, subscription: id })
        .then(() => tell("customer.subscription.created", subscription)).catch(console.error);
    }, 1500);
  }

  /** @param {string} method @param {string} path @param {URLSearchParams} form */
  function said(method, path, form) {
    const customer = form.get("customer");
    if (path === "/v1/customers") return { id: newId("cus") };
    if (path === "/v1/checkout/sessions" && method === "GET") return { data: [...checkouts.values()].filter((one) => one.customer === customer && one.status === "open") };
    if (path === "/v1/checkout/sessions") {
      const id = newId("cs");
      checkouts.set(id, { id, status: "open", customer, price: form.get("line_items[0][price]"), done: form.get("success_url"), left: form.get("cancel_url") });
      return { id, url: `${STRIPE}/pay/${id}` };
    }
    const expired = /^\/v1\/checkout\/sessions\/(\w+)\/expire$/.exec(path)?.[1];
    if (expired) return Object.assign(checkouts.get(expired), { status: "expired" });
    if (path === "/v1/billing_portal/sessions") return { id: newId("bps"), url: `${STRIPE}/portal?back=${encodeURIComponent(form.get("return_url") ?? "")}` };
    const owing = subscriptions.get(form.get("subscription") ?? "");
    if (path === "/v1/invoices" && owing) return { data: [{ ...owing.latest_invoice, status: owing.status === "past_due" ? "open" : "paid" }] };
    if (path === "/v1/invoices") return { data: invoices.filter((one) => one.customer === customer) };
    if (path === "/v1/subscriptions") return { data: [...subscriptions.values()].filter((one) => one.customer === customer && (form.get("status") === "all" || one.status !== "canceled")) };
    const subscription = subscriptions.get(path.slice("/v1/subscriptions/".length));
    if (!subscription) return null;
    if (method === "POST") {
      const [price, ends] = [form.get("items[0][price]"), form.get("cancel_at_period_end")];
      if (price) subscription.items.data[0].price.id = price;
      if (ends) subscription.cancel_at_period_end = ends === "true";
    }
    return subscription;
  }

  /** @param {import("node:http").ServerResponse} response @param {string} title @param {[name: string, to: string][]} links */
  function show(response, title, links) {
    const list = links.map(([name, to]) => `<a href="${to.replaceAll("&", "&amp;")}">${name}</a>`).join(" ");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title></head><body><main><h1>${title}</h1>${list}</main></body></html>`);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", STRIPE);
    const [, place, id = ""] = url.pathname.split("/");
    if (place === "pay") {
      const checkout = checkouts.get(id);
      return show(response, "Pay for the plan", [["Pay", `${STRIPE}/paid/${id}`], ["Back", checkout.left]]);
    }
    if (place === "paid") {
      const checkout = checkouts.get(id);
      void pay(checkout);
      response.writeHead(303, { location: checkout.done });
      return response.end();
    }
    if (place === "portal") return show(response, "Your cards and receipts", [["Back", url.searchParams.get("back") ?? ""]]);
    bodyOf(request).then((text) => {
      const known = request.headers.authorization === `Bearer ${KEY}`;
      const found = known ? said(request.method ?? "GET", url.pathname, request.method === "POST" ? new URLSearchParams(text) : url.searchParams) : null;
      response.writeHead(found ? 200 : known ? 404 : 401, { "content-type": "application/json" });
      response.end(JSON.stringify(found ?? { error: { type: "invalid_request_error" } }));
    }, (error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  const { port, hostname } = new URL(STRIPE);
  await new Promise((ready) => server.listen(Number(port), hostname, () => ready(undefined)));
  return {
    /** The subscription that was paid for last moves on. @param {Record<string, unknown>} change */
    async movesOn(change) {
      const subscription = [...subscriptions.values()].pop();
      Object.assign(subscription, change);
      await tell("customer.subscription.updated", subscription);
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
