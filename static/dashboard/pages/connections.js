import { get, post } from "../api.js";
import { h, replace, webAddress } from "../dom.js";
import { formatDate, formatMoment } from "../format.js";
import { empty } from "../parts/empty.js";
import { focusOnPage } from "../parts/focus.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { moreButton } from "../parts/more-button.js";
import { notice, problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { Problem } from "../problem.js";
import { amend, navigate, safePath } from "../router.js";
import { connectButton, takeNext } from "../sources/connect.js";
import { leaveEverything, leaveGrant } from "../sources/leave.js";
import { isOpen, receiptLine } from "../sources/receipts.js";
import { watch } from "../sources/watch.js";
import { isKind, KINDS } from "../sources/words.js";

/** @typedef {import("../types.js").Integrations} Integrations */
/** @typedef {import("../types.js").Grant} Grant */
/** @typedef {import("../types.js").Receipt} Receipt */

const HERE = "/workspace/integrations";

/** Also where providers come back to: what the server says stands behind the #. @param {import("../view.js").SignedInView} view */
export default function page({ outlet, session, signal, title }) {
  title("Connections");
  const told = new URLSearchParams(location.hash.slice(1));
  // A ticket is not left lying in the history.
  if (location.hash !== "") amend(location.pathname);
  const trouble = h("div");
  const slot = h("div", { class: "stack" });
  const receipts = h("ul", { class: "receipts" });
  /** Those that were asked for by the button: older than what is looked at again and again. */
  const older = h("ul", { class: "receipts" });
  /** @type {string | null} where the list went on when it was last drawn */
  let from = null;
  const more = moreButton({
    signal, next: from, small: true,
    async fetch(before) {
      const page = /** @type {{ receipts: Receipt[], next: string | null }} */ (await get(`/integrations/receipts?before=${before}`, signal));
      return { items: page.receipts, next: page.next };
    },
    add(items) {
      const lines = items.filter(({ kind }) => isKind(kind)).map(receiptLine);
      older.append(...lines);
      return lines[0];
    },
  });
  const receiptPanel = h("section", { class: "card panel", "aria-labelledby": "receipts" },
    h("header", { class: "panel-head" }, h("h2", { id: "receipts" }, "Receipts"), h("p", { class: "hint" }, "What became of what was disconnected, and of what is gone at its provider.")), receipts, older, more.element);
  let open = false;
  let drawn = "";
  let drawnAccounts = "";
  /** @type {Integrations | null} what was heard last */
  let known = null;
  const accounts = h("div");

  const fetch = () => /** @type {Promise<Integrations>} */ (get("/integrations", signal));

  /** @param {Integrations} all */
  function takeReceipts(all) {
    const list = all.receipts.filter(({ kind }) => isKind(kind));
    open = list.some(isOpen);
    receiptPanel.hidden = list.length === 0;
    const text = JSON.stringify(list);
    // A link in a receipt keeps the focus.
    if (text === drawn || receipts.contains(document.activeElement)) return;
    drawn = text;
    replace(receipts, list.map(receiptLine));
    // A new one pushes the last of these out: what follows is asked for anew.
    if (from !== all.receipts_next) {
      from = all.receipts_next;
      replace(older);
      more.set(from);
    }
  }

  /** @param {Integrations} all */
  function take(all) {
    takeReceipts(all);
    // An account whose end was confirmed goes from the list.
    if (JSON.stringify(all.grants) !== drawnAccounts && !accounts.contains(document.activeElement)) drawAccounts(all);
  }

  const looking = watch({ signal, fetch, take, busy: () => open });

  const show = (first = false) => load(slot, {
    signal,
    ...(first && { skeleton: () => skeleton("form") }),
    fetch,
    render: (all) => {
      takeReceipts(all);
      looking.wait();
      return draw(all);
    },
  });

  /** @param {string} said @param {string} [focus] */
  async function changed(said, focus) {
    trouble.replaceChildren();
    toast(said);
    await show();
    focusOnPage(focus);
  }

  /** @param {Grant} grant */
  async function leave(grant) {
    if (await leaveGrant(grant)) await changed(`${grant.name} is being disconnected`, "receipts");
  }

  /** @param {Integrations} all */
  async function leaveAll({ grants, slack_teams }) {
    const left = await leaveEverything({ workspace: session.workspace.name, grants: grants.filter(({ state }) => state !== "ended"), teams: slack_teams });
    if (left) await changed("Everything is being revoked", "receipts");
  }

  /** @param {Integrations} all */
  function drawAccounts(all) {
    drawnAccounts = JSON.stringify(all.grants);
    known = all;
    const grants = all.grants.filter(({ kind, state }) => isKind(kind) && state !== "ended");
    const offers = all.providers.filter(({ kind, configured }) => configured && isKind(kind) && kind !== "website" && kind !== "slack");
    replace(accounts,
      grants.length === 0
        ? empty("link", "No account is connected", "Accounts at GitHub, Notion and Confluence are connected to read documents from them. Websites need none.")
        : h("ul", { class: "session-list" }, grants.map((grant) => line(grant, () => void leave(grant)))),
      offers.length > 0 && h("div", { class: "button-row grant-offers" }, offers.map(({ kind }) => connectButton(kind, `Connect ${KINDS[kind].title}`, { next: HERE, small: true }))));
  }

  /** @param {Integrations} all */
  function draw(all) {
    drawAccounts(all);
    return [
      h("section", { class: "card panel", "aria-labelledby": "accounts" },
        h("header", { class: "panel-head" }, h("h2", { id: "accounts" }, "Accounts"), h("p", { class: "hint" }, "Each is read-only, and is kept encrypted.")),
        accounts),
      h("section", { class: "card panel", "aria-labelledby": "slack" },
        h("header", { class: "panel-head" }, h("h2", { id: "slack" }, "Slack")),
        h("div", { class: "factor-row" },
          h("p", { class: "hint" }, all.slack_teams.length === 0 ? "No Slack workspace is connected." : `Connected: ${all.slack_teams.map(({ name }) => name).join(", ")}.`),
          h("a", { class: "button", href: "/workspace/slack" }, "Open Slack"))),
      receiptPanel,
      h("section", { class: "card panel panel-danger", "aria-labelledby": "danger" },
        h("header", { class: "panel-head" }, h("h2", { id: "danger" }, "Danger zone")),
        h("div", { class: "danger-row" },
          h("div", null, h("h3", null, "Revoke every integration"), h("p", { class: "hint" }, "Every account, every Slack workspace and every source at once, as after a leak.")),
          h("button", { type: "button", class: "button danger-quiet", on: { click: () => void leaveAll(known ?? all) } }, "Revoke everything"))),
    ];
  }

  /** @param {string} ticket @param {string | null} next */
  async function finish(ticket, next) {
    replace(slot, skeleton("form"));
    try {
      const { grants } = /** @type {{ grants: Grant[] }} */ (await post("/integrations/grants", { ticket }));
      toast(`Connected to ${grants.map(({ name }) => name).join(", ")}`);
      if (next !== null && next !== HERE) return navigate(onward(next, grants), { replace: true });
    } catch (error) {
      replace(trouble, problemNotice(error), next !== null && wayBack(next));
    }
    await show(true);
  }

  outlet.append(
    heading("Connections", {
      lead: `What ${session.workspace.name} may read elsewhere, and how to end it.`,
      back: { href: "/workspace", label: "Workspace" },
    }),
    trouble,
    slot,
  );
  const [problem, ticket] = [told.get("problem"), told.get("ticket")];
  const next = problem || ticket ? takeNext() : null;
  if (problem) replace(trouble, problemNotice(new Problem(400, { code: problem }, null)), next !== null && next !== HERE && wayBack(next));
  void (ticket ? finish(ticket, next) : show(true));
}

/** With the account that was just connected. @param {string} next @param {Grant[]} grants */
function onward(next, grants) {
  const [grant] = grants;
  const path = safePath(next);
  return grant && path.includes("/sources/new/") ? `${path.split("?")[0]}?grant=${grant.id}` : path;
}

/** @param {string} next */
const wayBack = (next) => h("p", null, h("a", { href: safePath(next) }, "Back to where you were"));

/** @param {Grant} grant @param {() => void} leave */
function line(grant, leave) {
  const { title, picture } = KINDS[grant.kind];
  const manage = grant.manage_url === null ? null : webAddress(grant.manage_url);
  return h("li", { class: "session-line grant" },
    h("div", null,
      h("p", { class: "session-name" }, icon(picture), grant.name, state(grant)),
      h("p", { class: "hint" }, `${title} · connected `,
        h("time", { datetime: grant.connected_at, title: formatMoment(grant.connected_at) }, formatDate(grant.connected_at)),
        manage && [" · ", h("a", { href: manage, target: "_blank", rel: "noopener noreferrer" }, `Manage at ${title}`, h("span", { class: "sr-only" }, " (opens in a new tab)"))]),
      h("p", { class: "grant-uses" }, grant.used_by.length === 0
        ? "No source reads with it."
        : ["Used by ", ...grant.used_by.flatMap(({ project, source, name }, at) => [at > 0 && ", ", h("a", { href: `/projects/${project}/sources/${source}` }, name)])]),
      grant.state === "broken" && notice("warning", [
        h("p", null, `${title} does not accept the access any more. Connect it again, and its sources go on where they stopped.`),
        h("p", null, connectButton(grant.kind, "Connect again", { next: HERE, small: true })),
      ])),
    grant.state !== "revoking" && h("button", { type: "button", class: "button danger-quiet", "aria-label": `Disconnect ${grant.name}, ${title}`, on: { click: leave } }, "Disconnect"));
}

/** @param {Grant} grant */
function state({ state }) {
  switch (state) {
    case "active": return h("span", { class: "badge badge-good" }, icon("check"), "Connected");
    case "broken": return h("span", { class: "badge badge-danger" }, icon("alert"), "Connect again");
    case "revoking": return h("span", { class: "badge badge-info" }, icon("clock"), "Being revoked");
    case "ended": return null;
  }
}
