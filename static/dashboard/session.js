/** Who is signed in. One fetch a page load; sign-in, sign-up and sign-out replace it. */
import { anonymous, post, remove, useCsrfToken } from "./api.js";
import { askPasskey } from "./parts/passkey.js";
import { asProblem } from "./problem.js";

/** @typedef {import("./types.js").Session} Session */

/** @type {Session | null | undefined} undefined: not asked yet */
let current;

/** @param {Session | null} session */
export function setSession(session) {
  current = session;
  useCsrfToken(session?.csrf_token ?? "", session?.workspace.id ?? "");
}

/** @returns {Promise<Session | null>} */
export async function session() {
  if (current !== undefined) return current;
  try {
    setSession(await anonymous("GET", "/session"));
  } catch (error) {
    if (asProblem(error).status !== 401) throw error;
    setSession(null);
  }
  return current ?? null;
}

/** @typedef {{ invitation?: string, workspace?: string }} Opening an invitation to accept, or the name of a workspace for an account without one */
/** @typedef {import("./types.js").Challenge} Challenge */

/**
 * @param {string} email
 * @param {string} password
 * @param {Opening} [opening]
 * @returns {Promise<Challenge | null>} what is asked for besides, before there is a session
 */
export async function signIn(email, password, opening = {}) {
  const answer = /** @type {Session | { second_factor: Challenge }} */ (await anonymous("POST", "/session", { email, password, ...opening }));
  if (!("csrf_token" in answer)) return answer.second_factor;
  setSession(answer);
  return null;
}

/** The second step. @param {Challenge} challenge @param {Record<string, unknown>} factor @param {Opening} [opening] */
export async function finishSignIn(challenge, factor, opening = {}) {
  setSession(await anonymous("POST", "/session/second-factor", { ticket: challenge.ticket, ...factor, ...opening }));
}

/** Signs in with a passkey alone. @param {AbortSignal} [waiting] as `askPasskey` takes it @param {() => void} [chosen] when one was, and before it is sent */
export async function signInWithPasskey(waiting, chosen) {
  const asked = /** @type {{ ticket: string, options: Record<string, any>, expires_in: number }} */ (await anonymous("POST", "/session/passkey/options", {}));
  // A question that was answered too late is not worth asking.
  const over = waiting && AbortSignal.any([waiting, AbortSignal.timeout(asked.expires_in * 900)]);
  const passkey = await askPasskey(asked.options, over);
  waiting?.throwIfAborted(); // Another question was begun meanwhile: both together would be two sessions.
  chosen?.();
  setSession(await anonymous("POST", "/session/passkey", { ticket: asked.ticket, passkey }));
}

/** @param {string} email @param {string} password @param {string} workspace @returns {Promise<boolean>} false when a mail tells how to go on */
export async function signUp(email, password, workspace) {
  /** @type {Session | undefined} */
  const begun = await anonymous("POST", "/account", { email, password, workspace });
  if (begun) setSession(begun);
  return begun !== undefined;
}

/** Finishes a sign-up by its mailed link. @param {string} token @param {string} password */
export async function confirmSignUp(token, password) {
  setSession(await anonymous("POST", "/account/confirm", { token, password }));
}

/** Every other session ends. @param {string} current @param {string} next */
export async function changePassword(current, next) {
  setSession(await anonymous("PUT", "/account/password", { current, new: next }));
}

/** For an account that only other ways open. Every other session ends. @param {string} next */
export async function setFirstPassword(next) {
  setSession(await post("/account/password", { new: next }));
}

/** Asks the server anew, after something about the account changed elsewhere. */
export const forgetSession = () => void (current = undefined);

/** Makes the account that an invitation is for, and joins. @param {string} token @param {string} password */
export async function acceptInvitation(token, password) {
  setSession(await anonymous("POST", "/invitations/accept", { token, password }));
}

/** Accepts an invitation as who is signed in, and goes on in its workspace. @param {string} token */
export async function joinWorkspace(token) {
  setSession(await post("/session/invitation", { token }));
}

/** @param {string} id */
export async function switchWorkspace(id) {
  setSession(await post("/session/workspace", { workspace: id }));
}

/** @param {string} name */
export async function foundWorkspace(name) {
  setSession(await post("/workspaces", { name }));
}

export async function leaveWorkspace() {
  await remove("/workspace/membership");
  setSession(null);
}

/** Learns what has changed about who is signed in. */
export async function refreshSession() {
  setSession(await anonymous("GET", "/session"));
}

/**
 * Learns whether the role has changed meanwhile. Leaves alone what another tab went on to: this page still shows what was before.
 * @returns {Promise<Session | null>} who is signed in now, where their role is another one
 */
export async function newRole() {
  const before = current;
  if (!before) return null;
  /** @type {Session} */
  const now = await anonymous("GET", "/session");
  if (current !== before || now.user.email !== before.user.email || now.workspace.id !== before.workspace.id) return null;
  if (now.role === before.role && now.operator === before.operator) return null;
  setSession(now);
  return now;
}

export async function signOut() {
  try {
    await remove("/session");
  } catch (error) {
    // Already signed out elsewhere is what we wanted.
    if (asProblem(error).status !== 401) throw error;
  }
  setSession(null);
}

/** Owners and admins manage projects; members work in the ones assigned to them. @param {Session} session */
export const manages = (session) => session.role === "owner" || session.role === "admin";

/** Whether the workspace opens only to those with a second factor by now, and this person has none. @param {Session} session */
export const mustEnrol = ({ second_factor: { enabled, required_from: from, required_by_server: everywhere } }) =>
  !enabled && (everywhere || (from !== null && new Date(from) <= new Date()));
