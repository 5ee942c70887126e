/** The project's collections: made, renamed, told when their documents are to be reviewed, deleted. */
import { get, post, put, remove } from "../api.js";
import { h, replace } from "../dom.js";
import { count } from "../format.js";
import { confirmDialog, formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { icon } from "../parts/icon.js";
import { toast, toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";

/** @typedef {import("../types.js").Collection} Collection */

/** @param {string} project @param {() => void} changed */
export async function manageCollections(project, changed) {
  const base = `/projects/${project}/collections`;
  const slot = h("div");
  const draw = async () => {
    const { collections } = /** @type {{ collections: Collection[] }} */ (await get(base));
    replace(slot, collections.length === 0
      ? h("p", { class: "hint" }, "A collection groups documents that belong together, such as a handbook, and can say how often they are to be reviewed.")
      : h("ul", { class: "collection-list" }, collections.map(line)));
  };
  /** @param {boolean} done */
  const again = (done) => {
    if (!done) return;
    changed();
    void draw().catch(toastProblem);
  };
  /** @param {Collection} one */
  const line = (one) => h("li", null,
    h("div", null, h("strong", null, one.name), h("p", { class: "hint" }, [count(one.documents, "document"), one.review_days !== null && `reviewed every ${count(one.review_days, "day")}`].filter(Boolean).join(" · "))),
    h("div", { class: "button-row" },
      h("button", { type: "button", class: "icon-button", "aria-label": `Change ${one.name}`, on: { click: () => void edit(base, one).then(again) } }, icon("pencil")),
      h("button", {
        type: "button", class: "icon-button", "aria-label": `Delete ${one.name}`,
        on: { click: () => void confirmDialog({ title: `Delete ${one.name}?`, text: "Its documents stay, and are in no collection then.", submit: "Delete collection", danger: true, run: () => remove(`${base}/${one.id}`) }).then(again) },
      }, icon("trash"))));
  try {
    await draw();
  } catch (error) {
    replace(slot, h("p", { class: "field-error" }, explain(error)));
  }
  await formDialog({
    title: "Collections",
    body: [slot, h("button", { type: "button", class: "button small", on: { click: () => void edit(base, null).then(again) } }, icon("plus"), "New collection")],
    submit: "Close", cancel: false, run: () => {},
  });
}

/** @param {string} base @param {Collection | null} one */
async function edit(base, one) {
  const name = field({ label: "Name", value: one?.name ?? "", maxlength: 80, autocomplete: "off" });
  const days = field({ label: "Review every … days", optional: true, type: "number", min: 1, max: 1830, inputmode: "numeric", value: one?.review_days ?? "", hint: "Its documents are listed as due when nobody has looked at them for that long." });
  return formDialog({
    title: one ? "Change collection" : "New collection",
    body: [name.element, days.element],
    submit: one ? "Save" : "Create",
    ready: () => name.input.value.trim() !== "",
    async run() {
      const body = { name: name.input.value.trim(), review_days: days.input.value === "" ? null : Number(days.input.value) };
      if (one) await put(`${base}/${one.id}`, body);
      else await post(base, body);
      toast(one ? "Collection saved" : "Collection created");
    },
    refused(error) {
      const problem = asProblem(error);
      const wrong = { name_taken: name, invalid_name: name, invalid_review_days: days }[problem.code];
      wrong?.error(problem.code === "name_taken" ? "Another collection has this name." : explain(problem));
      return wrong !== undefined;
    },
  });
}
