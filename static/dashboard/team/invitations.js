/** Open invitations, and making, renewing and revoking them. */
import { post, remove } from "../api.js";
import { h } from "../dom.js";
import { formatMoment, formatUntil } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { notice } from "../parts/notice.js";
import { actionMenu } from "../parts/popover.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { projectNames } from "./members.js";
import { roleChoice, ROLE_NAMES } from "./roles.js";

/** @typedef {import("../types.js").Invitation} Invitation */
/** @typedef {import("../types.js").InvitationLink} InvitationLink */
/** @typedef {import("../types.js").Project} Project */

/** @param {{ invitations: Invitation[], projects: Project[], changed: () => void }} options */
export function invitationTable({ invitations, projects, changed }) {
  return h("table", { class: "table stacks", role: "table" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      ["Invited", "Role", "Projects", "State"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)),
      h("th", { scope: "col", role: "columnheader" }, h("span", { class: "sr-only" }, "Actions")))),
    h("tbody", { role: "rowgroup" }, invitations.map((invitation) => h("tr", { role: "row" },
      h("td", { role: "cell", class: "cell-name" }, h("span", { class: "person" }, invitation.email), invitation.invited_by && h("span", { class: "hint" }, `by ${invitation.invited_by}`)),
      h("td", { role: "cell" }, ROLE_NAMES[invitation.role]),
      h("td", { role: "cell", class: "cell-projects" }, projectNames(invitation, projects)),
      h("td", { role: "cell", class: "cell-status" }, state(invitation)),
      h("td", { role: "cell", class: "cell-actions" }, actionMenu(`Actions for ${invitation.email}`, () => [
        { label: "New link", icon: "replace", run: () => void renew(invitation, changed) },
        { label: "Revoke", icon: "trash", danger: true, run: () => void revoke(invitation, changed) },
      ]))))));
}

/** @param {Invitation} invitation */
function state(invitation) {
  return invitation.state === "expired"
    ? h("span", { class: "badge badge-warning" }, icon("clock"), "Expired")
    : h("span", { class: "badge badge-info", title: formatMoment(invitation.expires_at) }, icon("clock"), `Open, ends ${formatUntil(invitation.expires_at)}`);
}

/** @param {{ projects: Project[], changed: () => void }} options */
export async function invite({ projects, changed }) {
  const email = field({ label: "Email", type: "email", inputmode: "email", autocomplete: "off", hint: "The invitation works for this address only." });
  const choice = roleChoice({ role: "member", projects, assigned: projects.length === 1 && projects[0] ? [projects[0].id] : [] });
  /** @type {InvitationLink | null} */
  let made = null;
  await formDialog({
    title: "Invite a person",
    body: [email.element, ...choice.elements],
    submit: "Create invitation",
    ready: () => /^\S+@\S+\.\S+$/.test(email.input.value.trim()),
    async run() {
      made = await post("/team/invitations", { email: email.input.value.trim(), role: choice.role(), projects: choice.projects() });
    },
    refused(error) {
      if (asProblem(error).field !== "email") return false;
      email.error(explain(error));
      email.input.focus();
      return true;
    },
  });
  if (!made) return;
  changed();
  await showLink(made);
}

/** Where the letter is. @param {InvitationLink} made */
const whereabouts = ({ invitation, mail }) => mail === "server"
  ? h("p", null, "A mail with the link is on its way to ", h("strong", { class: "person" }, invitation.email), ".")
  : h("p", null, "This server sends no mail. The letter to ", h("strong", { class: "person" }, invitation.email), " is a file in the folder ", h("code", null, "mail"), " of its data, and its log names the path: whoever runs the server can hand the link over.");

/** What becomes of an invitation, and the one time that its link is seen, where it is shown at all. @param {InvitationLink} made */
async function showLink(made) {
  const { link, invitation } = made;
  if (link === null) {
    await formDialog({
      title: "Invitation made",
      body: [
        whereabouts(made),
        notice("info", h("p", null, `The link works once, for this address, until ${formatMoment(invitation.expires_at)}. Only whoever reads its mail sees it: if it gets lost, make a new one.`)),
      ],
      submit: "Done",
      cancel: false,
      run() {},
    });
    return;
  }
  const shown = h("input", { class: "input", readonly: true, value: link, "aria-label": "Invitation link", on: { focus: () => shown.setSelectionRange(0, link.length, "backward") } });
  await formDialog({
    title: "Invitation made",
    body: [
      whereabouts(made),
      h("p", null, "You can also copy the link and pass it on in a way that only they can read."),
      h("div", { class: "link-row" }, shown, copyButton("Copy link", () => link)),
      notice("info", h("p", null, `It works once, for this address, until ${formatMoment(invitation.expires_at)}. It is not shown again: if it gets lost, make a new one.`)),
    ],
    submit: "Done",
    cancel: false,
    run() {},
  });
}

/** @param {Invitation} invitation @param {() => void} changed */
async function renew(invitation, changed) {
  try {
    const made = /** @type {InvitationLink} */ (await post(`/team/invitations/${invitation.id}/link`, {}));
    changed();
    await showLink(made);
  } catch (error) {
    toastProblem(error);
  }
}

/** @param {Invitation} invitation @param {() => void} changed */
async function revoke(invitation, changed) {
  const done = await confirmDialog({
    title: "Revoke this invitation?",
    text: `The link sent to ${invitation.email} stops working at once.`,
    submit: "Revoke",
    danger: true,
    run: () => remove(`/team/invitations/${invitation.id}`),
  });
  if (!done) return;
  toast("Invitation revoked");
  changed();
}
