/** Contact and privacy, as whoever runs the installation wrote them: headings, and the closed set of marks that answers have. */
import { get } from "../api.js";
import { foot } from "../disclosure/foot.js";
import { h } from "../dom.js";
import { formatDate } from "../format.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { prose } from "../parts/prose.js";
import { skeleton } from "../parts/skeleton.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  const name = location.pathname.slice(1);
  title(name === "privacy" ? "Privacy" : "Contact");
  const slot = h("div", { class: "stack public-page" });
  outlet.append(slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("text"),
    fetch: () => /** @type {Promise<import("../types.js").PublicPage>} */ (get(`/pages/${name}`, signal)),
    render: (shown) => [
      heading(shown.title, shown.written_at === null ? {} : { lead: `Last changed ${formatDate(shown.written_at)}` }),
      h("div", { class: "public-text" }, shown.sections.map((section) => h("section", null,
        section.heading !== null && h("h2", null, section.heading),
        prose(section.text, () => null, { answer: true })))),
      foot(`/${name}`),
    ],
  });
}
