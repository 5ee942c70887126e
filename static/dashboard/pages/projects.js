import { get, post } from "../api.js";
import { h } from "../dom.js";
import { count, formatDate } from "../format.js";
import { formDialog } from "../parts/dialog.js";
import { empty } from "../parts/empty.js";
import { field } from "../parts/field.js";
import { heading } from "../parts/heading.js";
import { icon } from "../parts/icon.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { manages } from "../session.js";

/** @typedef {import("../types.js").Project} Project */

/** From here on, looking is slower than typing. */
const SEARCHED = 8;

/** @param {import("../view.js").SignedInView} view */
export default function page({ outlet, session, signal, title }) {
  title("Projects");
  const mayCreate = manages(session);
  const list = h("div");
  outlet.append(
    heading("Projects", {
      lead: "One project for each product: its documents, its answers, its widget.",
      actions: [mayCreate && newProjectButton("button primary")],
    }),
    list,
  );
  void load(list, {
    signal,
    skeleton: () => skeleton("cards"),
    fetch: () => /** @type {Promise<{ projects: Project[] }>} */ (get("/projects", signal)),
    render: ({ projects }) => {
      if (projects.length > SEARCHED) return searched(projects);
      if (projects.length > 0) return h("ul", { class: "cards" }, projects.map(card));
      return mayCreate
        ? firstSteps()
        : empty("documents", "No projects yet", "An owner or admin of this workspace can create a project and assign it to you.");
    },
  });
}

/** @param {Project[]} projects */
function searched(projects) {
  const cards = projects.map((project) => ({ name: project.name.toLowerCase(), element: card(project) }));
  const nothing = h("p", { class: "nothing card", hidden: true }, "No project matches.");
  const search = h("input", { type: "search", class: "input", placeholder: "Search by name", "aria-label": "Search projects" });
  search.addEventListener("input", () => {
    const words = search.value.trim().toLowerCase();
    for (const { name, element } of cards) element.hidden = !name.includes(words);
    nothing.hidden = cards.some(({ element }) => !element.hidden);
  });
  return [
    h("div", { class: "filters" }, h("div", { class: "search" }, icon("search"), search), h("p", { class: "hint usage" }, count(projects.length, "project"))),
    h("ul", { class: "cards" }, cards.map(({ element }) => element)), nothing,
  ];
}

/** @param {string} kind */
const newProjectButton = (kind) =>
  h("button", { type: "button", class: kind, on: { click: () => void create() } }, icon("plus"), "New project");

/** @param {Project} project */
function card(project) {
  const reading = project.documents - project.documents_ready - project.documents_failed;
  return h("li", { class: "card project-card" },
    h("h2", null, h("a", { href: `/projects/${project.id}`, class: "cover" }, project.name)),
    h("dl", { class: "project-figures" },
      h("div", null, h("dt", null, "Documents ready"), h("dd", null, project.documents === project.documents_ready ? project.documents_ready : `${project.documents_ready} of ${project.documents}`)),
      h("div", null, h("dt", null, "Questions, 7 days"), h("dd", null, project.questions_7d))),
    h("div", { class: "project-foot" },
      project.documents_failed > 0
        ? h("span", { class: "badge badge-danger" }, icon("alert"), `${count(project.documents_failed, "document")} could not be read`)
        : reading > 0
          ? h("span", { class: "badge badge-info" }, icon("clock"), `Reading ${count(reading, "document")}`)
          : null,
      h("span", { class: "hint" }, `Created ${formatDate(project.created_at)}`)));
}

function firstSteps() {
  /** @type {[import("../parts/icon.js").IconName, string, string][]} */
  const steps = [
    ["upload", "Add documents", "Drop in the guides, manuals and help pages you already have: PDF, Word, Markdown, HTML or text."],
    ["ask", "Try a question", "Ask as a customer would. Every answer shows where it comes from, or says honestly that it does not know."],
    ["widget", "Put the widget on your site", "Allow your domain, copy one line into your page, and visitors can ask there."],
  ];
  return h("section", { class: "card first-steps", "aria-labelledby": "first-steps" },
    h("h2", { id: "first-steps" }, "Three steps to your first answer"),
    h("ol", null, steps.map(([picture, name, text]) =>
      h("li", null, h("span", { class: "empty-picture" }, icon(picture)), h("h3", null, name), h("p", null, text)))),
    newProjectButton("button primary large"));
}

async function create() {
  const name = field({ label: "Project name", hint: "Usually the name of the product. You can change it later.", name: "project-name", maxlength: 80, autocomplete: "off" });
  /** @type {Project | null} */
  let created = null;
  await formDialog({
    title: "New project",
    body: name.element,
    submit: "Create project",
    ready: () => name.input.value.trim() !== "",
    async run() {
      created = await post("/projects", { name: name.input.value.trim() });
    },
    refused(error) {
      const { code } = asProblem(error);
      if (code !== "invalid_name" && code !== "name_taken") return false;
      name.error(code === "name_taken" ? "A project with this name already exists." : explain(error));
      name.input.focus();
      return true;
    },
  });
  if (created) navigate(`/projects/${/** @type {Project} */ (created).id}`);
}
