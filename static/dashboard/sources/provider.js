/** What the sources with an account ask for: what of it to read. */
import { get } from "../api.js";
import { h, replace, uid } from "../dom.js";
import { lines, radios, tick } from "./fields.js";
import { picker } from "./picker.js";

/** @typedef {import("../types.js").SourceKind} SourceKind */
/** @typedef {import("../types.js").SourceChoices} SourceChoices */
/** @typedef {import("./fields.js").KindFields} KindFields */
/** @typedef {{ grant: string } | { team: string } | {}} Account nothing for a source that has its account already */
/** @typedef {{ project: string, account: Account, source: import("../types.js").Source | null, signal: AbortSignal }} Context */

/** @param {SourceKind} kind @param {Context} context */
function asker(kind, { project, account, source }) {
  const whose = source?.grant ? { grant: source.grant.id } : source?.team ? { team: source.team } : account;
  return async (/** @type {string} */ search, /** @type {AbortSignal} */ signal, /** @type {{ within?: string, after?: string }} */ { within, after } = {}) => {
    const query = new URLSearchParams({ kind, ...whose, search, ...(within !== undefined && { within }), ...(after !== undefined && { after }) });
    return /** @type {SourceChoices} */ (await get(`/projects/${project}/sources/choices?${query}`, signal));
  };
}

/** @param {ReturnType<typeof picker>} list @param {string} message */
function some(list, message) {
  const any = list.chosen().length > 0;
  if (!any) list.error(message);
  return any;
}

/** @param {string[]} names */
const suggest = (names) => (names.length > 1 ? `${names[0]} and ${names.length - 1} more` : (names[0] ?? ""));

/**
 * Everything there is, or a picker for some of it. The provider is asked what there is only when somebody wants to choose.
 * @param {Context} context
 * @param {{ kind: SourceKind, legend: string, noun: [one: string, many: string], all: [name: string, hint: string], some: string, label: string, hint: string, chosen: import("./picker.js").Chosen[] }} how
 */
function allOrSome(context, { kind, legend, noun, all: [name, nameHint], some: someName, label, hint, chosen }) {
  let all = chosen.length === 0;
  const slot = h("div");
  /** @type {ReturnType<typeof picker> | null} */
  let list = null;
  const choice = () => (list ??= picker({ label, hint, noun, chosen, signal: context.signal, search: asker(kind, context) }));
  const show = () => replace(slot, !all && choice().element);
  const which = radios(legend, [["all", name, nameHint], ["some", someName, ""]], all ? "all" : "some", (value) => {
    all = value === "all";
    show();
  });
  show();
  return {
    fields: [which, slot],
    valid: () => all || some(choice(), `Choose at least one ${noun[0]}, or read all.`),
    chosen: () => (all ? [] : choice().chosen()),
    suggestion: () => (all ? "" : suggest(choice().chosen().map((one) => one.name))),
    refuse(/** @type {string} */ sentence) {
      if (!all) choice().error(sentence);
      return !all;
    },
  };
}

/** @param {Exclude<SourceKind, "website">} kind @param {Context} context @returns {KindFields} */
export function providerFields(kind, context) {
  switch (kind) {
    case "github": return github(context);
    case "notion": return notion(context);
    case "confluence": return confluence(context);
    case "slack": return slack(context);
  }
}

