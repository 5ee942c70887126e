/** How a server comes to have a Slack app: by a manifest that its operator pastes at Slack. */
import { h } from "../dom.js";
import { copyButton } from "../parts/copy.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../types.js").SlackSetup} SlackSetup */

/** @param {SlackSetup} setup */
export function setUp({ configured, manifest }) {
  const steps = h("ol", { class: "enrol-steps" },
    h("li", null, h("h3", null, "1. Create the app"),
      h("p", { class: "hint" }, "At ", h("a", { href: "https://api.slack.com/apps?new_app=1", target: "_blank", rel: "noopener noreferrer" }, "api.slack.com/apps"),
        " choose “From a manifest”, pick your Slack workspace, and paste this. It asks for no more than the app needs."),
      h("pre", { class: "snippet slack-manifest", tabindex: "0", "aria-label": "App manifest" }, h("code", null, manifest)),
      h("div", { class: "button-row" }, copyButton("Copy manifest", () => manifest))),
    h("li", null, h("h3", null, "2. Tell this server about it"),
      h("p", { class: "hint" }, "Under “Basic Information” Slack shows three values. Whoever runs this server sets them and starts it again: ",
        h("code", null, "SLACK_CLIENT_ID"), ", ", h("code", null, "SLACK_CLIENT_SECRET"), " and ", h("code", null, "SLACK_SIGNING_SECRET"), ".")),
    h("li", null, h("h3", null, "3. Connect"),
      h("p", { class: "hint" }, "Then this page shows a button that installs the app in your Slack workspace. The address must be reachable for Slack, by https.")));
  if (!configured) {
    return h("section", { class: "card panel", "aria-labelledby": "set-up" },
      h("header", { class: "panel-head" }, h("h2", { id: "set-up" }, "This server has no Slack app yet")), steps);
  }
  return h("details", { class: "card panel fold" },
    h("summary", null, icon("chevron"), h("h2", null, "The app’s manifest"), h("span", { class: "hint" }, "For the operator of this server")), steps);
}
