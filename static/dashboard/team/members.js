/** The table of members, and what can be done with one. */
import { patch, post, put, remove } from "../api.js";
import { h } from "../dom.js";
import { formatAgo, formatMoment } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { actionMenu } from "../parts/popover.js";
import { toast } from "../parts/toast.js";
import { navigate } from "../router.js";
import { leaveWorkspace } from "../session.js";
import { projectChoice, roleChoice, ROLE_NAMES, ROLE_PHRASES } from "./roles.js";

/** @typedef {import("../types.js").Member} Member */
/** @typedef {import("../types.js").Project} Project */
/** @typedef {import("../types.js").Session} Session */
/** @typedef {{ session: Session, members: Member[], projects: Project[], changed: () => void }} Team */

/** @param {Team} team */
export function memberTable(team) {
  return h("table", { class: "table stacks", role: "table" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      ["Person", "Role", "Projects", "Two-factor", "Joined"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)),
      h("th", { scope: "col", role: "columnheader" }, h("span", { class: "sr-only" }, "Actions")))),
    h("tbody", { role: "rowgroup" }, team.members.map((member) => row(team, member))));
}

/** @param {Team} team @param {Member} member */
function row(team, member) {
  const you = member.id === team.session.user.id;
  const actions = actionsFor(team, member, you);
  return h("tr", { role: "row" },
    h("td", { role: "cell", class: "cell-name" }, h("span", { class: "person" }, member.email), you && h("span", { class: "badge badge-neutral" }, "You")),
    h("td", { role: "cell" }, ROLE_NAMES[member.role]),
    h("td", { role: "cell", class: "cell-projects" }, projectNames(member, team.projects)),
    h("td", { role: "cell", class: "cell-factor", "data-label": "Two-factor" }, member.second_factor ? h("span", { class: "badge badge-good" }, "On") : h("span", { class: "badge badge-neutral" }, "Off")),
    h("td", { role: "cell", class: "cell-date", "data-label": "Joined" }, h("time", { datetime: member.joined_at, title: formatMoment(member.joined_at) }, formatAgo(member.joined_at))),
    h("td", { role: "cell", class: "cell-actions" }, actions.length > 0 && actionMenu(`Actions for ${member.email}`, () => actions)));
}

/** @param {{ role: import("../types.js").Role, projects: string[] | null }} who @param {Project[]} projects */
export function projectNames(who, projects) {
  if (who.role !== "member") return "All projects";
  const names = projects.filter((project) => who.projects?.includes(project.id)).map((project) => project.name);
  return names.length === 0 ? h("span", { class: "badge badge-warning" }, "No project yet") : names.join(", ");
}

/** What this session may do with a member: the server has the last word. @param {Team} team @param {Member} member @param {boolean} you */
function actionsFor(team, member, you) {
  const owner = team.session.role === "owner";
  /** @type {(import("../parts/popover.js").Action | false)[]} */
  const all = [
    owner && { label: "Change role", icon: "key", run: () => void changeRole(team, member) },
    member.role === "member" && { label: "Assign projects", icon: "documents", run: () => void assign(team, member) },
    owner && !you && { label: "Hand over ownership", icon: "replace", run: () => void handOver(team, member) },
    owner && !you && { label: "End sessions", icon: "stop", run: () => void endSessions(team, member) },
    owner && !you && { label: "Remove from workspace", icon: "trash", danger: true, run: () => void dismiss(team, member) },
    you && { label: "Leave workspace", icon: "close", danger: true, run: () => void leave(team.session) },
  ];
  return all.filter((action) => action !== false);
}

/** @param {Team} team @param {Member} member */
async function changeRole(team, member) {
  const choice = roleChoice({ role: member.role, projects: team.projects, assigned: member.projects ?? [] });
  const done = await formDialog({
    title: "Change role",
    body: [h("p", null, h("strong", { class: "person" }, member.email)), ...choice.elements],
    submit: "Save role",
    run: () => patch(`/team/members/${member.id}`, { role: choice.role(), projects: choice.projects() }),
  });
  if (!done) return;
  toast(`${member.email} is ${ROLE_PHRASES[choice.role()]} now`);
  // Who demotes themselves sees the page as their new role does.
  if (member.id === team.session.user.id) location.assign("/projects");
  else team.changed();
}

/** @param {Team} team @param {Member} member */
async function assign(team, member) {
  const choice = projectChoice(team.projects, member.projects ?? []);
  const done = await formDialog({
    title: "Assign projects",
    body: [h("p", null, h("strong", { class: "person" }, member.email), " sees these projects and no others."), choice.element],
    submit: "Save projects",
    run: () => put(`/team/members/${member.id}/projects`, { projects: choice.chosen() }),
  });
  if (!done) return;
  toast("Projects assigned");
  team.changed();
}

/** @param {Team} team @param {Member} member */
async function handOver(team, member) {
  const done = await confirmDialog({
    title: "Hand over ownership?",
    text: `${member.email} becomes an owner of ${team.session.workspace.name}, and you become an admin. Only they can give ownership back.`,
    submit: "Hand over",
    danger: true,
    run: () => post("/team/owner", { member: member.id }),
  });
  if (done) location.assign("/team");
}

/** @param {Team} team @param {Member} member */
async function endSessions(team, member) {
  const done = await confirmDialog({
    title: "End their sessions?",
    text: `${member.email} is signed out of ${team.session.workspace.name} on every device, and has to sign in again. They are told by mail.`,
    submit: "End sessions",
    danger: true,
    run: () => remove(`/team/members/${member.id}/sessions`),
  });
  if (done) toast(`${member.email} is signed out`);
}

/** @param {Team} team @param {Member} member */
async function dismiss(team, member) {
  const done = await confirmDialog({
    title: "Remove from workspace?",
    text: `${member.email} loses access to ${team.session.workspace.name} at once and is signed out of it. What they added stays. Their account and other workspaces are not touched.`,
    submit: "Remove",
    danger: true,
    run: () => remove(`/team/members/${member.id}`),
  });
  if (!done) return;
  toast(`Removed ${member.email}`);
  team.changed();
}

/** @param {Session} session */
export async function leave(session) {
  const done = await confirmDialog({
    title: "Leave this workspace?",
    text: `You lose access to ${session.workspace.name} at once. An owner can invite you again. Your account stays.`,
    submit: "Leave workspace",
    danger: true,
    run: leaveWorkspace,
  });
  if (!done) return;
  toast(`You left ${session.workspace.name}`);
  navigate("/sign-in");
}
