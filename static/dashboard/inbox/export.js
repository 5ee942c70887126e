/** Conversations as a file: asks in which form, and the server asks who is there. */
import { send } from "../api.js";
import { h } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { segmented } from "../parts/field.js";

/**
 * @param {{ title: string, text: string, request: (format: "jsonl" | "csv") => { method: string, path: string, body?: unknown } }} what
 */
export function exportDialog({ title, text, request }) {
  let format = /** @type {"jsonl" | "csv"} */ ("csv");
  return formDialog({
    title,
    body: [
      h("p", null, text),
      segmented("Format", [["csv", "CSV, for spreadsheets"], ["jsonl", "JSON lines"]], format, (value) => {
        format = value === "csv" ? "csv" : "jsonl";
      }),
      h("p", { class: "hint" }, "The export holds what people wrote. It is noted in the audit log."),
    ],
    submit: "Export",
    async run() {
      const { method, path, body } = request(format);
      const response = await send(method, path, body === undefined ? {} : { body });
      const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
      save(await response.blob(), named ?? `conversations.${format}`);
    },
  });
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
