/** Files that the reader keeps. */
import { send } from "../api.js";
import { h } from "../dom.js";

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  // Some browsers begin to read it only after the click was handled.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/**
 * Asks for a file and saves it, under the name that the server gives it. Not by a link: what asks for a fresh proof first would end in a
 * file with a refusal in it.
 * @param {string} path @param {string} fallback a name @param {{ method?: string, body?: unknown }} [options]
 */
export async function download(path, fallback, { method = "GET", body } = {}) {
  const response = await send(method, path, { accept: "*/*", ...(body === undefined ? {} : { body }) });
  const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  save(await response.blob(), named ?? fallback);
}
