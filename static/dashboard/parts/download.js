/** Files that the reader keeps. */
import { send } from "../api.js";
import { h } from "../dom.js";
import { icon } from "./icon.js";
import { toastProblem } from "./toast.js";

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

/** A button that saves a file, and rests while it is being made. @param {{ label: string, path: string, fallback: string, look?: string }} file */
export function downloadButton({ label, path, fallback, look = "" }) {
  const button = h("button", { type: "button", class: `button ${look}`.trim() }, icon("download"), label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await download(path, fallback);
    } catch (error) {
      toastProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}