/** @param {Context} context @returns {KindFields} */
function github(context) {
  const config = /** @type {import("../types.js").GitHubConfig | undefined} */ (context.source?.config);
  const ask = asker("github", context);
  /** What was typed as the branch of each. @type {Map<string, string>} */
  const branches = new Map((config?.repositories ?? []).map(({ full_name, branch }) => [full_name, branch ?? ""]));

  /** Free to type; what the repository has is offered once somebody looks. @param {{ id: string, name: string }} repository */
  function branch({ id, name }) {
    const options = h("datalist", { id: uid("branches") });
    const input = h("input", {
      type: "text", class: "input branch-input", list: options.id, value: branches.get(id) ?? "", placeholder: "Default branch", "aria-label": `Branch of ${name}`,
      autocomplete: "off", spellcheck: "false", autocapitalize: "none", maxlength: 200, on: { input: () => void branches.set(id, input.value.trim()) },
    });
    input.addEventListener("focus", async () => {
      try {
        const { choices } = await ask("", context.signal, { within: id });
        options.replaceChildren(...choices.map((one) => h("option", { value: one.name })));
      } catch {
        // Its name can be typed all the same.
      }
    }, { once: true });
    return h("span", { class: "picker-branch" }, input, options);
  }

  const repositories = picker({
    label: "Repositories", noun: ["repository", "repositories"], signal: context.signal,
    chosen: (config?.repositories ?? []).map(({ full_name }) => ({ id: full_name, name: full_name })),
    search: ask,
    aside: branch,
  });
  const paths = lines({ label: "Only in these folders", placeholder: "docs/\nREADME.md", hint: "Of each repository, one a line. Empty: everywhere.", value: config?.paths ?? [] });
  const issues = tick("Issues", "Those that were resolved, each with what was said, as a document.", config?.issues ?? false);
  const discussions = tick("Discussions", "Those that were answered, each with its answer, as a document.", config?.discussions ?? false);
  return {
    fields: [repositories.element, h("fieldset", { class: "choices" }, h("legend", null, "Besides files"), issues.element, discussions.element)],
    advanced: [paths.element],
    valid: () => some(repositories, "Choose at least one repository."),
    config: () => ({
      repositories: repositories.chosen().map(({ id }) => ({ full_name: id, ...(branches.get(id) && { branch: branches.get(id) }) })),
      paths: paths.lines(),
      issues: issues.box.checked,
      discussions: discussions.box.checked,
    }),
    refused(problem, sentence) {
      if (problem.field?.startsWith("config.paths")) paths.error(sentence);
      else if (problem.field?.startsWith("config.repositories")) repositories.error(sentence);
      else return false;
      return true;
    },
    suggestion: () => suggest(repositories.chosen().map(({ name }) => name)),
  };
}

/** @param {Context} context @returns {KindFields} */
function notion(context) {
  const config = /** @type {import("../types.js").NotionConfig | undefined} */ (context.source?.config);
  const pages = allOrSome(context, {
    kind: "notion", legend: "What to read", noun: ["page", "pages"],
    all: ["All that is shared with it", "Also what is shared at Notion later."],
    some: "Chosen pages and databases",
    label: "Pages and databases",
    hint: "What is below a page or in a database is read with it.",
    // What was chosen by its id alone, through the API, is called by its name as soon as the list has it.
    chosen: (config?.pages ?? []).map((id) => ({ id, name: config?.names?.[id] ?? `Page ${id.slice(0, 8)}` })),
  });
  return {
    fields: pages.fields,
    advanced: [],
    valid: pages.valid,
    config: () => ({ pages: pages.chosen().map(({ id }) => id), names: Object.fromEntries(pages.chosen().map(({ id, name }) => [id, name])) }),
    refused: (problem, sentence) => problem.field === "config.pages" && pages.refuse(sentence),
    suggestion: () => pages.suggestion() || "Notion",
  };
}

/** @param {Context} context @returns {KindFields} */
function confluence(context) {
  const config = /** @type {import("../types.js").ConfluenceConfig | undefined} */ (context.source?.config);
  const spaces = allOrSome(context, {
    kind: "confluence", legend: "What to read", noun: ["space", "spaces"],
    all: ["All spaces", "But for those that are somebody’s own. Also those that are made later."],
    some: "Chosen spaces",
    label: "Spaces",
    hint: "Every page of a space that the account may see.",
    chosen: (config?.spaces ?? []).map((key) => ({ id: key, name: key.split("/").at(-1) ?? key })),
  });
  return {
    fields: spaces.fields,
    advanced: [],
    valid: spaces.valid,
    config: () => ({ ...(config?.site !== undefined && { site: config.site }), spaces: spaces.chosen().map(({ id }) => id) }),
    refused: (problem, sentence) => problem.field === "config.spaces" && spaces.refuse(sentence),
    suggestion: () => spaces.suggestion() || "Confluence",
  };
}

/** @param {Context} context @returns {KindFields} */
function slack(context) {
  const config = /** @type {import("../types.js").SlackConfig | undefined} */ (context.source?.config);
  const channels = picker({
    label: "Channels", noun: ["channel", "channels"], signal: context.signal,
    hint: "Invite the app to each of them first: type “/invite @Pernoex” there.",
    chosen: config?.channels ?? [],
    search: asker("slack", context),
  });
  return {
    fields: [channels.element],
    advanced: [],
    valid: () => some(channels, "Choose at least one channel."),
    config: () => ({ channels: channels.chosen().map(({ id, name }) => ({ id, name: name.replace(/^#/, "") })) }),
    refused(problem, sentence) {
      if (!problem.field?.startsWith("config.channels")) return false;
      channels.error(sentence);
      return true;
    },
    suggestion: () => suggest(channels.chosen().map(({ name }) => name)),
  };
}
