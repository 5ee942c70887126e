import { get, patch, put, send } from "../api.js";
import { h, replace } from "../dom.js";
import { formatMoment } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { manages, refreshSession, setSession } from "../session.js";
import { leave } from "../team/members.js";
import { passwordLength } from "../workspace/password-length.js";
import { ROLE_PHRASES, rolePanel } from "../team/roles.js";

/** @typedef {import("../types.js").Session} Session */
/** @typedef {import("../types.js").Permission} Permission */

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, session, signal, title }) {
  title("Workspace");
  const owner = session.role === "owner";
  const roles = h("div");
  outlet.append(
    heading("Workspace", { lead: `You are ${ROLE_PHRASES[session.role]} of ${session.workspace.name}.` }),
    ...(owner ? [general(session), passwordLength(signal), security(session)] : []),
    ...(owner && session.billing ? [plan()] : []),
    ...(manages(session) ? [connections()] : []),
    roles,
    danger(session, owner),
  );
  // Owners and admins see it on the Team page.
  if (!manages(session)) void load(roles, {
    signal,
    skeleton: () => skeleton("form"),
    fetch: () => /** @type {Promise<{ permissions: Permission[] }>} */ (get("/team/permissions", signal)),
    render: ({ permissions }) => rolePanel(permissions),
  });
}

/** @param {Session} session */
function general(session) {
  let stored = session.workspace.name;
  const name = field({ label: "Workspace name", value: stored, maxlength: 80, autocomplete: "off" });
  const save = h("button", { type: "submit", class: "button primary", disabled: true }, "Save name");
  const trouble = h("div");
  const refresh = () => {
    const typed = name.input.value.trim();
    save.disabled = typed === "" || typed === stored;
  };
  const form = h("form", { class: "stack narrow", novalidate: true, on: { input: refresh } }, name.element, trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    save.disabled = true;
    try {
      await patch("/workspace", { name: name.input.value.trim() });
      toast("Workspace renamed");
      await refreshSession();
      navigate("/workspace", { replace: true });
    } catch (error) {
      if (asProblem(error).code === "invalid_name") name.error(explain(error));
      else replace(trouble, problemNotice(error));
      refresh();
    }
  });
  return h("section", { class: "card panel", "aria-labelledby": "general" },
    h("header", { class: "panel-head" }, h("h2", { id: "general" }, "General")), form);
}

const plan = () => h("section", { class: "card panel", "aria-labelledby": "billing" },
  h("header", { class: "panel-head" }, h("h2", { id: "billing" }, "Plan and payments")),
  h("div", { class: "factor-row" },
    h("div", null, h("h3", null, "Billing"), h("p", { class: "hint" }, "The plan, how much of it is used, invoices and cards.")),
    h("a", { class: "button", href: "/workspace/billing" }, "Open billing")));

/** What the workspace is connected to. */
const connections = () => h("section", { class: "card panel", "aria-labelledby": "connections" },
  h("header", { class: "panel-head" }, h("h2", { id: "connections" }, "Connections")),
  h("div", { class: "factor-rows connection-rows" }, h("div", { class: "factor-row" },
    h("div", null, h("h3", null, "Accounts and sources"), h("p", { class: "hint" }, "What may be read at GitHub, Notion and Confluence, and how to end it. Receipts of what was ended.")),
    h("a", { class: "button", href: "/workspace/integrations" }, "Open connections")),
  h("div", { class: "factor-row" },
    h("div", null, h("h3", null, "Slack"), h("p", { class: "hint" }, "Questions in Slack are answered in their thread, from the project of the channel.")),
    h("a", { class: "button", href: "/workspace/slack" }, "Open Slack"))));

/** Whether members need a second factor. @param {Session} session */
function security(session) {
  const { required_from: from, required_by_server: everywhere } = session.second_factor;
  const state = everywhere
    ? "This server requires it of everybody."
    : from === null
    ? "Members choose for themselves. The Team page shows who has it."
    : new Date(from) <= new Date() ? `Required of everybody since ${formatMoment(from)}.` : `Required of everybody from ${formatMoment(from)} on.`;
  return h("section", { class: "card panel", "aria-labelledby": "security" },
    h("header", { class: "panel-head" }, h("h2", { id: "security" }, "Security")),
    h("div", { class: "factor-row" },
      h("div", null, h("h3", null, "Two-factor authentication"), h("p", { class: "hint" }, state)),
      // What the operator decided is not theirs to change.
      everywhere ? null : from === null
        ? h("button", { type: "button", class: "button", on: { click: () => void requireFactor(session) } }, "Require it")
        : h("button", { type: "button", class: "button", on: { click: () => void waive(session) } }, "Stop requiring it")));
}

