import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { heading } from "../parts/heading.js";
import { load } from "../parts/load.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { Problem } from "../problem.js";
import { amend, navigate } from "../router.js";
import { accountChoice, notSetUp, teamChoice } from "../sources/account.js";
import { sourceForm } from "../sources/form.js";
import { isKind, KINDS } from "../sources/words.js";

/** @typedef {import("../types.js").SourceKind} SourceKind */
/** @typedef {import("../types.js").SourceList} SourceList */
/** @typedef {import("../types.js").Integrations} Integrations */

/** @param {import("../view.js").ProjectView} view */
export default function page({ outlet, project, params, query, signal, title }) {
  const base = `/projects/${project.id}/sources`;
  const asked = params.kind ?? "";
  if (!isKind(asked)) throw new Problem(404, { code: "not_found" }, null);
  const kind = /** @type {SourceKind} */ (asked);
  const words = KINDS[kind];
  const here = `${base}/new/${kind}`;
  title(`Add ${words.title} · ${project.name}`);
  const account = h("div");
  const slot = h("div");
  outlet.append(
    heading(kind === "website" ? "Add a website" : `Add ${words.title}`, { lead: `${words.blurb} ${words.access}`, back: { href: base, label: "Sources" } }),
    account,
    slot,
  );

  /** @param {import("../sources/provider.js").Account} whose */
  const form = (whose) =>
    h("section", { class: "card panel", "aria-label": "What to read" }, sourceForm({
      project: project.id, kind, account: whose, source: null, signal,
      saved(source) {
        toast(`${source.name} is added`);
        navigate(`${base}/${source.id}`);
      },
    }));

  if (kind === "website") return slot.append(form({}));

  /** @param {"grant" | "team"} name @param {string} id */
  const choose = (name, id) => {
    // Another account has other things to choose from.
    amend(`${here}?${name}=${id}`);
    replace(slot, form(name === "grant" ? { grant: id } : { team: id }));
  };
  /** What was named in the address, or the only one there is. @param {{ id: string }[]} all @param {string} name */
  const first = (all, name) => all.find(({ id }) => id === query.get(name))?.id ?? (all.length === 1 ? all[0]?.id : undefined) ?? "";

  void load(account, {
    signal,
    skeleton: () => skeleton("form"),
    async fetch() {
      const [list, all] = await Promise.all([
        /** @type {Promise<SourceList>} */ (get(base, signal)),
        kind === "slack" ? null : /** @type {Promise<Integrations>} */ (get("/integrations", signal)),
      ]);
      return { list, grants: (all?.grants ?? []).filter((grant) => grant.kind === kind && grant.state === "active") };
    },
    render({ list, grants }) {
      const configured = list.kinds.some((offer) => offer.kind === kind && offer.configured);
      if (!configured) return notSetUp(kind);
      if (kind === "slack") {
        const chosen = first(list.slack_teams, "team");
        if (chosen !== "") choose("team", chosen);
        return teamChoice({ teams: list.slack_teams, chosen, choose: (team) => choose("team", team) });
      }
      const chosen = first(grants, "grant");
      if (chosen !== "") choose("grant", chosen);
      return accountChoice({ kind, grants, chosen, next: here, choose: (grant) => choose("grant", grant) });
    },
  });
}
