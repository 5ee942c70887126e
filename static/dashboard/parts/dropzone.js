/** A place to drop files on, and a button for those who would rather pick them. */
import { h, uid } from "../dom.js";
import { icon } from "./icon.js";

/**
 * @param {{ label: string, hint: string, accept: string, multiple: boolean, signal: AbortSignal, picked: (files: File[]) => void }} options
 */
export function dropzone({ label, hint, accept, multiple, signal, picked }) {
  const id = uid("files");
  const input = h("input", { type: "file", id, class: "sr-only", accept, multiple, "aria-describedby": `${id}-hint` });
  input.addEventListener("change", () => {
    picked([...(input.files ?? [])]);
    // The same file may be picked again after it was corrected.
    input.value = "";
  });
  const zone = h("div", { class: "dropzone" },
    icon("upload"),
    h("p", { class: "dropzone-words" }, input, h("label", { for: id, class: "button" }, label), h("span", { class: "dropzone-or" }, "or drop files here")),
    h("p", { class: "hint", id: `${id}-hint` }, hint));
  let depth = 0;
  const over = (/** @type {number} */ change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("over", depth > 0);
  };
  const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  // The whole window takes the drop: missing the box must not open the file in the tab.
  addEventListener("dragenter", (event) => carries(event) && over(1), { signal });
  addEventListener("dragleave", (event) => carries(event) && over(-1), { signal });
  addEventListener("dragover", (event) => carries(event) && event.preventDefault(), { signal });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    over(0);
    // Folders arrive as entries without a type and cannot be read as files.
    const files = [...(event.dataTransfer?.items ?? [])].flatMap((item) => {
      const file = item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory ? item.getAsFile() : null;
      return file ? [file] : [];
    });
    if (files.length > 0) picked(files);
  }, { signal });
  return zone;
}
