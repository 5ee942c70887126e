/** The picture in the head of the widget: chosen and saved at once. */
import { remove, upload } from "../api.js";
import { h, replace } from "../dom.js";
import { problemNotice } from "../parts/notice.js";
import { toast } from "../parts/toast.js";
import { asProblem } from "../problem.js";

/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

const MOST_BYTES = 64 * 1024;

/** @param {string} project @param {WidgetSetup} setup @param {(logo: string | null) => void} changed */
export function logoEditor(project, setup, changed) {
  const path = `/projects/${project}/widget/logo`;
  let logo = setup.logo;
  const trouble = h("div");
  const shown = h("div", { class: "logo-shown" });
  const input = h("input", { type: "file", class: "input file-input", accept: "image/png,image/jpeg,image/webp", "aria-label": "Logo" });
  const drop = h("button", { type: "button", class: "button" }, "Remove logo");
  const draw = () => {
    replace(shown, logo ? h("img", { src: `/api/v1${path}?v=${logo}`, alt: "The present logo", width: "48", height: "48" }) : h("p", { class: "hint" }, "No logo yet."));
    drop.hidden = logo === null;
  };
  /** @param {string | null} next @param {string} said */
  const settle = (next, said) => {
    logo = next;
    draw();
    changed(logo);
    toast(said);
  };
  const refuse = (/** @type {string} */ words) => replace(trouble, h("p", { class: "field-error", role: "alert" }, words));
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    input.value = "";
    trouble.replaceChildren();
    if (!file) return;
    if (file.size > MOST_BYTES) return refuse("The picture is larger than 64 KiB. Choose a smaller one.");
    try {
      const next = /** @type {WidgetSetup} */ (await upload("PUT", path, file));
      settle(next.logo, "Logo saved");
    } catch (error) {
      if (asProblem(error).code === "unsupported_type") refuse("Choose a PNG, JPEG or WebP picture.");
      else replace(trouble, problemNotice(error));
    }
  });
  drop.addEventListener("click", async () => {
    trouble.replaceChildren();
    try {
      await remove(path);
      settle(null, "Logo removed");
      input.focus();
    } catch (error) {
      replace(trouble, problemNotice(error));
    }
  });
  draw();
  return h("div", { class: "stack" }, h("p", { class: "hint" }, "A square PNG, JPEG or WebP picture of at most 64 KiB. Shown at 36 by 36 pixels."), shown, h("div", { class: "field" }, input), trouble,
    h("div", { class: "button-row" }, drop));
}
