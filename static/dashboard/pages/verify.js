import { post } from "../api.js";
import { h, replace } from "../dom.js";
import { authCard } from "../parts/auth.js";
import { deadLink, takeToken } from "../parts/mailed.js";
import { asProblem } from "../problem.js";
import { forgetSession } from "../session.js";

const KEPT = "pernoex-verify";

/** A click, and not the visit alone: programs that look into mail follow links too. @param {import("../view.js").View & { session: import("../types.js").Session | null }} view */
export default function page({ outlet, session, signal, title }) {
  title("Confirm your address");
  // Kept for this tab alone while its owner signs in.
  const token = takeToken(signal) || sessionStorage.getItem(KEPT) || "";
  sessionStorage.removeItem(KEPT);
  const slot = h("div");
  outlet.append(slot);
  const dead = () => replace(slot, deadLink(session ? "Go to your account" : "Sign in to get a new one", session ? "/account" : "/sign-in"));
  if (token === "") return dead();
  if (!session) {
    sessionStorage.setItem(KEPT, token);
    return replace(slot, h("div", { class: "message-page" },
      h("h1", null, "Sign in to confirm your address"),
      h("p", { class: "lead" }, "The link is for whoever made the account. If that was not you, do not follow it: ask for a new password instead, and the account is yours alone."),
      h("p", null, h("a", { class: "button primary", href: "/sign-in?next=/verify" }, "Sign in"), " ", h("a", { class: "button", href: "/forgot-password" }, "I did not make this account"))));
  }
  replace(slot, authCard({
    title: "Confirm your address",
    lead: "One click, and we know that mail reaches you.",
    fields: [],
    submit: "Confirm address",
    valid: () => true,
    async run() {
      await post("/account/verified", { token });
      forgetSession();
      title("Address confirmed");
      replace(slot, h("div", { class: "message-page" },
        h("h1", { tabindex: "-1" }, "Your address is confirmed"),
        h("p", { class: "lead" }, "Thank you. If you ever forget your password, a mail will bring you back."),
        h("p", null, h("a", { class: "button primary", href: "/projects" }, "Go to projects"))));
      slot.querySelector("h1")?.focus();
    },
    refused(error) {
      if (asProblem(error).code !== "link_invalid") return false;
      dead();
      return true;
    },
    other: h("a", { href: "/projects" }, "Not now"),
  }));
}
