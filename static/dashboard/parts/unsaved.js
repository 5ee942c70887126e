/** Asks before changes that were not saved are left behind. */
import { guardLeaving } from "../router.js";
import { confirmDialog } from "./dialog.js";

/** @param {string} what such as "Your changes to the widget" @param {() => boolean} dirty @param {AbortSignal} signal aborted when the page is left */
export function guardUnsaved(what, dirty, signal) {
  guardLeaving({
    dirty,
    ask: () => confirmDialog({ title: "Leave without saving?", text: `${what} have not been saved.`, submit: "Leave", danger: true }),
  });
  addEventListener("beforeunload", (event) => {
    if (dirty()) event.preventDefault();
  }, { signal });
}
