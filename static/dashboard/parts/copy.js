/** A button that puts a text on the clipboard and says so. */
import { h, replace } from "../dom.js";
import { icon } from "./icon.js";
import { toast } from "./toast.js";

/** @param {string} label @param {() => string} text */
export function copyButton(label, text) {
  const face = (/** @type {boolean} */ done) => [icon(done ? "check" : "copy"), h("span", null, done ? "Copied" : label)];
  const button = h("button", { type: "button", class: "button small" }, face(false));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      replace(button, face(true));
      toast("Copied to the clipboard");
      setTimeout(() => replace(button, face(false)), 2000);
    } catch {
      toast("The browser did not allow copying. Select the text and copy it by hand.", "failed");
    }
  });
  return button;
}
