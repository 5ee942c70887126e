/** What providers, states, problems and reasons are called, and how what went wrong is mended. */
import { count } from "../format.js";

/** @typedef {import("../types.js").Source} Source */
/** @typedef {import("../types.js").SourceKind} SourceKind */
/** @typedef {import("../types.js").SourceProblem} SourceProblem */

/**
 * @typedef {object} KindWords
 * @property {string} title
 * @property {import("../parts/icon.js").IconName} picture
 * @property {string} blurb what is taken
 * @property {[one: string, many: string]} things what a sync counts
 * @property {string} access what is asked for at the provider
 * @property {string} ending what ending the access does there
 */

/** @type {Record<SourceKind, KindWords>} */
export const KINDS = {
  website: {
    title: "Website",
    picture: "globe",
    blurb: "A help centre, documentation or a blog. Its address is enough.",
    things: ["page", "pages"],
    access: "Only what everybody can read is read. No password is asked for.",
    ending: "No access was ever given, so there is nothing to end.",
  },
  github: {
    title: "GitHub",
    picture: "branch",
    blurb: "Markdown and text files of chosen repositories; issues and answered discussions, too.",
    things: ["file", "files"],
    access: "Pernoex may read the repositories that you choose at GitHub, and can change nothing.",
    ending: "The access is revoked at GitHub. That is tried again until GitHub confirms it.",
  },
  notion: {
    title: "Notion",
    picture: "letterN",
    blurb: "Pages and databases that you share with Pernoex.",
    things: ["page", "pages"],
    access: "Pernoex may read the pages that you pick at Notion, and can change nothing.",
    ending: "The access is revoked at Notion. That is tried again until Notion confirms it.",
  },
  confluence: {
    title: "Confluence",
    picture: "layers",
    blurb: "The pages of spaces in Confluence Cloud, all or chosen ones.",
    things: ["page", "pages"],
    access: "Pernoex may read spaces and pages, and can change nothing.",
    ending: "The stored token is made worthless. Atlassian has no way to remove the app from here: the receipt links to the page where you finish that.",
  },
  slack: {
    title: "Slack",
    picture: "hash",
    blurb: "Threads of chosen channels, each as a document.",
    things: ["thread", "threads"],
    access: "The app that answers in Slack reads the channels that it was invited to.",
    ending: "The app stays in Slack and goes on answering there. Disconnect it on the Slack page.",
  },
};

/** @param {string} kind */
export const isKind = (kind) => Object.hasOwn(KINDS, kind);

/** @param {SourceKind} kind @param {number} n */
export const things = (kind, n) => count(n, ...KINDS[kind].things);

/** How often a source is looked through. @type {[hours: string, text: string][]} */
export const RHYTHMS = [["1", "Every hour"], ["6", "Every 6 hours"], ["24", "Once a day"], ["168", "Once a week"]];
export const USUAL_HOURS = 24;

/** @param {number} hours */
export const rhythm = (hours) => RHYTHMS.find(([key]) => key === String(hours))?.[1] ?? `Every ${count(hours, "hour")}`;

/** Whom a source asks. @param {Source} source */
export const whom = (source) => (source.kind === "website" ? "The website" : KINDS[source.kind].title);

/** Why a sync stopped or waits, and what to do about it. @param {Source} source @param {SourceProblem} problem */
export function explainSync(source, problem) {
  const who = whom(source);
  switch (problem.code) {
    case "reconnect": return `${who} does not accept the access any more: it was ended there, or has run out. Connect it again, and it goes on where it stopped.`;
    case "unavailable": return `${who} did not answer, or answered with an error. It is tried again by itself.`;
    case "unreadable": return `${who} answered with something that cannot be read. It is tried again by itself; if it stays, look at the address and what is chosen in the settings.`;
    case "rate_limited": return `${who} asked to wait again and again, for a whole day. It is tried again by itself.`;
    default: return problem.detail;
  }
}

/** @typedef {{ what: string, mend: string }} Reason why an item is not taken, and how it would be */

/** @type {Record<string, Reason>} */
const REASONS = {
  forbidden: { what: "Only who is signed in can read it", mend: "Make it public, or upload it as a document." },
  robots: { what: "The site asks robots not to read it", mend: "Allow it in the site’s robots.txt, if the site is yours." },
  noindex: { what: "The page asks not to be indexed", mend: "Remove “noindex” from the page or its headers, if the site is yours." },
  canonical: { what: "The same as another page", mend: "Nothing to do: the page that it names as the original is taken." },
  duplicate: { what: "The same as another page", mend: "Nothing to do: it is taken once." },
  outside: { what: "It leads out of what was chosen", mend: "Widen what is read in the settings, or add the other address as a source of its own." },
  redirected: { what: "It leads out of what was chosen", mend: "Widen what is read in the settings, or add the other address as a source of its own." },
  too_large: { what: "Too large", mend: "Split it, or upload it as a document." },
  unsupported: { what: "Neither text, HTML, Markdown nor PDF", mend: "Nothing to do, unless its text matters: then upload it in one of these." },
  empty: { what: "Nothing to read in it", mend: "What scripts or pictures show is not text. Upload the text as a document, if it matters." },
  no_text: { what: "Nothing to read in it", mend: "What scripts or pictures show is not text. Upload the text as a document, if it matters." },
  unreadable: { what: "It is not text that can be read", mend: "Save it as text in UTF-8 at its source." },
  in_lfs: { what: "The file itself is kept by Git LFS", mend: "Upload it as a document, if its text matters." },
  not_shared: { what: "Deleted, or not shared any more", mend: "Share it again at its source, or choose other pages in the settings." },
  project_full: { what: "The project has no room for more", mend: "Delete documents, or choose less of the source. The next sync takes these." },
  plan_limit: { what: "No room for more documents", mend: "Choose a larger plan, or delete documents. The next sync takes these." },
  too_many_sitemaps: { what: "More sitemaps than are read", mend: "Make sources of parts of the site: the address of each sitemap is a start of its own." },
  too_many_pages: { what: "Beyond the limit of pages", mend: "Raise the limit in the settings, or leave out parts of the site." },
  too_deep: { what: "Too many links away from the start", mend: "Raise the depth in the settings." },
  status: { what: "The website answered with an error", mend: "It is looked at again with each sync." },
  unavailable: { what: "It could not be reached", mend: "It is looked at again with each sync." },
  space_not_found: { what: "A space is not there", mend: "Choose other spaces in the settings, or give the account that was connected access to it." },
  not_found: { what: "It is not there", mend: "The link to it is broken. Mend the link, if the site is yours." },
};

/** @param {{ code: string, detail: string }} skipped @returns {Reason} */
export const reasonOf = ({ code, detail }) => REASONS[code] ?? { what: detail, mend: "" };

/** What a source takes, in a line. @param {Source} source */
export function summary({ kind, config }) {
  switch (kind) {
    case "website": return hostOf(config.start);
    case "github": {
      const [first, ...others] = config.repositories;
      return first === undefined ? "No repository" : others.length === 0 ? first.full_name : `${first.full_name} and ${others.length} more`;
    }
    case "notion": return config.pages.length === 0 ? "All that is shared" : count(config.pages.length, "page");
    case "confluence": return config.spaces.length === 0 ? "All spaces" : count(config.spaces.length, "space");
    case "slack": {
      const [first, ...others] = config.channels;
      return first === undefined ? "No channel" : others.length === 0 ? `#${first.name}` : `#${first.name} and ${others.length} more`;
    }
  }
}

/** @param {string} address */
export function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
