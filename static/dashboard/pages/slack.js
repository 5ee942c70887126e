import { get, post } from "../api.js";
import { h, replace } from "../dom.js";
import { empty } from "../parts/empty.js";
import { focusOnPage } from "../parts/focus.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { inboundList } from "../parts/inbound-list.js";
import { load } from "../parts/load.js";
import { notice, problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { Problem } from "../problem.js";
import { amend } from "../router.js";
import { setUp } from "../slack/set-up.js";
import { teamPanel } from "../slack/team.js";

/** @typedef {import("../types.js").SlackSetup} SlackSetup */
/** @typedef {import("../types.js").SlackTeam} SlackTeam */
/** @typedef {import("../types.js").SlackDelivery} SlackDelivery */
/** @typedef {import("../types.js").Project} Project */

/** Also where Slack comes back to: what the server says stands behind the #. @param {import("../view.js").SignedInView} view */
export default function page({ outlet, session, signal, title }) {
  title("Slack");
  const told = new URLSearchParams(location.hash.slice(1));
  // A ticket is not left lying in the history.
  if (location.hash !== "") amend(location.pathname);
  const trouble = h("div");
  const slot = h("div", { class: "stack" });
  const connect = h("button", { type: "button", class: "button primary", hidden: true, on: { click: () => void leave() } }, icon("plus"), "Connect a Slack workspace");

  async function leave() {
    connect.disabled = true;
    try {
      const { url } = /** @type {{ url: string }} */ (await post("/slack/install", undefined));
      location.assign(url);
    } catch (error) {
      toastProblem(error);
      connect.disabled = false;
    }
  }

  const show = (first = false) => load(slot, {
    signal,
    ...(first && { skeleton: () => skeleton("form") }),
    async fetch() {
      const [setup, all] = await Promise.all([
        /** @type {Promise<SlackSetup>} */ (get("/slack", signal)),
        /** @type {Promise<{ projects: Project[] }>} */ (get("/projects", signal)),
      ]);
      return { setup, projects: all.projects };
    },
    render: ({ setup, projects }) => {
      connect.hidden = !setup.configured;
      return [
        ...(setup.configured && setup.teams.length === 0
          ? [h("section", { class: "card panel" }, empty("conversations", "No Slack workspace is connected", "Connect one, choose a project for its channels, and mention the app in a channel or write to it directly. It answers in the thread, with sources."))]
          : []),
        ...setup.teams.map((team) => teamPanel({ team, projects, changed: (focus) => void changed(focus), connect: () => void leave() })),
        ...(setup.teams.length > 0 ? [deliveries(setup.deliveries, () => void changed("deliveries"))] : []),
        setUp(setup),
      ];
    },
  });

  /** @param {string} [focus] */
  async function changed(focus) {
    // What it says was done, or is old.
    trouble.replaceChildren();
    await show();
    focusOnPage(focus);
  }

  async function finish(/** @type {string} */ ticket) {
    replace(slot, skeleton("form"));
    try {
      const team = /** @type {SlackTeam} */ (await post("/slack/teams", { ticket }));
      toast(`Connected to ${team.name}`);
      if (team.channels.length === 0) {
        replace(trouble, notice("info", h("p", null, "One step is left: choose which project answers there.")));
      }
    } catch (error) {
      replace(trouble, problemNotice(error));
    }
    await show(true);
  }

  outlet.append(
    heading("Slack", {
      lead: `People in Slack ask, and ${session.workspace.name} answers in the thread, with sources.`,
      back: { href: "/workspace", label: "Workspace" },
      actions: [connect],
    }),
    trouble,
    slot,
  );
  const [problem, ticket] = [told.get("problem"), told.get("ticket")];
  if (problem) replace(trouble, problemNotice(new Problem(400, { code: problem }, null)));
  void (ticket ? finish(ticket) : show(true));
}

/** @param {SlackDelivery[]} list @param {() => void} changed */
function deliveries(list, changed) {
  return h("section", { class: "card panel", "aria-labelledby": "deliveries" },
    h("header", { class: "panel-head" }, h("h2", { id: "deliveries" }, "Last deliveries"), h("p", { class: "hint" }, "What Slack sent, and what became of it. Kept for 30 days.")),
    list.length === 0
      ? h("p", { class: "hint" }, "Slack has sent nothing yet. Mention the app in a channel to try it.")
      : inboundList(list, "/slack/events", changed));
}
