/** What a website source asks for: an address, and for those who want it, how far to go from there. */
import { field } from "../parts/field.js";
import { lines, number, radios } from "./fields.js";
import { hostOf } from "./words.js";

/** @typedef {import("../types.js").WebsiteConfig} WebsiteConfig */

const PAGES = 2000;
const MOST_PAGES = 10_000;
const DEPTH = 5;
const MOST_DEPTH = 20;

/** People type addresses as they say them. @param {string} typed */
const whole = (typed) => (typed === "" || /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`);

/** Whether an address names a list of pages and not a page. @param {string} address */
const isSitemap = (address) => /\.xml(\.gz)?([?#]|$)/i.test(address);

/** @param {WebsiteConfig | null} config @returns {import("./fields.js").KindFields} */
export function websiteFields(config) {
  /** @type {WebsiteConfig["mode"]} */
  let mode = config?.mode ?? "crawl";
  let chosen = config !== null;
  const start = field({
    label: "Address", type: "url", inputmode: "url", autocomplete: "off", spellcheck: "false", maxlength: 2000, value: config?.start ?? "",
    placeholder: "https://docs.example.com/",
    hint: "Where reading begins. Pages beside and below it are found by their links. The address of a sitemap works too.",
  });
  const ways = radios("How pages are found", [
    ["crawl", "By their links", "From page to page, as a reader would."],
    ["sitemap", "By the sitemap", "Only what the site lists itself. The address above is the sitemap’s, or any of the site: its sitemap is found."],
  ], mode, (value) => {
    mode = value === "sitemap" ? "sitemap" : "crawl";
    chosen = true;
  });
  start.input.addEventListener("input", () => {
    if (chosen) return;
    mode = isSitemap(start.input.value) ? "sitemap" : "crawl";
    for (const radio of ways.querySelectorAll("input")) radio.checked = radio.value === mode;
  });
  const include = lines({ label: "Only below these paths", placeholder: "/docs/\n/help/", hint: "One a line, each beginning with /. Empty: the folder of the address above, or all that the sitemap lists.", value: config?.include ?? [] });
  const exclude = lines({ label: "But not below these", placeholder: "/docs/archive/", hint: "One a line.", value: config?.exclude ?? [] });
  const pages = number({ label: "At most so many pages", hint: `Up to ${MOST_PAGES}. What is beyond is listed as left out.`, value: config?.pages ?? PAGES, least: 1, most: MOST_PAGES });
  const depth = number({ label: "At most so many links away", hint: "From the address above. 0 reads that page alone.", value: config?.depth ?? DEPTH, least: 0, most: MOST_DEPTH });
  const places = { start, include, exclude, pages, depth };

  return {
    fields: [start.element],
    advanced: [ways, include.element, exclude.element, pages.element, depth.element],
    valid() {
      const numbers = [pages.valid(), depth.valid()].every(Boolean);
      const address = whole(start.input.value.trim());
      const reachable = /^https?:$/.test(URL.canParse(address) ? new URL(address).protocol : "");
      if (!reachable) start.error("Enter a web address, such as https://docs.example.com/.");
      return numbers && reachable;
    },
    config: () => ({ start: whole(start.input.value.trim()), mode, include: include.lines(), exclude: exclude.lines(), depth: depth.read(), pages: pages.read() }),
    refused(problem, sentence) {
      // The server names the place in the body: `config.start`, `config.include[0]`.
      const name = (problem.field ?? "").replace(/^config\./, "").replace(/\[\d+\]$/, "");
      const wrong = Object.hasOwn(places, name) ? places[/** @type {keyof typeof places} */ (name)] : null;
      wrong?.error(sentence);
      return wrong !== null;
    },
    suggestion: () => hostOf(whole(start.input.value.trim())),
  };
}
