/** What a workspace that was deleted shows until it ends. */
import { post } from "../api.js";
import { h, replace } from "../dom.js";
import { formatDate, formatMoment } from "../format.js";
import { refreshSession } from "../session.js";
import { problemNotice } from "./notice.js";
import { toast } from "./toast.js";

/** @param {HTMLElement} outlet @param {import("../types.js").Session} session @param {() => void} kept */
export function shut(outlet, session, kept) {
  const ends = session.workspace.ends_at ?? "";
  const trouble = h("div");
  const keep = h("button", { type: "button", class: "button primary", on: { click: () => void takeBack() } }, "Keep this workspace");
  const takeBack = async () => {
    keep.disabled = true;
    trouble.replaceChildren();
    try {
      await post("/workspace/keep", {});
      await refreshSession();
      toast(`${session.workspace.name} is open again`);
      kept();
    } catch (error) {
      keep.disabled = false;
      replace(trouble, problemNotice(error));
    }
  };
  replace(outlet,
    h("div", { class: "message-page" },
      h("h1", null, "This workspace was deleted"),
      h("p", { class: "lead" }, "It is shut: its widgets answer nobody, and nothing in it can be opened. On ", h("time", { datetime: ends, title: formatMoment(ends) }, formatDate(ends)), " its encryption keys are destroyed, and nobody can bring it back."),
      session.role === "owner"
        ? h("p", null, keep)
        : h("p", null, "If this is a mistake, ask an owner to take it back before then."),
      trouble));
}
