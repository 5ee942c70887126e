/** The public pages, written by operators: Markdown without pictures and HTML, with a look at what becomes of it. */
import { get, put, send } from "../api.js";
import { h, replace } from "../dom.js";
import { formatMoment } from "../format.js";
import { confirmDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { problemNotice } from "../parts/notice.js";
import { skeleton } from "../parts/skeleton.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem } from "../problem.js";

/** @typedef {{ text: string, written_at: string | null }} PageText */

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, params, signal, title }) {
  const name = params["page"] === "privacy" ? "privacy" : "contact";
  title("Public pages");
  const path = `/operator/api/texts/${name}`;
  const slot = h("div", { class: "stack" });
  outlet.append(heading("Public pages", {
    back: { href: "/operator/reports", label: "Reports" },
    lead: "What everybody reads of whom to turn to, and of what is stored. As they come, they say what is true of the software.",
  }),
  h("nav", { class: "public-foot", "aria-label": "Pages" }, [["contact", "Contact"], ["privacy", "Privacy"]].map(([which, label]) =>
    h("a", { href: `/operator/texts/${which}`, "aria-current": which === name && "page" }, label))), slot);
  const draw = (/** @type {PageText} */ shown) => {
    const text = field({ label: "Text", hint: "Markdown: # for the title, ## for headings, lists, **strong**, [links](https://…). HTML and pictures are left out.", multiline: true, rows: 22, maxlength: 20_000, value: shown.text });
    const trouble = h("div");
    const save = h("button", { type: "submit", class: "button primary" }, "Save");
    const form = h("form", { class: "card panel stack", novalidate: true }, trouble, text.element,
      h("div", { class: "button-row" }, save, h("a", { class: "button", href: `/${name}` }, "See the page"),
        shown.written_at !== null && h("button", { type: "button", class: "button", on: { click: () => void back() } }, "Set back")),
      h("p", { class: "hint" }, shown.written_at === null ? "As it came with the software." : `Written ${formatMoment(shown.written_at)}.`));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      trouble.replaceChildren();
      try {
        replace(slot, draw(await put(path, { text: text.input.value })));
        toast("Saved");
      } catch (error) {
        if (asProblem(error).field === "text") text.error(asProblem(error).detail ?? "");
        else replace(trouble, problemNotice(error));
      }
    });
    return form;
  };
  const back = async () => {
    const agreed = await confirmDialog({ title: "Set this page back?", text: "It says again what came with the software. What you wrote is gone.", submit: "Set back", danger: true });
    if (!agreed) return;
    try {
      replace(slot, draw(await (await send("DELETE", path)).json()));
    } catch (error) {
      toastProblem(error);
    }
  };
  void load(slot, { signal, skeleton: () => skeleton("form"), fetch: () => /** @type {Promise<PageText>} */ (get(path, signal)), render: draw });
}
