/** The account menu's list of workspaces, and going on in another one. */
import { h } from "../dom.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { foundWorkspace, manages, switchWorkspace } from "../session.js";
import { formDialog } from "./dialog.js";
import { field } from "./field.js";
import { icon } from "./icon.js";
import { toast, toastProblem } from "./toast.js";

/** @typedef {import("../types.js").Session} Session */

/** @param {Session} session @param {() => void} close */
export function workspaceMenu(session, close) {
  const go = async (/** @type {string} */ id) => {
    close();
    try {
      await switchWorkspace(id);
      navigate("/projects");
    } catch (error) {
      toastProblem(error);
    }
  };
  const item = (/** @type {Session["workspaces"][number]} */ workspace) => {
    const current = workspace.id === session.workspace.id;
    return h("li", null, h("button", { type: "button", class: "menu-item workspace-item", "aria-current": current ? "true" : null, on: { click: () => (current ? close() : void go(workspace.id)) } },
      h("span", { class: "workspace-name" }, workspace.name), current && icon("check")));
  };
  const link = (/** @type {string} */ href, /** @type {string} */ label) =>
    h("a", { class: "menu-item", href, on: { click: close } }, label);
  return [
    h("div", { class: "account-part" },
      h("p", { class: "hint account-label", id: "workspaces" }, "Workspaces"),
      h("ul", { class: "workspace-list", "aria-labelledby": "workspaces" }, session.workspaces.map(item)),
      h("button", { type: "button", class: "menu-item", on: { click: () => { close(); void found(); } } }, icon("plus"), "New workspace")),
    h("div", { class: "account-part" },
      manages(session) && link("/team", "Team"),
      manages(session) && link("/audit", "Audit log"),
      link("/workspace", "Workspace settings")),
  ];
}

async function found() {
  const name = field({ label: "Workspace name", hint: "For another company or team. It shares nothing with this one.", maxlength: 100, autocomplete: "organization" });
  const done = await formDialog({
    title: "New workspace",
    body: name.element,
    submit: "Create workspace",
    ready: () => name.input.value.trim() !== "",
    run: () => foundWorkspace(name.input.value.trim()),
    refused(error) {
      if (asProblem(error).code !== "invalid_name") return false;
      name.error(explain(error));
      return true;
    },
  });
  if (!done) return;
  toast(`You are in ${name.input.value.trim()} now`);
  navigate("/projects");
}
