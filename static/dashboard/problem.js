/** A refusal or failure, in the server's words and ours. */

/** Sentences for the codes people meet; every other code shows the server's own detail. @type {Record<string, string>} */
const SENTENCES = {
  offline: "The server could not be reached. Check your connection and try again.",
  wrong_credentials: "That email and password do not match an account.",
  email_taken: "An account with this email already exists. Sign in instead.",
  invalid_email: "Enter a complete email address, such as name@example.com.",
  sign_up_closed: "This server is not accepting new accounts. Ask its operator for an invitation.",
  last_owner: "A workspace needs an owner. Make somebody else an owner first.",
  sign_in_expired: "This sign-in was used already, took too long, or was begun in another browser. Begin again.",
  sign_in_too_old: "You were signed out of this workspace, and the provider did not ask who you are since. Sign out there, and begin again, or sign in another way.",
  sign_in_cancelled: "You cancelled the sign-in there.",
  provider_unavailable: "The sign-in provider does not answer. Try again soon, or sign in another way.",
  provider_refused: "The sign-in provider did not confirm who you are. Begin again, or sign in another way.",
  provider_email_unverified: "Your email address is not confirmed at the provider. Confirm it there, or create an account with a password.",
  identity_taken: "That account is linked to another account here, or yours is linked to another one there.",
  last_way_in: "This is your only way to sign in. Set a password or add a passkey first.",
  install_expired: "This was used already, took too long, or was begun in another browser or session. Begin again.",
  install_cancelled: "You did not agree in Slack, so nothing was connected.",
  slack_refused: "Slack refused this. Begin again; if it happens again, the operator of this server can compare the app’s settings.",
  slack_not_configured: "This server has no Slack app yet. Its operator sets one up first.",
  slack_unavailable: "Slack does not answer. Try again soon.",
  slack_team_taken: "This Slack workspace is connected to another workspace of this server. Disconnect it there first.",
  connect_expired: "This was used already, took too long, or was begun in another browser or session. Begin again.",
  connect_cancelled: "You did not agree there, so nothing was connected.",
  connect_refused: "The provider refused this. Begin again; if it happens again, the operator of this server can compare the app’s settings.",
  source_not_configured: "This server is not registered there yet. Its operator does that first.",
  source_unavailable: "The provider does not answer. Try again soon.",
  app_not_installed: "The GitHub App is not installed in an account that you see there. Install it, and connect again.",
  install_requested: "An owner of the organisation has to approve the GitHub App there. Connect again when that is done.",
  edited_meanwhile: "Somebody else changed this since you opened it. Load the page again, and make your change to what it says now.",
  from_source: "This document comes from a source. Change or remove it there, and the next sync follows.",
  unknown_project: "This project does not exist any more. Choose another one.",
  webhook_paused: "Nothing is sent to this webhook while it is paused. Resume it first.",
  delivery_waiting: "This delivery is waiting for its turn already.",
  has_password: "Your account has a password already. Change it with the one that you have.",
  workspace_ending: "This workspace was deleted and is shut until it ends. An owner can still take it back.",
  stripe_unavailable: "Stripe does not answer. Try again soon.",
  already_member: "This person is a member of the workspace already.",
  already_invited: "This address has an open invitation. Make a new link for it in the list, or revoke it first.",
  invitation_invalid: "This invitation has expired, was used already, or was withdrawn. Ask for a new one.",
  link_invalid: "This link has expired, was used already, or was replaced by a newer one. Ask for a new one.",
  invitation_for_another: "This invitation is for another address.",
  second_factor_required: "Two-factor authentication is required here. Set it up on your account page to go on.",
  longer_password_needed: "This workspace asks for a password of at least 15 characters, or for a second factor. Change your password or add a second factor on your account page, and open the invitation again.",
  last_second_factor: "One of your workspaces asks for a password of at least 15 characters where there is no second factor. Change your password, or add another second factor, and then remove this one.",
  wrong_second_factor: "That did not work. A code can be used once, and a new one appears every 30 seconds.",
  wrong_code: "This code is not right. Check the time on your phone, and type the code the app shows now.",
  no_second_factor: "Set up two-factor authentication for your own account first.",
  enrolment_over: "This took too long, or was begun anew elsewhere. Begin again.",
  role_too_low: "Your role in this workspace does not allow this. An owner or admin can do it.",
  not_found: "This could not be found. It may have been deleted, or the link may be wrong.",
  confirmation_mismatch: "The name does not match. Type it exactly as shown.",
  file_too_large: "This file is larger than the limit.",
  unsupported_type: "This kind of file cannot be read. Use PDF, Word, Markdown, HTML or plain text.",
  empty_file: "This file is empty.",
  too_many_documents: "This project has reached its limit of documents. Delete some first.",
  storage_full: "This project has no storage left. Delete some documents first.",
  question_empty: "Type a question first.",
  question_too_long: "Questions can be up to 2,000 characters long.",
  invalid_color: "Enter a colour as # and six digits, such as #2457d6.",
};

