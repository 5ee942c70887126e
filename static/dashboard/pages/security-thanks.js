/** Those who reported a vulnerability and let us mend it first. */
import { get } from "../api.js";
import { foot } from "../disclosure/foot.js";
import { h } from "../dom.js";
import { empty } from "../parts/empty.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";

const month = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  title("Thanks");
  const slot = h("div", { class: "stack public-page" });
  outlet.append(slot);
  const head = () => heading("Thanks", { lead: "They found a vulnerability, told those who run this installation, and gave them time to mend it." });
  void load(slot, {
    signal,
    skeleton: () => skeleton("rows"),
    fetch: () => /** @type {Promise<{ thanked: { name: string | null, month: string }[] }>} */ (get("/disclosure/thanks", signal)),
    render: ({ thanked }) => [
      head(),
      thanked.length === 0
        ? empty("check", "Nobody yet", "Whoever reports a vulnerability that is mended is thanked here, by the name they choose or by none.")
        : h("ul", { class: "card panel report-thanks" }, thanked.map((one) => h("li", null,
          h("span", null, one.name ?? h("em", null, "Somebody who prefers not to be named")),
          h("span", { class: "hint" }, month.format(new Date(`${one.month}-01T00:00:00Z`)))))),
      foot("/security/thanks"),
    ],
    failed: (trouble) => [head(), trouble],
  });
}
