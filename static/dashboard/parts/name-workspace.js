/** Naming a new workspace, for somebody who proved who they are and has none. */
import { h } from "../dom.js";
import { asProblem, explain } from "../problem.js";
import { authCard } from "./auth.js";
import { field } from "./field.js";

/** Why there is none: they left, were removed, or the workspace was deleted. */
const GONE = {
  title: "You belong to no workspace",
  lead: "Your account is fine, but you left your last workspace, were removed from it, or it was deleted. Create a new one, or open the link of an invitation.",
};

/**
 * @param {object} how
 * @param {(title: string) => void} how.title
 * @param {{ title: string, lead: string }} [how.words]
 * @param {(name: string) => Promise<void>} how.create
 * @param {Node} how.other
 */
export function nameWorkspace({ title, words = GONE, create, other }) {
  title("Create a workspace");
  const name = field({ label: "Workspace name", hint: "Usually your company or team.", name: "organization", autocomplete: "organization", maxlength: 80, required: true });
  return authCard({
    ...words,
    fields: [name],
    submit: "Create workspace",
    valid() {
      const named = name.input.value.trim() !== "";
      if (!named) name.error("Give your workspace a name.");
      return named;
    },
    run: () => create(name.input.value.trim()),
    refused(error) {
      if (asProblem(error).code !== "invalid_name") return false;
      name.error(explain(error));
      return true;
    },
    other,
  });
}
