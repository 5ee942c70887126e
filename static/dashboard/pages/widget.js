import { get } from "../api.js";
import { h } from "../dom.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { guardUnsaved } from "../parts/unsaved.js";
import { appearanceEditor } from "../widget/appearance.js";
import { handOffEditor } from "../widget/hand-off.js";
import { identityEditor } from "../widget/identity.js";
import { installation } from "../widget/key.js";
import { logoEditor } from "../widget/logo.js";
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
    const show = preview(project.id, { ...setup, hand_off: setup.hand_off.enabled });
    const install = installation(project.id, setup);
    const origins = originsEditor(project.id, setup, (next) => install.update(next));
    const appearance = appearanceEditor(project.id, setup, (next) => show.update(next));
    const logo = logoEditor(project.id, setup, (next) => show.update({ logo: next }));
    const handOff = handOffEditor(project.id, setup, (enabled) => show.update({ hand_off: enabled }));
    guardUnsaved("Your changes to the widget", () => origins.dirty() || appearance.dirty() || handOff.dirty(), signal);
    return h("div", { class: "widget-columns" },
      h("div", { class: "widget-forms" },
        panel("Allowed domains", origins.element),
        panel("Appearance", appearance.element),
        panel("Logo", logo),
        panel("Talk to a person", handOff.element),
        panel("Snippet", install.snippet),
        panel("Public key", install.key),
        panel("Signed-in visitors", identityEditor(project.id, setup)),
        panel("From your own code", calls())),
      h("section", { class: "preview", "aria-labelledby": "preview-title" },
        h("header", { class: "panel-head" }, h("h2", { id: "preview-title" }, "Preview"),
          h("button", { type: "button", class: "button quiet small", on: { click: () => show.restart() } }, icon("replace"), "Start over")),
        show.kind, show.element, show.corner,
        h("p", { class: "hint" }, "This is the real widget. Questions asked here are listed under Conversations as Dashboard.")));
  }
}

/** What a page's own scripts can do. */
const calls = () => h("div", { class: "stack" },
  h("p", { class: "hint" }, "The snippet leaves window.Pernoex behind. The event pernoex:ready tells when it is there; an npm package with types is made by pernoex widget package."),
  h("pre", { class: "snippet", tabindex: "0", "aria-label": "Calls" }, h("code", null, `Pernoex.open()      Pernoex.close()      Pernoex.toggle()
Pernoex.ask("How do I export my data?")
Pernoex.identify(userToken)      // null when they sign out
Pernoex.on("answer", ({ question, outcome }) => …)
Pernoex.destroy()`)));

/** @param {string} name @param {Node} content */
function panel(name, content) {
  const id = `panel-${name.toLowerCase().replaceAll(" ", "-")}`;
  return h("section", { class: "card panel", "aria-labelledby": id }, h("header", { class: "panel-head" }, h("h2", { id }, name)), content);
}
