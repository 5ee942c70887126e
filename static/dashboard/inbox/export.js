/** Conversations as a file: asks in which form, and the server asks who is there. */
import { h } from "../dom.js";
import { formDialog } from "../parts/dialog.js";
import { download } from "../parts/download.js";
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
      await download(path, `conversations.${format}`, { method, body });
    },
  });
}
