/** Who is signed in. One fetch a page load; sign-in, sign-up and sign-out replace it. */
import { anonymous, remove, useCsrfToken } from "./api.js";
import { asProblem } from "./problem.js";

/** @typedef {import("./types.js").Session} Session */

/** @type {Session | null | undefined} undefined: not asked yet */
let current;

/** @param {Session | null} session */
export function setSession(session) {
  current = session;
  useCsrfToken(session?.csrf_token ?? "");
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

/** @param {string} email @param {string} password */
export async function signIn(email, password) {
  setSession(await anonymous("POST", "/session", { email, password }));
}

/** @param {string} email @param {string} password @param {string} workspace */
export async function signUp(email, password, workspace) {
  setSession(await anonymous("POST", "/account", { email, password, workspace }));
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