/** Why a document could not be read, and what to do about it. @type {Record<string, string>} */
const FAILURES = {
  unreadable: "The file is damaged or not what its name says. Export it again and replace it.",
  encrypted: "The file is protected by a password. Save a copy without one and replace it.",
  no_text: "There is no text in this file; it may be scanned images. Replace it with a version that has selectable text.",
  too_many_pages: "The file has more pages than the limit. Split it into several files.",
  too_large_inside: "The file unpacks to more than can be read safely. Split it into smaller files.",
  part_too_large: "One page of the file is drawn with more than can be read safely. Leave the page out, or upload its text.",
  too_many_chunks: "The file holds more text than one document can. Split it into several files.",
  too_deep: "The page nests its elements too deeply. Simplify it, or upload its text.",
  too_many_elements: "The page is made of too many elements, or of elements that are never closed. Split it into several files.",
  timed_out: "Reading the file took too long. Try again, or replace it with a smaller or simpler version.",
  failed_repeatedly: "Reading stopped several times for a reason that is not in the file. Try again in a moment.",
};

/** Failures of the moment: the same file may well be read the next time. */
const PASSING = new Set(["timed_out", "failed_repeatedly"]);

export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Record<string, unknown>} body
   * @param {string | null} requestId
   */
  constructor(status, body, requestId) {
    super(String(body.detail ?? body.title ?? "Something went wrong."));
    this.name = "Problem";
    this.status = status;
    this.code = typeof body.code === "string" ? body.code : status === 0 ? "offline" : "unexpected";
    /** The server's own words, where it said some. */
    this.detail = typeof body.detail === "string" ? body.detail : null;
    /** What to prove anew, where that is what is missing. @type {"any" | "first_factor" | "second_factor"} */
    this.proof = body.proof === "first_factor" || body.proof === "second_factor" ? body.proof : "any";
    this.field = typeof body.field === "string" ? body.field : null;
    this.retryAfter = typeof body.retry_after === "number" ? body.retry_after : null;
    this.requestId = typeof body.request_id === "string" ? body.request_id : requestId;
  }
}

/** @param {unknown} error @returns {Problem} */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem(500, { code: "unexpected", detail }, null);
}

/** One or two plain sentences for a person. @param {unknown} error */
export function explain(error) {
  const problem = asProblem(error);
  const wait = problem.retryAfter ?? 30;
  const later = `Try again in ${wait > 90 ? `${Math.ceil(wait / 60)} minutes` : `${wait} seconds`}.`;
  if (problem.status === 429) return `Too many attempts. ${later}`;
  if (problem.code === "provider_unavailable" || problem.code === "slack_unavailable" || problem.code === "source_unavailable" || problem.code === "stripe_unavailable") return SENTENCES[problem.code] ?? problem.message;
  if (problem.status === 503) return `The server is busy. ${later}`;
  if (problem.status >= 500) return "Something went wrong on the server. Trying again often helps.";
  // It names the reason that the provider gave.
  if ((problem.code === "slack_refused" || problem.code === "connect_refused") && problem.detail !== null) return problem.detail;
  return SENTENCES[problem.code] ?? problem.message;
}

/** @param {string} code @param {string} detail */
export const explainUpload = (code, detail) =>
  code === "name_taken" ? "A document with this name already exists." : (SENTENCES[code] ?? detail);

/** @param {{ code: string }} failure */
export const worthReadingAgain = (failure) => PASSING.has(failure.code);

/** @param {{ code: string, detail: string }} failure */
export const explainFailure = (failure) => FAILURES[failure.code] ?? failure.detail;

/** Whether the same request may well succeed a moment later. @param {Problem} problem */
export const isPassing = (problem) => problem.status === 0 || problem.status === 429 || problem.status >= 500;

/** Whether the role is what is missing. @param {Problem} problem */
export const lacksRight = (problem) => problem.status === 403 && problem.code === "role_too_low";

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";
