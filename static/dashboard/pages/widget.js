import { get } from "../api.js";
import { h } from "../dom.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { guardUnsaved } from "../parts/unsaved.js";
import { appearanceEditor } from "../widget/appearance.js";
import { installation } from "../widget/key.js";
import { originsEditor } from "../widget/origins.js";
import { preview } from "../widget/preview.js";

/** @typedef {import("../types.js").WidgetSetup} WidgetSetup */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, signal, title }) {
  title(`Widget · ${project.name}`);
  outlet.classList.add("wide");
  const slot = h("div");
  outlet.append(heading("Widget", { lead: "The assistant on your own website." }), slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("form"),
    fetch: () => /** @type {Promise<WidgetSetup>} */ (get(`/projects/${project.id}/widget`, signal)),
    render: (setup) => draw(setup),
  });

  /** @param {WidgetSetup} setup */
  function draw(setup) {
    const show = preview(project.id, setup);
    const install = installation(project.id, setup);
    const origins = originsEditor(project.id, setup, (next) => install.update(next));
    const appearance = appearanceEditor(project.id, setup, (next) => show.update(next));
    guardUnsaved("Your changes to the widget", () => origins.dirty() || appearance.dirty(), signal);
    return h("div", { class: "widget-columns" },
      h("div", { class: "widget-forms" },
        panel("Allowed domains", origins.element),
        panel("Appearance", appearance.element),
        panel("Snippet", install.snippet),
        panel("Public key", install.key)),
      h("section", { class: "preview", "aria-labelledby": "preview-title" },
        h("header", { class: "panel-head" }, h("h2", { id: "preview-title" }, "Preview"),
          h("button", { type: "button", class: "button quiet small", on: { click: () => show.restart() } }, icon("replace"), "Start over")),
        show.element,
        h("p", { class: "hint" }, "This is the real widget. Questions asked here are listed under Conversations as Dashboard.")));
  }
}

/** @param {string} name @param {Node} content */
function panel(name, content) {
  const id = `panel-${name.toLowerCase().replaceAll(" ", "-")}`;
  return h("section", { class: "card panel", "aria-labelledby": id }, h("header", { class: "panel-head" }, h("h2", { id }, name)), content);
}
