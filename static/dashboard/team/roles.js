/** The three roles in words, choosing one, and the table of what each may do. */
import { h } from "../dom.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../types.js").Role} Role */
/** @typedef {import("../types.js").Permission} Permission */
/** @typedef {import("../types.js").Project} Project */

/** @type {Record<Role, string>} */
export const ROLE_NAMES = { owner: "Owner", admin: "Admin", member: "Member" };

/** @type {Record<Role, string>} */
export const ROLE_PHRASES = { owner: "an owner", admin: "an admin", member: "a member" };

/** @type {[Role, string][]} */
const MEANINGS = [
  ["member", "Works in the projects you choose: documents, conversations, analytics, questions."],
  ["admin", "Sees every project, creates and changes projects, and assigns members to them."],
  ["owner", "Everything an admin may, and the team, billing and the workspace itself."],
];

/**
 * A role, and for a Member the projects.
 * @param {{ role: Role, projects: Project[], assigned: string[] }} options
 */
export function roleChoice({ role: first, projects, assigned }) {
  let role = first;
  const list = projectChoice(projects, assigned);
  const refresh = () => (list.element.hidden = role !== "member");
  const roles = h("fieldset", { class: "choices" },
    h("legend", null, "Role"),
    MEANINGS.map(([value, meaning]) => h("label", { class: "choice" },
      h("input", { type: "radio", name: "role", value, checked: value === role, on: { change: () => { role = value; refresh(); } } }),
      h("span", { class: "choice-words" }, h("span", { class: "choice-name" }, ROLE_NAMES[value]), h("span", { class: "hint" }, meaning)))));
  refresh();
  return { elements: [roles, list.element], role: () => role, projects: () => (role === "member" ? list.chosen() : []) };
}

/** Which projects a Member sees. @param {Project[]} projects @param {string[]} assigned ids */
export function projectChoice(projects, assigned) {
  const boxes = projects.map((project) => h("input", { type: "checkbox", value: project.id, checked: assigned.includes(project.id) }));
  const element = h("fieldset", { class: "choices" },
    h("legend", null, "Projects they see"),
    projects.length === 0
      ? h("p", { class: "hint" }, "There is no project yet. You can assign one later.")
      : h("div", { class: "choice-list" }, projects.map((project, at) => h("label", { class: "choice" }, boxes[at], h("span", { class: "choice-words" }, project.name)))));
  return { element, chosen: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}

/** @param {Permission[]} permissions */
export function roleTable(permissions) {
  /** @type {Role[]} */
  const roles = ["owner", "admin", "member"];
  const mark = (/** @type {boolean} */ may) => (may ? [icon("check"), h("span", { class: "sr-only" }, "Yes")] : h("span", null, h("span", { "aria-hidden": "true" }, "–"), h("span", { class: "sr-only" }, "No")));
  return h("table", { class: "table role-table", role: "table" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      h("th", { scope: "col", role: "columnheader" }, "May"), roles.map((role) => h("th", { scope: "col", role: "columnheader", class: "role-mark" }, ROLE_NAMES[role])))),
    h("tbody", { role: "rowgroup" }, permissions.map((permission) => h("tr", { role: "row" },
      h("th", { scope: "row", role: "rowheader" }, permission.what, h("span", { class: "hint" }, permission.includes.join(", "))),
      roles.map((role) => h("td", { role: "cell", "data-label": ROLE_NAMES[role], class: permission.roles.includes(role) ? "role-mark role-yes" : "role-mark" }, mark(permission.roles.includes(role))))))));
}

/** @param {Permission[]} permissions */
export const rolePanel = (permissions) =>
  h("section", { class: "card panel", "aria-labelledby": "roles" },
    h("header", { class: "panel-head" }, h("h2", { id: "roles" }, "What each role may do"), h("p", { class: "hint" }, "Members work in the projects assigned to them. A change takes effect at once.")),
    roleTable(permissions));
