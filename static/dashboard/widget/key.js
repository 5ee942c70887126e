/** The line to paste and the public key in it. */
import { post } from "../api.js";
import { h, replace } from "../dom.js";
import { formatDate } from "../format.js";
import { copyButton } from "../parts/copy.js";
import { confirmDialog } from "../parts/dialog.js";
import { toast } from "../parts/toast.js";

/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

/** @param {string} project @param {WidgetSetup} first */
export function installation(project, first) {
  let setup = first;
  const snippet = h("code", null);
  const key = h("code", { class: "key" });
  const since = h("p", { class: "hint" });
  const draw = () => {
    replace(snippet, setup.snippet);
    replace(key, setup.public_key);
    replace(since, `In use since ${formatDate(setup.key_created_at)}. It is public: it can only ask questions, and only from your allowed domains.`);
  };
  draw();
  const rotate = () => confirmDialog({
    title: "Rotate the public key?",
    text: "The present key stops working at once. Every page with the old snippet shows no widget until you paste the new one.",
    submit: "Rotate key",
    danger: true,
    async run() {
      setup = await post(`/projects/${project}/widget/key`, undefined);
      draw();
      toast("New key created. Update the snippet on your site.");
    },
  });
  return {
    snippet: h("div", { class: "stack" },
      h("p", { class: "hint" }, "Paste this before the closing body tag of every page that should show the widget."),
      h("pre", { class: "snippet", tabindex: "0", "aria-label": "Snippet" }, snippet),
      h("div", { class: "button-row" }, copyButton("Copy snippet", () => setup.snippet))),
    key: h("div", { class: "stack" }, h("div", { class: "key-row" }, key, copyButton("Copy key", () => setup.public_key)), since,
      h("div", { class: "button-row" }, h("button", { type: "button", class: "button", on: { click: () => void rotate() } }, "Rotate key"))),
    /** @param {WidgetSetup} next */
    update(next) {
      setup = next;
      draw();
    },
  };
}
