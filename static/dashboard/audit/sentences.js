/** What an entry of the audit log says, as a sentence that begins with who did it. */
import { count } from "../format.js";

/** @typedef {import("../types.js").AuditEntry} AuditEntry */

/** @type {Record<string, string>} what an act is called in the list of filters, by the first part of its id */
export const GROUPS = {
  session: "Sign-ins",
  account: "Accounts",
  member: "Members",
  invitation: "Invitations",
  workspace: "Workspace",
  project: "Projects",
  widget: "Widget",
  webhook: "Webhooks",
  voice: "Voice",
  document: "Documents",
  conversation: "Conversations",
  privacy: "Privacy",
  curated_answer: "Curated answers",
  synonyms: "Synonyms",
  slack: "Slack",
  source: "Sources",
  grant: "Connected accounts",
  integrations: "All integrations",
  billing: "Billing",
  keys: "Keys",
  audit: "Audit log",
};

/** @type {Record<string, string>} */
const ROLES = { owner: "Owner", admin: "Admin", member: "Member" };

/** @type {Record<string, string>} */
const PROVIDERS = { google: "Google", apple: "Apple" };

/** @type {Record<string, string>} */
const VOICES = { elevenlabs: "ElevenLabs", retell: "Retell", vapi: "Vapi", bland: "Bland", standard: "a voice agent" };

/** @type {Record<string, string>} */
const SOURCES = { website: "Website", github: "GitHub", notion: "Notion", confluence: "Confluence", slack: "Slack" };

/** @param {AuditEntry} entry */
const voice = (entry) => VOICES[String(detail(entry, "provider"))] ?? "a voice agent";

/** @param {unknown} value */
const role = (value) => ROLES[String(value)] ?? String(value);

/** @param {AuditEntry} entry @param {string} key */
const detail = (entry, key) => (typeof entry.details === "object" && entry.details !== null ? /** @type {Record<string, unknown>} */ (entry.details)[key] : undefined);

/** @param {AuditEntry} entry */
function projects(entry) {
  const ids = detail(entry, "projects");
  if (!Array.isArray(ids)) return "all projects";
  return ids.length === 0 ? "no project" : count(ids.length, "project");
}

/** Of the account in the target, when it is not the one who acts. @param {AuditEntry} entry */
const whose = (entry) => (entry.target.name === "" || entry.target.name === entry.email ? "their" : `${entry.target.name}’s`);

/** @param {AuditEntry} entry */
const provider = (entry) => PROVIDERS[entry.target.id] ?? "another provider";

/** @param {AuditEntry} entry @param {string} what */
const changed = (entry, what) => (detail(entry, "from") ? `renamed the ${what} “${detail(entry, "from")}” to “${entry.target.name}”` : `renamed the ${what} to “${entry.target.name}”`);

/** @param {AuditEntry} entry */
const slackChannel = (entry) => (detail(entry, "channel") === "*" ? "all other channels" : `the channel ${detail(entry, "channel")}`);

/** What provider a source or an account is of, in brackets. @param {AuditEntry} entry */
const at = (entry) => (detail(entry, "kind") ? ` (${SOURCES[String(detail(entry, "kind"))] ?? detail(entry, "kind")})` : "");

/** What became of the documents. @param {AuditEntry} entry */
const documents = (entry) => ({ keep: ", and kept the documents", delete: ", and had the documents deleted" })[String(detail(entry, "documents"))] ?? "";

/** @type {Record<string, string>} what was done to many documents */
const MANY = { delete: "deleted", tag: "tagged", untag: "took a tag off", move: "moved", retry: "had read once more", reviewed: "marked as reviewed", review_by: "set the review date of" };

/** @type {Record<string, string>} in Stripe's words, and in ours */
const SUBSCRIPTIONS = { active: "active", trialing: "in its trial", past_due: "waiting for a payment", unpaid: "not paid", canceled: "over", incomplete: "not paid yet", incomplete_expired: "never paid", paused: "paused" };