/** @param {Session} session */
async function requireFactor(session) {
  if (!session.second_factor.enabled) {
    const go = await confirmDialog({
      title: "Set it up for yourself first",
      text: "Who requires two-factor authentication of others has it themselves, so that nobody locks themselves out.",
      submit: "Go to my account",
    });
    if (go) navigate("/account");
    return;
  }
  const days = field({ label: "Days until it is required", hint: "Until then members see a reminder with the date. 0 is at once.", type: "number", min: 0, max: 90, value: "7", required: true });
  const done = await formDialog({
    title: "Require two-factor authentication?",
    body: [
      h("p", null, `From that day on members of ${session.workspace.name} without it reach only their own account page, where they can set it up.`),
      days.element,
    ],
    submit: "Require it",
    ready: () => /^\d+$/.test(days.input.value),
    run: () => put("/workspace/second-factor", { required: true, grace_days: Number(days.input.value) }),
    refused(error) {
      if (asProblem(error).code !== "invalid_grace_days") return false;
      days.error(explain(error));
      return true;
    },
  });
  if (done) await ruleChanged("Two-factor authentication will be required");
}

/** @param {Session} session */
async function waive(session) {
  const done = await confirmDialog({
    title: "Stop requiring two-factor authentication?",
    text: `Members of ${session.workspace.name} can then sign in with their password alone, if they have nothing else set up.`,
    submit: "Stop requiring it",
    danger: true,
    run: () => put("/workspace/second-factor", { required: false }),
  });
  if (done) await ruleChanged("Two-factor authentication is no longer required");
}

/** @param {string} said */
async function ruleChanged(said) {
  toast(said);
  await refreshSession();
  navigate("/workspace", { replace: true });
}

/** @param {Session} session @param {boolean} owner */
function danger(session, owner) {
  /** @param {string} name @param {string} hint @param {string} label @param {() => void} run */
  const line = (name, hint, label, run) => h("div", { class: "danger-row" },
    h("div", null, h("h3", null, name), h("p", { class: "hint" }, hint)),
    h("button", { type: "button", class: "button danger-quiet", on: { click: run } }, label));
  return h("section", { class: "card panel panel-danger", "aria-labelledby": "danger" },
    h("header", { class: "panel-head" }, h("h2", { id: "danger" }, "Danger zone")),
    h("div", { class: "danger-rows" },
      line("Leave this workspace", owner ? "Another owner must remain." : "You lose access at once. An owner can invite you again.", "Leave workspace", () => void leave(session)),
      owner && line("Delete this workspace", "Every project and widget is shut for everyone, and ends for good after a time for second thoughts.", "Delete workspace", () => void destroy(session))));
}

/** @param {Session} session */
async function destroy(session) {
  const { name } = session.workspace;
  const typed = field({ label: "Workspace name", autocomplete: "off", spellcheck: "false" });
  /** @type {string | null} */
  let ends = null;
  const gone = await formDialog({
    title: "Delete this workspace?",
    body: [
      h("p", null, "All projects and widgets are shut for everyone at once. After a time for second thoughts, in which an owner can take the workspace back, its encryption keys are destroyed: then nobody can bring its contents back, from backups neither."),
      h("p", null, "Accounts stay, and so do the other workspaces of its members."),
      h("p", null, "Type ", h("strong", { class: "typed-name" }, name), " to confirm."),
      typed.element,
    ],
    submit: "Delete workspace",
    danger: true,
    ready: () => typed.input.value === name,
    async run() {
      const response = await send("DELETE", "/workspace", { body: { confirm: typed.input.value } });
      ends = (await response.json()).ends_at;
    },
    refused(error) {
      if (asProblem(error).code !== "confirmation_mismatch") return false;
      typed.error(explain(error));
      return true;
    },
  });
  if (!gone) return;
  if (ends !== null) {
    await refreshSession();
    return navigate("/projects");
  }
  setSession(null);
  toast(`Deleted ${name}`);
  navigate("/sign-in");
}
