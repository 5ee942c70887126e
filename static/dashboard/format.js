/** Numbers, sizes and times as people read them. */

const number = new Intl.NumberFormat("en-GB");
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const longDay = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });

/** @param {number} value */
export const formatNumber = (value) => number.format(value);

/** @param {number} value @param {string} one @param {string} [many] */
export const count = (value, one, many = `${one}s`) => `${number.format(value)} ${value === 1 ? one : many}`;

/** @param {number} bytes */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[unit]}`;
}

/** @param {string} iso */
export const formatDate = (iso) => day.format(new Date(iso));
/** @param {string} iso */
export const formatMoment = (iso) => moment.format(new Date(iso));
/** Calendar days of the analytics are UTC days. @param {string} date */
export const formatShortDay = (date) => shortDay.format(new Date(`${date.slice(0, 10)}T00:00:00Z`));
/** @param {string} date */
export const formatLongDay = (date) => longDay.format(new Date(`${date.slice(0, 10)}T00:00:00Z`));

/** @param {string} iso @param {number} [now] */
export function formatAgo(iso, now = Date.now()) {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const past = Math.abs(seconds);
  if (past < 45) return "just now";
  if (past < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (past < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (past < 30 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return formatDate(iso);
}

/** When something that lies ahead is due: in hours up to three days, so that two of nearly the same age say the same. @param {string} iso @param {number} [now] */
export function formatUntil(iso, now = Date.now()) {
  const minutes = Math.max(1, Math.round((new Date(iso).getTime() - now) / 60_000));
  if (minutes < 60) return relative.format(minutes, "minute");
  if (minutes <= 72 * 60) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(Math.round(minutes / 1440), "day");
}

/** A share as a whole percentage, or null when there is nothing to divide by. @param {number} part @param {number} whole */
export const share = (part, whole) => (whole > 0 ? Math.round((part / whole) * 100) : null);

/** @param {string} mediaType */
export function formatType(mediaType) {
  switch (mediaType) {
    case "text/markdown": return "Markdown";
    case "text/plain": return "Text";
    case "text/html": return "HTML";
    case "application/pdf": return "PDF";
    case "application/vnd.openxmlformats-officedocument.wordprocessingml.document": return "Word";
    default: return "File";
  }
}