/** @type {Record<string, (entry: AuditEntry) => string>} each goes on where the name of who did it ends */
export const SENTENCES = {
  "session.begun": () => "signed in",
  "session.failed": (entry) => (entry.actor === null ? `tried to sign in as ${entry.target.name} and failed` : "gave a wrong second factor"),
  "session.proved": () => "proved once more who they are",
  "session.proof_failed": (entry) => (entry.target.name === "second factor" ? "gave a wrong second factor while signed in" : "gave a wrong password while signed in"),
  "session.ended": () => "signed out",
  "session.revoked": (entry) => (detail(entry, "all_others") ? "ended all their other sessions" : "ended one of their sessions"),
  "account.sessions_ended": (entry) => (entry.actor === null ? `ended all sessions of ${entry.target.name}` : `ended the sessions of ${entry.target.name} in this workspace`),
  "account.password_changed": (entry) => `changed ${whose(entry)} password`,
  "account.password_set": () => "set a password",
  "account.password_reset": (entry) => `reset ${whose(entry)} password by mail`,
  "account.reset_requested": (entry) => `asked for a link to reset the password of ${entry.target.name}`,
  "account.email_verified": () => "confirmed their email address",
  "account.email_change_requested": () => "asked to change their email address",
  "account.email_changed": (entry) => (detail(entry, "from") ? `changed their email address from ${detail(entry, "from")}` : "changed their email address"),
  "account.second_factor_added": (entry) => (entry.target.name === "" ? "turned on two-factor authentication" : `set up two-factor authentication: ${entry.target.name}`),
  "account.second_factor_removed": (entry) => (entry.actor === null ? `reset two-factor authentication of ${entry.target.name}` : "turned off their authenticator app"),
  "account.backup_codes_renewed": () => "made new backup codes",
  "account.backup_code_used": () => "used a backup code",
  "account.passkey_added": (entry) => (entry.target.name === "" ? "added a passkey" : `added the passkey “${entry.target.name}”`),
  "account.passkey_removed": (entry) => (entry.target.name === "" ? "removed a passkey" : `removed the passkey “${entry.target.name}”`),
  "account.provider_linked": (entry) => `linked ${provider(entry)} to their account`,
  "account.provider_unlinked": (entry) => (entry.actor === null ? `said that ${entry.target.name} withdrew their consent, and was unlinked` : `unlinked ${provider(entry)} from their account`),
  "workspace.created": (entry) => `created the workspace “${entry.target.name}”`,
  "workspace.renamed": (entry) => changed(entry, "workspace"),
  "workspace.deletion_scheduled": () => "scheduled the deletion of the workspace",
  "workspace.deletion_cancelled": () => "cancelled the deletion of the workspace",
  "workspace.deleted": () => "deleted the workspace",
  "workspace.second_factor_required": () => "required two-factor authentication of everybody",
  "workspace.second_factor_waived": () => "no longer requires two-factor authentication",
  "workspace.password_rule_changed": () => "changed how long passwords must be",
  "workspace.handed_over": (entry) => `handed ownership over to ${entry.target.name}`,
  "invitation.created": (entry) => `invited ${entry.target.name} as ${role(detail(entry, "role"))}`,
  "invitation.renewed": (entry) => `made a new link for the invitation of ${entry.target.name}`,
  "invitation.revoked": (entry) => `revoked the invitation of ${entry.target.name}`,
  "invitation.accepted": (entry) => `accepted an invitation and joined as ${role(detail(entry, "role"))}`,
  "member.role_changed": (entry) => `changed ${entry.target.name}’s role from ${role(detail(entry, "from"))} to ${role(detail(entry, "to"))}`,
  "member.projects_assigned": (entry) => `assigned ${entry.target.name} to ${projects(entry)}`,
  "member.removed": (entry) => `removed ${entry.target.name} from the workspace`,
  "member.left": () => "left the workspace",
  "project.created": (entry) => `created the project “${entry.target.name}”`,
  "project.renamed": (entry) => changed(entry, "project"),
  "project.deleted": (entry) => `deleted the project “${entry.target.name}”`,
  "widget.changed": (entry) => `changed the widget of “${entry.target.name}”`,
  "widget.key_rotated": (entry) => `replaced the public key of “${entry.target.name}”`,
  "widget.identity_rotated": (entry) => `made a new identity secret for “${entry.target.name}”`,
  "widget.identity_removed": (entry) => `removed the identity secret of “${entry.target.name}”`,
  "synonyms.changed": (entry) => `changed the synonyms of “${entry.target.name}”`,
  "webhook.created": (entry) => `added a webhook to ${entry.target.name}`,
  "webhook.changed": (entry) => `${detail(entry, "paused") === true ? "paused" : detail(entry, "paused") === false ? "resumed" : "changed"} the webhook to ${entry.target.name}`,
  "webhook.deleted": (entry) => `deleted the webhook to ${entry.target.name}`,
  "webhook.secret_rotated": (entry) => `rotated the secret of the webhook to ${entry.target.name}`,
  "webhook.paused": (entry) => `paused ${entry.target.name === "" ? "a webhook" : `the webhook “${entry.target.name}”`}: ${detail(entry, "reason") === "gone" ? "its receiver is gone" : "nothing got through for a day"}`,
  "voice.connected": (entry) => `connected ${voice(entry)} to “${entry.target.name}”`,
  "voice.secret_replaced": (entry) => `set another secret for ${voice(entry)} in “${entry.target.name}”`,
  "voice.disconnected": (entry) => `disconnected ${voice(entry)} from “${entry.target.name}”`,
  "document.uploaded": () => "uploaded a document",
  "document.replaced": () => "replaced a document",
  "document.deleted": () => "deleted a document",
  "conversation.exported": (entry) => `exported ${detail(entry, "conversation") ? "a conversation" : "conversations"} of “${entry.target.name}” as ${detail(entry, "format") === "csv" ? "CSV" : "JSON lines"}`,
  "document.many_changed": (entry) => `${MANY[String(detail(entry, "action"))] ?? "changed"} ${count(Number(detail(entry, "documents")), "document")}`,
  "document.restored": (entry) => `restored version ${detail(entry, "revision")} of a document`,
  "privacy.changed": (entry) => `changed the privacy settings of “${entry.target.name}”`,
  "privacy.conversations_deleted": (entry) => `deleted ${count(Number(detail(entry, "conversations")), "conversation")} of “${entry.target.name}”, kept for ${count(Number(detail(entry, "days")), "day")}`,
  "privacy.visitor_exported": () => "exported what is stored of a visitor",
  "privacy.visitor_erased": (entry) => `erased a visitor with ${count(Number(detail(entry, "messages")), "message")}`,
  "curated_answer.created": () => "wrote a curated answer",
  "curated_answer.changed": (entry) => (detail(entry, "enabled") === false ? "turned a curated answer off" : detail(entry, "enabled") === true ? "turned a curated answer on" : `changed a curated answer (revision ${detail(entry, "revision")})`),
  "curated_answer.restored": (entry) => `restored revision ${detail(entry, "restored_from")} of a curated answer`,
  "curated_answer.deleted": () => "deleted a curated answer",
  "slack.connected": (entry) => `connected the Slack workspace “${entry.target.name}”`,
  "slack.disconnected": (entry) => (entry.actor === null ? (detail(entry, "how") === "uninstalled" ? `removed the app from “${entry.target.name}”` : `ended the app’s access to “${entry.target.name}”`) : `disconnected the Slack workspace “${entry.target.name}”`),
  "slack.channel_mapped": (entry) => `let ${slackChannel(entry)} of “${entry.target.name}” in Slack ask the project “${detail(entry, "project")}”`,
  "slack.channel_unmapped": (entry) => `took ${slackChannel(entry)} of “${entry.target.name}” in Slack off its project`,
  "source.connected": (entry) => `connected the source “${entry.target.name}”${at(entry)}`,
  "source.changed": (entry) => `changed the source “${entry.target.name}”${at(entry)}`,
  "source.disconnected": (entry) => `disconnected the source “${entry.target.name}”${at(entry)}${documents(entry)}`,
  "grant.connected": (entry) => `gave access to “${entry.target.name}”${at(entry)}`,
  "grant.disconnected": (entry) => `ended the access to “${entry.target.name}”${at(entry)}${documents(entry)}`,
  "integrations.revoked": (entry) => `revoked every integration${documents(entry)}`,
  "billing.checkout_begun": (entry) => `went to pay for the plan “${entry.target.name}”`,
  "billing.portal_opened": () => "opened the billing portal at Stripe",
  "billing.plan_changed": (entry) => `changed the plan to “${detail(entry, "to")}”`,
  "billing.cancelled": () => "cancelled the subscription",
  "billing.kept": () => "kept the subscription, which was to end",
  "billing.subscription_changed": (entry) => `says that the subscription${entry.target.name ? ` to “${entry.target.name}”` : ""} is now ${SUBSCRIPTIONS[String(detail(entry, "to"))] ?? detail(entry, "to")}${detail(entry, "ends_at") ? ", and will end" : ""}`,
  "billing.second_ended": (entry) => `ended a second subscription${entry.target.name ? ` to “${entry.target.name}”` : ""}, and had what is left of it credited`,
  "keys.rotated": (entry) => (entry.target.kind === "project" ? "rotated the key of a project" : "rotated the key of the workspace"),
  "audit.exported": (entry) => `exported the audit log as ${detail(entry, "format") === "csv" ? "CSV" : "JSON lines"}`,
};

/** Who did it, in words. @param {AuditEntry} entry */
export function who(entry) {
  if (entry.email !== "") return entry.email;
  if (entry.actor !== null) return "A deleted account";
  if (entry.act === "session.failed" || entry.act === "account.reset_requested") return "Somebody";
  if (entry.act === "slack.disconnected") return "Slack";
  if (entry.act === "privacy.conversations_deleted") return "The server";
  if (entry.act === "webhook.paused" || entry.act === "billing.second_ended") return "The server";
  if (entry.act === "billing.subscription_changed") return "Stripe";
  return entry.act === "account.provider_unlinked" ? PROVIDERS[entry.target.id] ?? "The provider" : "The operator";
}

/** @param {AuditEntry} entry */
export const sentence = (entry) => SENTENCES[entry.act]?.(entry) ?? entry.act;
