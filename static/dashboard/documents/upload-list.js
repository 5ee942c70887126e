/** The uploads in progress and those that were refused, with what can be done about each. */
import { h, replace } from "../dom.js";
import { count, formatBytes } from "../format.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("./uploads.js").Upload} Upload */
/** @typedef {{ element: HTMLLIElement, update: () => void }} Row */

/**
 * @param {import("./uploads.js").Uploads} uploads
 * @param {(upload: Upload) => void} replaceExisting
 */
export function uploadList(uploads, replaceExisting) {
  /** @type {Map<number, Row>} */
  const rows = new Map();
  const title = h("h2", { id: "uploads-title" });
  const dismissAll = h("button", { type: "button", class: "button quiet small", on: { click: () => uploads.items.filter((item) => item.state === "failed").forEach((item) => uploads.dismiss(item)) } }, "Dismiss refused files");
  const list = h("ul", { class: "uploads" });
  const element = h("section", { class: "card panel", "aria-labelledby": "uploads-title", hidden: true }, h("header", { class: "panel-head" }, title, dismissAll), list);
  const update = () => {
    const { items } = uploads;
    element.hidden = items.length === 0;
    const going = items.filter((item) => item.state !== "failed").length;
    const refused = items.length - going;
    dismissAll.hidden = refused < 2;
    title.textContent = going > 0 ? `Uploading ${count(going, "file")}` : `${count(refused, "file")} not added`;
    const keys = new Set(items.map((item) => item.key));
    for (const [key, row] of rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      rows.delete(key);
    }
    for (const item of items) {
      let row = rows.get(item.key);
      if (!row) {
        row = uploadRow(item);
        rows.set(item.key, row);
        list.append(row.element);
      }
      row.update();
    }
  };

  /** @param {Upload} item @returns {Row} */
  function uploadRow(item) {
    const bar = h("progress", { max: 100, value: 0, "aria-label": `Uploading ${item.file.name}` });
    const status = h("p", { class: "hint" });
    const buttons = h("div", { class: "upload-buttons" });
    const row = h("li", { class: "upload" },
      h("div", { class: "upload-words" }, h("p", { class: "upload-name" }, item.file.name), status, bar), buttons);
    let drawn = "";
    const refresh = () => {
      const failed = item.state === "failed";
      bar.hidden = failed;
      bar.value = Math.round(item.fraction * 100);
      if (!failed) {
        status.textContent = item.state === "waiting" ? `Waiting · ${formatBytes(item.file.size)}` : item.fraction < 1 ? `${Math.round(item.fraction * 100)}% of ${formatBytes(item.file.size)}` : "Sent; the server is storing it";
      }
      // Buttons are only rebuilt when the state changes, so that progress never takes the focus away.
      const key = `${item.state} ${item.code}`;
      if (key === drawn) return;
      drawn = key;
      row.classList.toggle("failed", failed);
      if (failed) replace(status, icon("alert"), item.reason);
      replace(buttons,
        failed && item.code === "name_taken" && button("Replace it", "Replace the existing document with", () => replaceExisting(item), "button small"),
        failed && item.again && button("Try again", "Try again with", () => uploads.retry(item), "button small"),
        button(failed ? "Dismiss" : "Cancel", failed ? "Dismiss" : "Cancel the upload of", () => uploads.dismiss(item)));
    };
    /** @param {string} text @param {string} label @param {() => void} click @param {string} [kind] */
    const button = (text, label, click, kind = "button quiet small") =>
      h("button", { type: "button", class: kind, "aria-label": `${text}: ${label} ${item.file.name}`, on: { click } }, text);
    return { element: row, update: refresh };
  }

  uploads.changed = update;
  update();
  return element;
}
