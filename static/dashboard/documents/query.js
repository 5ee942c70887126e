/** Which documents are listed, and in which order: what is chosen stands in the address. */

/** @typedef {{ search: string, status: string, collection: string, tag: string, source: string, show: string, order: string }} Chosen empty for everything */

/** @type {[value: string, text: string, sort: string, direction: string][]} */
export const ORDERS = [
  ["newest", "Newest first", "created", "desc"],
  ["name", "By name", "name", "asc"],
  ["largest", "Largest first", "size", "desc"],
  ["changed", "Last changed first", "updated", "desc"],
  ["status", "By status", "status", "asc"],
];

/** @type {Record<string, string>} */
const STATUSES = { ready: "ready", unfinished: "queued,embedding", failed: "failed" };

/** @param {URLSearchParams} query @returns {Chosen} */
export const chosenIn = (query) => ({
  search: query.get("search") ?? "", status: query.get("status") ?? "", collection: query.get("collection") ?? "", tag: query.get("tag") ?? "",
  source: query.get("source") ?? "", show: query.get("show") ?? "", order: query.get("order") ?? "",
});

/** What the page's own address says of it. @param {Chosen} chosen */
export const address = (chosen) => new URLSearchParams(Object.entries(chosen).filter(([, value]) => value !== "")).toString();

/** @param {Chosen} chosen */
export const narrows = (chosen) => Object.entries(chosen).some(([name, value]) => name !== "order" && value !== "");

/** As the server is asked for those documents, in a list or for something that is done to all of them. @param {Chosen} chosen */
export function filterOf(chosen) {
  /** @type {Record<string, string | boolean>} */
  const filter = {};
  if (chosen.search !== "") filter.search = chosen.search;
  const status = STATUSES[chosen.status];
  if (status) filter.status = status;
  for (const name of /** @type {const} */ (["collection", "tag", "source"])) if (chosen[name] !== "") filter[name] = chosen[name];
  if (chosen.show === "due") filter.stale = true;
  if (chosen.show === "alike") filter.duplicates = true;
  return filter;
}

/** @param {Chosen} chosen @param {{ after?: string | null, limit: number }} page */
export function listQuery(chosen, { after = null, limit }) {
  const query = new URLSearchParams(Object.entries(filterOf(chosen)).map(([name, value]) => [name, String(value)]));
  const [, , sort = "created", direction = "desc"] = ORDERS.find(([value]) => value === chosen.order) ?? [];
  query.set("sort", sort);
  query.set("order", direction);
  query.set("limit", String(limit));
  if (after !== null) query.set("after", after);
  return query.toString();
}
