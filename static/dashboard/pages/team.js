import { get } from "../api.js";
import { h } from "../dom.js";
import { count } from "../format.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { invitationTable, invite } from "../team/invitations.js";
import { memberTable } from "../team/members.js";
import { rolePanel } from "../team/roles.js";

/** @typedef {import("../types.js").Member} Member */
/** @typedef {import("../types.js").Invitation} Invitation */
/** @typedef {import("../types.js").Permission} Permission */
/** @typedef {import("../types.js").Project} Project */

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, session, signal, title }) {
  title("Team");
  const owner = session.role === "owner";
  const slot = h("div", { class: "stack" });
  /** @type {Project[]} */
  let projects = [];
  const show = (first = false) => load(slot, {
    signal,
    ...(first && { skeleton: () => skeleton("rows") }),
    async fetch() {
      const [team, invited, table, all] = await Promise.all([
        /** @type {Promise<{ members: Member[] }>} */ (get("/team/members", signal)),
        owner ? /** @type {Promise<{ invitations: Invitation[] }>} */ (get("/team/invitations", signal)) : null,
        /** @type {Promise<{ permissions: Permission[] }>} */ (get("/team/permissions", signal)),
        /** @type {Promise<{ projects: Project[] }>} */ (get("/projects", signal)),
      ]);
      projects = all.projects;
      return { members: team.members, invitations: invited?.invitations ?? null, permissions: table.permissions };
    },
    render: ({ members, invitations, permissions }) => [
      h("section", { class: "card panel", "aria-labelledby": "members" },
        h("header", { class: "panel-head" }, h("h2", { id: "members" }, "Members"), h("p", { class: "hint" }, count(members.length, "person", "people"))),
        memberTable({ session, members, projects, changed })),
      ...(invitations ? [h("section", { class: "card panel", "aria-labelledby": "invitations" },
        h("header", { class: "panel-head" }, h("h2", { id: "invitations" }, "Invitations")),
        invitations.length === 0
          ? h("p", { class: "hint" }, "Nobody is invited at the moment. An invitation is a link for one address, that works once.")
          : invitationTable({ invitations, projects, changed }))] : []),
      rolePanel(permissions),
    ],
  });
  const changed = () => void show();
  outlet.append(
    heading("Team", {
      lead: `Who works in ${session.workspace.name}, and in which projects.`,
      actions: [owner && h("button", { type: "button", class: "button primary", on: { click: () => void invite({ projects, changed }) } }, icon("plus"), "Invite")],
    }),
    slot,
  );
  void show(true);
}
