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
  document: "Documents",
  keys: "Keys",
  audit: "Audit log",
};

/** @type {Record<string, string>} */
const ROLES = { owner: "Owner", admin: "Admin", member: "Member" };

/** @type {Record<string, string>} */
const PROVIDERS = { google: "Google", apple: "Apple" };

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

/** @type {Record<string, (entry: AuditEntry) => string>} each goes on where the name of who did it ends */
export const SENTENCES = {
  "session.begun": () => "signed in",
  "session.failed": (entry) => (entry.actor === null ? `tried to sign in as ${entry.target.name} and failed` : "gave a wrong second factor"),
  "session.ended": () => "signed out",
  "session.revoked": (entry) => (detail(entry, "all_others") ? "ended all their other sessions" : "ended one of their sessions"),
  "account.password_changed": (entry) => `changed ${whose(entry)} password`,
  "account.password_reset": (entry) => `reset ${whose(entry)} password by mail`,
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
  "document.uploaded": () => "uploaded a document",
  "document.replaced": () => "replaced a document",
  "document.deleted": () => "deleted a document",
  "keys.rotated": (entry) => (entry.target.kind === "project" ? "rotated the key of a project" : "rotated the key of the workspace"),
  "audit.exported": (entry) => `exported the audit log as ${detail(entry, "format") === "csv" ? "CSV" : "JSON lines"}`,
};

/** Who did it, in words. @param {AuditEntry} entry */
export function who(entry) {
  if (entry.email !== "") return entry.email;
  if (entry.actor !== null) return "A deleted account";
  if (entry.act === "session.failed") return "Somebody";
  return entry.act === "account.provider_unlinked" ? PROVIDERS[entry.target.id] ?? "The provider" : "The operator";
}

/** @param {AuditEntry} entry */
export const sentence = (entry) => SENTENCES[entry.act]?.(entry) ?? entry.act;
