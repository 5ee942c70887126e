/** Talking to the server: JSON in and out, the CSRF header on every change, problem documents as typed errors. */
import { Problem } from "./problem.js";

let csrfToken = "";
/** The workspace that this page shows. */
let workspace = "";
let signedOut = () => {};
let elsewhere = () => {};
let enrol = () => {};
let doubted = () => {};

/** @param {string} token @param {string} id of the workspace that the token is for */
export function useCsrfToken(token, id) {
  csrfToken = token;
  workspace = id;
}

/** Called when another tab went on in another workspace. @param {() => void} handler */
export function onWorkspaceChanged(handler) {
  elsewhere = handler;
}

/** Called when a request that needs a session finds there is none. @param {() => void} handler */
export function onSignedOut(handler) {
  signedOut = handler;
}

/** Called when the workspace opens only to those with a second factor. @param {() => void} handler */
export function onSecondFactorRequired(handler) {
  enrol = handler;
}

/** Called when a refusal says that this page may know somebody's rights as they were. @param {() => void} handler */
export function onRightsDoubted(handler) {
  doubted = handler;
}

/** For what learns of it in another way: a stream that is over, say. */
export const doubtRights = () => doubted();

/** @typedef {{ body?: unknown, signal?: AbortSignal, accept?: string, anonymous?: boolean }} Options */

/**
 * @param {string} method
 * @param {string} path below /api/v1, or whole for the operators'
 * @param {Options} [options]
 * @returns {Promise<Response>}
 */
export async function send(method, path, { body, signal, accept = "application/json", anonymous = false } = {}) {
  const headers = new Headers({ accept });
  if (body !== undefined) headers.set("content-type", "application/json");
  if (method !== "GET" && csrfToken !== "") headers.set("x-csrf-token", csrfToken);
  /** @type {RequestInit} */
  const init = { method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  let response;
  try {
    response = await fetch(path.startsWith("/operator/api/") ? path : `/api/v1${path}`, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, { code: "offline" }, null);
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  // Signing in from another tab replaces the token; this tab learns the new one and tries again, once.
  if (problem.status === 403 && problem.code.startsWith("csrf") && (await renewToken())) {
    return send(method, path, { body, ...(signal && { signal }), accept, anonymous });
  }
  // Loaded when it is needed: most visits never see it. What asks for both factors says so one after the other.
  if (problem.code === "step_up_needed" && (await (await import("./parts/step-up.js")).stepUp(problem.proof))) {
    return send(method, path, { body, ...(signal && { signal }), accept, anonymous });
  }
  if (problem.code === "second_factor_required") enrol();
  if (problem.code === "role_too_low") doubted();
  if (problem.status === 401 && !anonymous) signedOut();
  throw problem;
}

/**
 * @template T
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<T>}
 */
async function json(method, path, options) {
  const response = await send(method, path, options);
  // Some answers are no more than that it was done, or is being seen to.
  const text = await response.text();
  return /** @type {T} */ (text === "" ? undefined : JSON.parse(text));
}

/** @template T @param {string} path @param {AbortSignal} [signal] @returns {Promise<T>} */
export const get = (path, signal) => json("GET", path, signal ? { signal } : {});
/** @template T @param {string} path @param {unknown} body @returns {Promise<T>} */
export const post = (path, body) => json("POST", path, { body });
/** @template T @param {string} path @param {unknown} body @returns {Promise<T>} */
export const patch = (path, body) => json("PATCH", path, { body });
/** @template T @param {string} path @param {unknown} body @returns {Promise<T>} */
export const put = (path, body) => json("PUT", path, { body });
/** @param {string} path @param {unknown} [body] @returns {Promise<void>} */
export const remove = (path, body) => json("DELETE", path, body === undefined ? {} : { body });
/** For the calls where 401 means "wrong password" or "not signed in yet". @template T @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<T>} */
export const anonymous = (method, path, body) =>
  json(method, path, body === undefined ? { anonymous: true } : { anonymous: true, body });

/** True when the session has another token than the one just refused, in the same workspace: a change must not land in another one. */
async function renewToken() {
  const refused = csrfToken;
  const response = await fetch("/api/v1/session", { credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) return false;
  const session = await response.json();
  if (workspace !== "" && session.workspace.id !== workspace) {
    elsewhere();
    return false;
  }
  csrfToken = session.csrf_token;
  return csrfToken !== refused;
}

/** @param {Response} response */
async function readProblem(response) {
  const requestId = response.headers.get("x-request-id");
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy in between may answer with something that is not JSON: the status still tells.
  }
  const retry = Number(response.headers.get("retry-after"));
  return new Problem(response.status, retry > 0 ? { retry_after: retry, ...body } : body, requestId);
}

/**
 * Sends one file. XMLHttpRequest, because fetch cannot report upload progress.
 * @template T
 * @param {"POST" | "PUT"} method
 * @param {string} path
 * @param {File} file
 * @param {{ progress?: (fraction: number) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<T>}
 */
export function upload(method, path, file, { progress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, `/api/v1${path}`);
    request.responseType = "json";
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("x-csrf-token", csrfToken);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress?.(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.response);
      const problem = new Problem(request.status, request.response ?? {}, request.getResponseHeader("x-request-id"));
      if (problem.status === 403 && problem.code.startsWith("csrf")) {
        return void renewToken().then((renewed) => (renewed ? resolve(upload(method, path, file, { ...(progress && { progress }), ...(signal && { signal }) })) : reject(problem)));
      }
      if (problem.status === 401) signedOut();
      if (problem.code === "role_too_low") doubted();
      reject(problem);
    });
    request.addEventListener("error", () => reject(new Problem(0, { code: "offline" }, null)));
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}
