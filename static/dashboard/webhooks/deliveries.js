/** What was sent to one webhook and what became of it. */
import { get, post } from "../api.js";
import { h, replace } from "../dom.js";
import { count, formatAgo, formatMoment } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { formDialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { moreButton } from "../parts/more-button.js";
import { actionMenu } from "../parts/popover.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { eventName, reason, upNext } from "./words.js";

/** @typedef {import("../types.js").Delivery} Delivery */
/** @typedef {import("../types.js").DeliveryPage} DeliveryPage */

/** @typedef {{ element: HTMLElement, delivery: () => Delivery, update: (delivery: Delivery) => void }} Row */

const A_PAGE = 10;
/** As many as the server gives in one go. */
const MOST = 100;
/** What waits is looked at again after this long at first, then less and less often. */
const SOON_MS = 1500;
const LATER_MS = 30_000;
/** What is tried later than this is not waited for. */
const NEAR_MS = 5 * 60_000;
const FAILURES = 5;

/**
 * @param {string} base the webhook's path
 * @param {AbortSignal} signal
 * @param {() => void} changed when something was tried: the webhook's own state may be another now
 */
export function deliveryLog(base, signal, changed) {
  const slot = h("div", { class: "deliveries" });
  const said = h("p", { class: "sr-only", role: "status" });
  const again = h("button", { type: "button", class: "button small", on: { click: () => void byHand() } }, icon("replace"), "Refresh");
  const element = h("div", null, h("div", { class: "webhook-log" }, h("h3", null, "Last deliveries"), again), said, slot);
  /** What is shown, by id. @type {Map<string, Row>} */
  const rows = new Map();
  const body = h("tbody", { role: "rowgroup" });
  let looks = 0;
  let failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));

  /** @param {{ limit?: number, before?: string }} [which] @returns {Promise<DeliveryPage>} */
  const fetch = ({ limit = A_PAGE, before } = {}) => get(`${base}/deliveries?limit=${limit}${before === undefined ? "" : `&before=${before}`}`, signal);
  const show = () => load(slot, { signal, skeleton: () => skeleton("rows"), fetch: () => fetch(), render: draw });

  /** Looks again at what is shown, row by row, so that menus stay open and the focus stays where it is. @param {boolean} [aloud] */
  async function look(aloud = false) {
    clearTimeout(timer);
    // Another card may have taken this one's place.
    if (signal.aborted || !element.isConnected) return;
    looks += 1;
    try {
      const page = await fetch({ limit: Math.min(MOST, Math.max(A_PAGE, rows.size)) });
      if (signal.aborted) return;
      failures = 0;
      merge(page);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (aloud) toastProblem(error);
    }
    wait();
  }

  /** Until the next look, as long as there is something to see soon. */
  function wait() {
    clearTimeout(timer);
    if (signal.aborted || failures >= FAILURES) return;
    const now = Date.now();
    const due = [...rows.values()].map((row) => row.delivery())
      .flatMap((one) => (one.state === "waiting" ? [one.next_at === null ? 0 : new Date(one.next_at).getTime() - now] : []));
    const next = Math.min(...due);
    if (next > NEAR_MS) return;
    const patience = Math.min(LATER_MS, SOON_MS * 1.5 ** Math.max(0, looks - 8) * 2 ** failures);
    timer = setTimeout(() => void look(), Math.max(patience, Math.min(next + 500, LATER_MS)));
  }

  /** @param {DeliveryPage} page */
  function merge(page) {
    const known = page.deliveries.filter((one) => rows.has(one.id));
    // So much is new that what is shown does not follow on it.
    if (known.length === 0) {
      const had = rows.size > 0;
      replace(slot, draw(page));
      if (had || page.deliveries.length > 0) changed();
      return;
    }
    let tried = false;
    /** @type {string[]} */
    const news = [];
    for (const delivery of page.deliveries) {
      const row = rows.get(delivery.id);
      if (!row) continue;
      const before = row.delivery();
      row.update(delivery);
      if (before.state === delivery.state && before.attempts === delivery.attempts) continue;
      tried = true;
      looks = 0;
      news.push([eventName(delivery.event), stateName(delivery), reason(delivery)].filter(Boolean).join(": "));
    }
    const fresh = page.deliveries.filter((one) => !rows.has(one.id)).map(keep);
    body.prepend(...fresh);
    if (news.length > 0) said.textContent = news.join(" ");
    if (tried || fresh.length > 0) changed();
  }

  /** @param {DeliveryPage} page */
  function draw(page) {
    rows.clear();
    if (page.deliveries.length === 0) return h("p", { class: "hint" }, "Nothing was sent yet. Send a test event to see whether the receiver answers.");
    replace(body, page.deliveries.map(keep));
    const more = moreButton({
      signal,
      small: true,
      next: page.next,
      fetch: async (before) => {
        const later = await fetch({ before });
        return { items: later.deliveries, next: later.next };
      },
      add(deliveries) {
        const added = deliveries.filter((one) => !rows.has(one.id)).map(keep);
        body.append(...added);
        wait();
        return added[0];
      },
    });
    wait();
    return h("div", null,
      h("table", { class: "table stacks delivery-table", role: "table" },
        h("caption", { class: "sr-only" }, "Deliveries, the latest first"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
          ["Event", "State", "When"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)),
          h("th", { scope: "col", role: "columnheader" }, h("span", { class: "sr-only" }, "Actions")))),
        body),
      more.element);
  }

  /** @param {Delivery} delivery */
  function keep(delivery) {
    const made = row(delivery);
    rows.set(delivery.id, made);
    return made.element;
  }

  /** @param {Delivery} first @returns {Row} */
  function row(first) {
    let delivery = first;
    const state = h("div", { class: "delivery-state" });
    const when = h("time", { datetime: first.created_at, title: formatMoment(first.created_at) });
    const element = h("tr", { role: "row" },
      h("td", { role: "cell", class: "cell-name" }, eventName(first.event)),
      h("td", { role: "cell", class: "cell-status" }, state),
      h("td", { role: "cell", class: "cell-date" }, when),
      h("td", { role: "cell", class: "cell-actions" }, actionMenu(`Actions for ${eventName(first.event)}, ${formatMoment(first.created_at)}`, () => [
        { label: "Show what was sent", icon: "search", run: () => void showBody(delivery) },
        ...(delivery.state === "waiting" ? [] : [{ label: "Send again", icon: /** @type {const} */ ("replace"), run: () => void replay(delivery) }]),
      ])));

    function draw() {
      const why = reason(delivery);
      const next = upNext(delivery);
      replace(state, badge(delivery),
        why && h("p", { class: "hint" }, why),
        next && delivery.attempts > 0 && h("p", { class: "hint" }, `${next} · ${count(delivery.attempts, "try", "tries")} so far`));
      when.textContent = formatAgo(delivery.created_at);
    }
    draw();
    return {
      element,
      delivery: () => delivery,
      update(next) {
        delivery = next;
        draw();
      },
    };
  }

  /** @param {Delivery} delivery */
  async function replay(delivery) {
    try {
      await post(`${base}/deliveries/${delivery.id}/replay`, undefined);
      toast("Sending it again, under the same id");
      refresh();
    } catch (error) {
      toastProblem(error);
    }
  }

  /** @param {Delivery} delivery */
  async function showBody(delivery) {
    try {
      const page = /** @type {Delivery & { body: string }} */ (await get(`${base}/deliveries/${delivery.id}`, signal));
      let pretty = page.body;
      try {
        pretty = JSON.stringify(JSON.parse(page.body), null, 2);
      } catch {
        // Shown as it is.
      }
      await formDialog({
        title: eventName(page.event),
        body: [
          h("dl", { class: "delivery-facts" },
            h("dt", null, "webhook-id"), h("dd", null, h("code", null, page.message_id)),
            page.tried_at && [h("dt", null, "Last try"), h("dd", null, formatMoment(page.tried_at))],
            page.status !== null && [h("dt", null, "Answer"), h("dd", null, `${page.status}${page.took_ms === null ? "" : ` after ${page.took_ms} ms`}`)]),
          h("pre", { class: "snippet", tabindex: "0", "aria-label": "Body" }, h("code", null, pretty)),
          h("div", { class: "button-row" }, copyButton("Copy body", () => page.body)),
        ],
        submit: "Done",
        cancel: false,
        run() {},
      });
    } catch (error) {
      if (!signal.aborted) toastProblem(error);
    }
  }

  /** Something was just sent. */
  function refresh() {
    looks = 0;
    failures = 0;
    return look();
  }

  async function byHand() {
    if (again.classList.contains("busy")) return;
    again.classList.add("busy");
    said.textContent = "";
    looks = 0;
    failures = 0;
    await look(true);
    again.classList.remove("busy");
    changed();
    if (failures === 0 && said.textContent === "") said.textContent = "The list is up to date.";
  }

  return { element, show, refresh };
}

/** @param {Delivery} delivery */
function stateName(delivery) {
  switch (delivery.state) {
    case "delivered": return "Delivered";
    case "failed": return "Failed";
    default: return delivery.attempts === 0 ? "Being sent" : "Waiting to retry";
  }
}

/** @param {Delivery} delivery */
function badge(delivery) {
  const name = stateName(delivery);
  switch (delivery.state) {
    case "delivered": return h("span", { class: "badge badge-good" }, icon("check"), name);
    case "failed": return h("span", { class: "badge badge-danger" }, icon("alert"), name);
    default: return h("span", { class: `badge badge-${delivery.attempts === 0 ? "info" : "warning"}` }, icon("clock"), name);
  }
}
