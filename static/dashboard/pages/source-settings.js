import { get } from "../api.js";
import { h } from "../dom.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { navigate } from "../router.js";
import { sourceForm } from "../sources/form.js";

/** @typedef {import("../types.js").SourcePage} SourcePage */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, signal, title }) {
  const back = `/projects/${project.id}/sources/${params.source}`;
  title(`Source · ${project.name}`);
  const head = (/** @type {string} */ name) => heading("Settings of the source", { lead: "What is no longer chosen goes from the documents with the next sync.", back: { href: back, label: name } });
  outlet.append(head("Source"), skeleton("form"));
  void load(outlet, {
    signal,
    failed: (notice) => [head("Source"), notice],
    fetch: () => /** @type {Promise<SourcePage>} */ (get(back, signal)),
    render({ source }) {
      title(`Settings of ${source.name} · ${project.name}`);
      return [
        head(source.name),
        h("section", { class: "card panel", "aria-label": "Settings" }, sourceForm({
          project: project.id, kind: source.kind, account: {}, source, signal,
          saved() {
            toast("Settings saved");
            navigate(back);
          },
        })),
      ];
    },
  });
}
