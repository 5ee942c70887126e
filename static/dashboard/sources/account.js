/** Which account a new source reads with: one that is connected already, or another. */
import { h } from "../dom.js";
import { formatDate } from "../format.js";
import { empty } from "../parts/empty.js";
import { notice } from "../parts/notice.js";
import { connectButton } from "./connect.js";
import { radios } from "./fields.js";
import { KINDS } from "./words.js";

/** @typedef {import("../types.js").SourceKind} SourceKind */
/** @typedef {import("../types.js").Grant} Grant */

/** What whoever runs the server sets. @type {Record<SourceKind, string[]>} */
const SETTINGS = {
  website: [],
  github: ["GITHUB_APP_CLIENT_ID", "GITHUB_APP_CLIENT_SECRET", "GITHUB_APP_SLUG", "GITHUB_APP_PRIVATE_KEY_FILE"],
  notion: ["NOTION_CLIENT_ID", "NOTION_CLIENT_SECRET"],
  confluence: ["ATLASSIAN_CLIENT_ID", "ATLASSIAN_CLIENT_SECRET"],
  slack: ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"],
};

/** @param {SourceKind} kind */
export const notSetUp = (kind) =>
  notice("info", [
    h("p", null, `This server has no app at ${KINDS[kind].title} yet. Whoever runs it registers one there, sets these, and starts it again:`),
    h("ul", { class: "settings-list" }, SETTINGS[kind].map((name) => h("li", null, h("code", null, name)))),
  ]);

/**
 * @param {object} how
 * @param {SourceKind} how.kind
 * @param {Grant[]} how.grants of this kind
 * @param {string} how.chosen
 * @param {string} how.next where to come back to after connecting another
 * @param {(grant: string) => void} how.choose
 */
export function accountChoice({ kind, grants, chosen, next, choose }) {
  const { title, access, picture } = KINDS[kind];
  if (grants.length === 0) {
    return h("section", { class: "card" },
      empty(picture, `Connect ${title} first`, `You agree at ${title}, and come back here. ${access} The access can be ended here at any time.`, connectButton(kind, `Connect ${title}`, { next, primary: true })));
  }
  return h("section", { class: "card panel stack" },
    radios("Account", grants.map(({ id, name, connected_at }) => [id, name, `Connected ${formatDate(connected_at)}`]), chosen, choose),
    h("div", { class: "button-row" }, connectButton(kind, "Connect another account", { next, small: true })));
}

/** @param {{ teams: { id: string, name: string }[], chosen: string, choose: (team: string) => void }} how */
export function teamChoice({ teams, chosen, choose }) {
  if (teams.length === 0) {
    return h("section", { class: "card" },
      empty("hash", "Connect Slack first", "The app that answers in Slack is the one that reads its channels.", h("a", { class: "button primary", href: "/workspace/slack" }, "Open Slack")));
  }
  return h("section", { class: "card panel" }, radios("Slack workspace", teams.map(({ id, name }) => [id, name, ""]), chosen, choose));
}
