import { patch, remove } from "../api.js";
import { h, replace } from "../dom.js";
import { formatDate } from "../format.js";
import { privacyPanel } from "../privacy/panel.js";
import { visitorPanel } from "../privacy/visitor.js";
import { embeddingPanel } from "../model/embedding.js";
import { modelUse } from "../model/use.js";
import { formDialog } from "../parts/dialog.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { problemNotice } from "../parts/notice.js";
import { toast } from "../parts/toast.js";
import { guardUnsaved } from "../parts/unsaved.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { synonymsPanel } from "../settings/synonyms.js";

/** @typedef {import("../types.js").Project} Project */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project: first, renamed, signal, title }) {
  let project = first;
  title(`Settings · ${project.name}`);
  const name = field({ label: "Project name", value: project.name, maxlength: 80, autocomplete: "off" });
  const save = h("button", { type: "submit", class: "button primary", disabled: true }, "Save name");
  const trouble = h("div");
  const refresh = () => {
    const typed = name.input.value.trim();
    save.disabled = typed === "" || typed === project.name;
  };
  let gone = false;
  guardUnsaved("Your changes to the settings", () => !gone && name.input.value.trim() !== project.name, signal);
  const form = h("form", { class: "stack narrow", novalidate: true, on: { input: refresh } }, name.element, trouble, h("div", { class: "button-row" }, save));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    save.disabled = true;
    try {
      project = await patch(`/projects/${project.id}`, { name: name.input.value.trim() });
      renamed(project);
      title(`Settings · ${project.name}`);
      toast("Project renamed");
    } catch (error) {
      const { code } = asProblem(error);
      if (code === "name_taken" || code === "invalid_name") name.error(code === "name_taken" ? "A project with this name already exists." : explain(error));
      else replace(trouble, problemNotice(error));
    }
    refresh();
  });

  const destroy = async () => {
    const typed = field({ label: "Project name", autocomplete: "off", spellcheck: "false" });
    gone = await formDialog({
      title: "Delete this project?",
      body: [
        h("p", null, "Its documents, conversations, analytics and public key are deleted, and its encryption key is destroyed. Nobody can bring them back, not even from backups."),
        h("p", null, "Type ", h("strong", { class: "typed-name" }, project.name), " to confirm."),
        typed.element,
      ],
      submit: "Delete project",
      danger: true,
      ready: () => typed.input.value === project.name,
      run: () => remove(`/projects/${project.id}`, { confirm: typed.input.value }),
      refused(error) {
        if (asProblem(error).code !== "confirmation_mismatch") return false;
        typed.error(explain(error));
        return true;
      },
    });
    if (!gone) return;
    toast(`Deleted ${project.name}`);
    navigate("/projects");
  };

  outlet.append(
    heading("Settings"),
    h("section", { class: "card panel", "aria-labelledby": "general" },
      h("header", { class: "panel-head" }, h("h2", { id: "general" }, "General"), h("p", { class: "hint" }, `Created ${formatDate(project.created_at)}`)),
      form),
    synonymsPanel(project.id, signal),
    embeddingPanel(project.id, signal),
    privacyPanel(project.id, signal),
    visitorPanel(project.id, signal),
    modelUse(project.id, signal),
    h("section", { class: "card panel panel-danger", "aria-labelledby": "danger" },
      h("header", { class: "panel-head" }, h("h2", { id: "danger" }, "Danger zone")),
      h("div", { class: "danger-row" },
        h("div", null, h("h3", null, "Delete this project"), h("p", { class: "hint" }, "The widget stops answering at once. This cannot be undone.")),
        h("button", { type: "button", class: "button danger-quiet", on: { click: () => void destroy() } }, "Delete project"))),
  );
}
