/** The header, the project's navigation and the main landmark around every page. */
import { h, replace } from "../dom.js";
import { formatMoment } from "../format.js";
import { navigate } from "../router.js";
import { manages, mustEnrol, signOut } from "../session.js";
import { chooseTheme, chosenTheme } from "../theme.js";
import { followCounts } from "../inbox/counts.js";
import { segmented } from "./field.js";
import { icon } from "./icon.js";
import { notice } from "./notice.js";
import { hang } from "./popover.js";
import { skeleton } from "./skeleton.js";
import { toastProblem } from "./toast.js";
import { workspaceMenu } from "./workspaces.js";

/** @typedef {import("../types.js").Session} Session */
/** @typedef {import("../types.js").Project} Project */

/** @type {[label: string, path: string, picture: import("./icon.js").IconName, managers: boolean][]} */
const TABS = [
  ["Overview", "", "overview", false],
  ["Documents", "/documents", "documents", false],
  ["Sources", "/sources", "link", true],
  ["Curated answers", "/curated-answers", "pencil", false],
  ["Ask", "/ask", "ask", false],
  ["Inbox", "/conversations", "conversations", false],
  ["To-dos", "/todos", "check", false],
  ["Analytics", "/analytics", "analytics", false],
  ["Widget", "/widget", "widget", true],
  ["Webhooks", "/webhooks", "webhook", true],
  ["Voice", "/voice", "voice", true],
  ["Settings", "/settings", "settings", true],
];

/** @type {string} what the header and navigation were last drawn for */
let drawn = "";

/** @param {{ session: Session | null, project: Project | null, pending?: boolean, outlet: HTMLElement }} what */
export function frame({ session, project, pending = false, outlet }) {
  const top = document.getElementById("top");
  const side = document.getElementById("side");
  const main = document.getElementById("main");
  if (!top || !side || !main) return;
  const key = JSON.stringify([session?.user.email, session?.role, session?.workspace, session?.workspaces, project?.id, project?.name, pending]);
  if (key !== drawn) {
    drawn = key;
    replace(top, header(session, project));
    // While the project is on its way its place is kept, so that the page does not move.
    replace(side, project && session ? projectNav(project, session) : pending && skeleton("rows"));
    side.hidden = !project && !pending;
    document.body.classList.toggle("in-project", !side.hidden);
  }
  markCurrent(side);
  markPlace(top);
  if (project && session && !side.hidden) followCounts(project.id, side);
  if (outlet.parentElement !== main) replace(main, session && reminder(session), outlet);
}

/** That the workspace will ask for a second factor, while there is time. @param {Session} session */
function reminder(session) {
  const { enabled, required_from: from } = session.second_factor;
  if (enabled || from === null || mustEnrol(session) || location.pathname === "/account") return null;
  return h("div", { class: "reminder" }, notice("warning",
    h("p", null, `${session.workspace.name} requires two-factor authentication from ${formatMoment(from)} on. `,
      h("a", { href: "/account" }, "Set it up now"), ", it takes a minute.")));
}

/** @param {Session | null} session @param {Project | null} project */
function header(session, project) {
  return [
    session && h("nav", { class: "crumbs", "aria-label": "Workspace" },
      h("span", { class: "workspace" }, session.workspace.name),
      h("a", { href: "/projects", class: "crumb" }, "Projects"),
      project && h("a", { href: `/projects/${project.id}`, class: "crumb crumb-project" }, project.name)),
    session && h("nav", { class: "places", "aria-label": "Workspace pages" },
      manages(session) && h("a", { href: "/team" }, "Team"),
      manages(session) && h("a", { href: "/audit" }, "Audit log"),
      h("a", { href: "/workspace" }, "Workspace")),
    session && account(session),
  ];
}

/** @param {Project} project @param {Session} session */
function projectNav(project, session) {
  return [
    h("p", { class: "side-name" }, project.name),
    h("ul", null, TABS.filter(([, , , managers]) => !managers || manages(session)).map(([label, path, picture]) =>
      h("li", null, h("a", { href: `/projects/${project.id}${path}` }, icon(picture), label)))),
  ];
}

/** @param {HTMLElement} top */
function markPlace(top) {
  for (const link of top.querySelectorAll("a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {HTMLElement} side */
function markCurrent(side) {
  for (const link of side.querySelectorAll("a")) {
    const root = link.pathname.split("/").length === 3;
    const current = location.pathname === link.pathname || (!root && location.pathname.startsWith(`${link.pathname}/`));
    if (current) {
      link.setAttribute("aria-current", "page");
      // On narrow screens the tabs scroll sideways; the current one should be in sight.
      const list = link.closest("ul");
      if (list) list.scrollLeft = link.offsetLeft - list.clientWidth / 2 + link.offsetWidth / 2;
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

/** @param {Session} session */
function account(session) {
  const role = { owner: "Owner", admin: "Admin", member: "Member" }[session.role];
  const leave = async () => {
    try {
      await signOut();
      navigate("/sign-in");
    } catch (error) {
      toastProblem(error);
    }
  };
  const button = h("button", { type: "button", class: "account-button", "aria-label": "Account menu" },
    h("span", { class: "avatar", "aria-hidden": "true", "data-initial": session.user.email.slice(0, 1).toUpperCase() }));
  const close = () => panel.hidePopover();
  const panel = h("div", { class: "menu account-panel", role: "group", "aria-label": "Account" },
    h("div", { class: "account-who" },
      h("p", { class: "account-email" }, session.user.email),
      h("p", { class: "hint" }, `${session.workspace.name} · ${role}`)),
    workspaceMenu(session, close),
    segmented("Theme", [["system", "System"], ["light", "Light"], ["dark", "Dark"]], chosenTheme(),
      (theme) => chooseTheme(/** @type {import("../theme.js").Theme} */ (theme))),
    h("div", { class: "account-leave" },
      h("a", { class: "menu-item", href: "/account", on: { click: close } }, "Account and sessions"),
      session.operator && h("a", { class: "menu-item", href: "/operator", on: { click: () => panel.hidePopover() } }, "Actors"),
      session.operator && h("a", { class: "menu-item", href: "/operator/reports", on: { click: () => panel.hidePopover() } }, "Reports"),
      h("button", { type: "button", class: "menu-item", on: { click: () => void leave() } }, "Sign out")));
  hang(button, panel);
  return h("div", { class: "menu-anchor" }, button, panel);
}
