/** One Slack workspace: how it stands, and which project each of its channels asks. */
import { put, remove } from "../api.js";
import { h, uid } from "../dom.js";
import { formatAgo, formatDate, formatMoment } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { notice } from "../parts/notice.js";
import { actionMenu } from "../parts/popover.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").SlackTeam} SlackTeam */
/** @typedef {import("../types.js").SlackChannel} SlackChannel */
/** @typedef {import("../types.js").Project} Project */

/** Every channel that is not named, and direct messages. */
const OTHERS = "*";

/** @type {Record<SlackTeam["state"], [tone: string, label: string]>} */
const STATES = { connected: ["good", "Connected"], uninstalled: ["warning", "Removed in Slack"], revoked: ["danger", "Access ended by Slack"] };

/** @param {SlackChannel} channel */
const nameOf = (channel) => (channel.channel === OTHERS ? "All other channels, and direct messages" : channel.name === "" ? channel.channel : `#${channel.name}`);

/** @param {{ team: SlackTeam, projects: Project[], changed: (focus?: string) => void, connect: () => void }} options */
export function teamPanel({ team, projects, changed, connect }) {
  const id = `team-${team.id}`;
  const [tone, label] = STATES[team.state];
  const base = `/slack/teams/${team.id}`;
  const others = team.channels.find((one) => one.channel === OTHERS) ?? { channel: OTHERS, name: "", project: null };
  const named = team.channels.filter((one) => one.channel !== OTHERS);
  // What waits for somebody comes first.
  named.sort((a, b) => Number(a.project !== null) - Number(b.project !== null) || nameOf(a).localeCompare(nameOf(b)));

  /** @param {SlackChannel | null} known */
  const edit = (known) => void choose({ base, known, projects, changed: () => changed(id) });

  /** @param {SlackChannel} channel */
  const drop = async (channel) => {
    const done = await confirmDialog({
      title: channel.channel === OTHERS ? "Take all other channels off?" : `Take ${nameOf(channel)} off?`,
      text: channel.channel === OTHERS
        ? "Channels without a project of their own, and direct messages, are then told that no project is chosen."
        : "Questions there are then answered from the project for all other channels, if there is one.",
      submit: "Take off",
      run: () => remove(`${base}/channels/${encodeURIComponent(channel.channel)}`),
    });
    if (!done) return;
    toast(`${nameOf(channel)}: taken off`);
    changed(id);
  };

  const disconnect = async () => {
    const done = await confirmDialog({
      title: `Disconnect ${team.name}?`,
      text: "Questions there are no longer answered. The app’s access is ended at Slack and deleted here. Conversations stay.",
      submit: "Disconnect",
      danger: true,
      run: () => remove(base),
    });
    if (!done) return;
    toast(`${team.name} is disconnected`);
    changed();
  };

  /** @param {SlackChannel} channel */
  const line = (channel) => {
    const project = projects.find((one) => one.id === channel.project);
    const name = nameOf(channel);
    return h("li", { class: "session-line" },
      h("div", null,
        h("p", { class: "session-name" }, name, channel.channel !== OTHERS && channel.name !== "" && h("span", { class: "hint" }, channel.channel)),
        project
          ? h("p", { class: "hint" }, "asks ", h("a", { href: `/projects/${project.id}` }, project.name))
          : h("p", { class: "slack-missing" }, h("span", { class: "badge badge-warning" }, icon("alert"), "No project"), channel.channel !== OTHERS && h("span", { class: "hint" }, "Somebody asked here."))),
      project
        ? actionMenu(`Actions for ${name}`, () => [
            { label: "Change", icon: "pencil", run: () => edit(channel) },
            { label: "Take off", icon: "trash", danger: true, run: () => void drop(channel) },
          ])
        : h("button", { type: "button", class: "button small", "aria-label": `Choose a project for ${name}`, disabled: projects.length === 0, on: { click: () => edit(channel) } }, "Choose a project"));
  };

  return h("section", { class: "card panel", "aria-labelledby": id },
    h("header", { class: "panel-head" },
      h("h2", { id }, team.name),
      h("span", { class: `badge badge-${tone}` }, icon(team.state === "connected" ? "check" : "alert"), label)),
    h("p", { class: "hint" },
      "Connected ", h("time", { datetime: team.installed_at, title: formatMoment(team.installed_at) }, formatDate(team.installed_at)), " · ",
      team.heard_at ? ["last question ", h("time", { datetime: team.heard_at, title: formatMoment(team.heard_at) }, formatAgo(team.heard_at))] : "no question yet"),
    team.state !== "connected" && notice("warning", [
      h("p", null, "The app has no access there any more. Connect it again, and its channels are as they were."),
      h("p", null, h("button", { type: "button", class: "button small", on: { click: connect } }, "Connect again")),
    ]),
    h("h3", { class: "slack-channels" }, "Channels"),
    projects.length === 0 && notice("info", h("p", null, "Create a project first: ", h("a", { href: "/projects" }, "Projects"), ".")),
    h("ul", { class: "session-list slack-list" }, [others, ...named].map(line)),
    h("div", { class: "button-row slack-buttons" },
      h("button", { type: "button", class: "button", disabled: projects.length === 0, on: { click: () => edit(null) } }, icon("plus"), "Add a channel"),
      h("button", { type: "button", class: "button danger-quiet", on: { click: () => void disconnect() } }, "Disconnect")));
}

/** @param {{ base: string, known: SlackChannel | null, projects: Project[], changed: () => void }} options */
async function choose({ base, known, projects, changed }) {
  const others = known?.channel === OTHERS;
  const channel = field({ label: "Channel link or ID", hint: "In Slack, open the channel’s menu and choose “Copy link”.", value: known?.channel ?? "", autocomplete: "off", spellcheck: "false", maxlength: 300 });
  const name = field({ label: "Name", optional: true, hint: "Shown here only.", value: known?.name ?? "", autocomplete: "off", maxlength: 80 });
  const id = uid("project");
  const project = h("select", { id, class: "input select" },
    h("option", { value: "", selected: !known?.project }, "Choose…"),
    projects.map((one) => h("option", { value: one.id, selected: one.id === known?.project }, one.name)));
  const done = await formDialog({
    title: others ? "All other channels, and direct messages" : known ? `Project for ${nameOf(known)}` : "Add a channel",
    body: [
      !known && channel.element,
      !others && name.element,
      h("div", { class: "field" }, h("label", { for: id }, "Project"), project),
      !known && h("p", { class: "hint" }, "Then invite the app there: type “/invite @Pernoex” in the channel."),
    ],
    submit: "Save",
    ready: () => project.value !== "" && channel.input.value.trim() !== "",
    run: () => put(`${base}/channels`, { channel: channel.input.value.trim(), name: name.input.value.trim(), project: project.value }),
    refused(error) {
      if (asProblem(error).field !== "channel" || known) return false;
      channel.error(explain(error));
      return true;
    },
  }).catch((error) => (toastProblem(error), false));
  if (!done) return;
  toast("Saved");
  changed();
}
