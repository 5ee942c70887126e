/** Files that go with a report, one after the other, each with its own word of how it went. */
import { h, replace, uid } from "../dom.js";
import { formatBytes } from "../format.js";
import { icon } from "../parts/icon.js";
import { Problem } from "../problem.js";
import { explainFile } from "./words.js";

/** @typedef {import("../types.js").ReportProgram} ReportProgram */

/**
 * Sends a file by the private link's token: a header, which no other site's form can send.
 * @param {string} token
 * @param {File} file
 */
export async function sendFile(token, file) {
  const body = new FormData();
  body.append("file", file, file.name);
  let response;
  try {
    response = await fetch("/api/v1/disclosure/status/files", { method: "POST", body, headers: { authorization: `Bearer ${token}` }, credentials: "same-origin" });
  } catch {
    throw new Problem(0, { code: "offline" }, null);
  }
  if (response.ok) return;
  throw new Problem(response.status, await response.json().catch(() => ({})), response.headers.get("x-request-id"));
}

/**
 * A choice of files, and a list of those that were chosen.
 * @param {ReportProgram} program
 * @param {string} label
 */
export function fileChoice(program, label) {
  const id = uid("files");
  /** @type {File[]} */
  let chosen = [];
  const list = h("ul", { class: "report-files" });
  const input = h("input", { type: "file", id, class: "input file-input", multiple: true, accept: program.kinds.map((kind) => `.${kind}`).join(","), "aria-describedby": `${id}-hint` });
  const show = () => replace(list, chosen.map((file) => h("li", null, icon("documents"), h("span", { class: "report-file-name" }, file.name), h("span", { class: "hint" }, formatBytes(file.size)))));
  input.addEventListener("change", () => {
    chosen = [...(input.files ?? [])].slice(0, program.files);
    show();
  });
  const element = h("div", { class: "field" },
    h("label", { for: id }, label, h("span", { class: "optional" }, " optional")),
    h("p", { class: "hint", id: `${id}-hint` }, `Up to ${program.files} files of ${program.file_mib} MiB: text, logs, pictures, videos, PDF, captures. Anything else in a ZIP archive. They are stored encrypted and opened by nobody here but those who run the installation.`),
    input, list);
  return {
    element,
    /** Sends them all; those that were refused, with why. @param {string} token @returns {Promise<string[]>} */
    async send(token) {
      const refused = [];
      for (const file of chosen) {
        try {
          await sendFile(token, file);
        } catch (error) {
          refused.push(`${file.name}: ${explainFile(error)}`);
        }
      }
      chosen = [];
      input.value = "";
      show();
      return refused;
    },
  };
}
