import { anonymous, post } from "../api.js";
import { h, replace } from "../dom.js";
import { authCard } from "../parts/auth.js";
import { nameWorkspace } from "../parts/name-workspace.js";
import { keepLink, leaveFor, takeErrand, takeLink } from "../parts/providers.js";
import { secondStep } from "../parts/second-step.js";
import { skeleton } from "../parts/skeleton.js";
import { toast } from "../parts/toast.js";
import { asProblem, explain, Problem } from "../problem.js";
import { amend, navigate, safePath } from "../router.js";
import { setSession } from "../session.js";

/** @typedef {import("../types.js").Session} Session */
/** @typedef {import("../types.js").Challenge} Challenge */
/** @typedef {{ needs: "workspace" | "link", provider: import("../types.js").Provider, email: string }} Unfinished */

/** Where a sign-in elsewhere comes back to. What the server says stands behind the #. @param {import("../view.js").View & { session: Session | null }} view */
export default function page({ outlet, session, title }) {
  title("Sign in");
  const told = new URLSearchParams(location.hash.slice(1));
  // A ticket is not left lying in the history.
  amend(location.pathname);
  const card = h("div");
  outlet.append(card);
  replace(card, skeleton("form"));
  const errand = takeErrand();
  const show = (/** @type {Node} */ next) => {
    replace(card, next);
    (card.querySelector("input") ?? card.querySelector("h1") ?? card).focus?.();
  };
  const fail = (/** @type {unknown} */ error) => show(failed(error, session));
  const enter = () => navigate(safePath(errand.next ?? null), { replace: true });

  const link = async (/** @type {string} */ ticket) => {
    try {
      await post("/account/identities", { ticket });
      toast("Linked. You can sign in with it from now on.");
      navigate("/account", { replace: true });
    } catch (error) {
      fail(error);
    }
  };

  const finish = async (/** @type {string} */ ticket, /** @type {string | undefined} */ workspace) => {
    const wish = { ...(errand.invitation && { invitation: errand.invitation }), ...(workspace && { workspace }) };
    const answer = /** @type {Session | Unfinished | { second_factor: Challenge }} */ (await anonymous("POST", "/session/provider", { ticket, ...wish }));
    if ("csrf_token" in answer) {
      setSession(answer);
      enter();
    } else if (!("needs" in answer)) {
      show(secondStep({ challenge: answer.second_factor, opening: wish, title, done: enter, again: () => navigate("/sign-in", { replace: true }) }));
    } else if (answer.needs === "workspace") {
      show(named(answer, title, (name) => finish(ticket, name)));
    } else if (session?.user.email === answer.email) {
      await link(ticket);
    } else {
      show(existing(answer, title, () => {
        keepLink(ticket);
        navigate("/sign-in?next=%2Fsign-in%2Ffinish", { replace: true });
      }));
    }
  };

  const [problem, linked, ticket] = [told.get("problem"), told.get("link"), told.get("ticket")];
  if (problem) fail(new Problem(400, { code: problem }, null));
  else if (linked) void link(linked);
  else if (ticket) {
    void finish(ticket, errand.workspace).catch((error) => {
      const { code } = asProblem(error);
      // They proved themselves there too long ago for this workspace: once more, and this time they are asked.
      if (code === "sign_in_too_old" && errand.provider && !errand.fresh) return leaveFor(errand.provider, { ...errand, fresh: true }).catch(fail);
      if (code !== "no_workspace") return fail(error);
      // The ticket is used up: they name the workspace, and come by once more.
      show(named(null, title, (name) => leaveFor(errand.provider ?? "", { ...errand, workspace: name })));
    });
  } else {
    const waiting = session && takeLink();
    if (waiting) void link(waiting);
    else navigate("/sign-in", { replace: true });
  }
}

/** @param {unknown} error @param {Session | null} session */
const failed = (error, session) => authCard({
  title: "The sign-in did not work",
  lead: explain(error),
  fields: [],
  submit: session ? "Back to your account" : "Back to sign in",
  valid: () => true,
  run: async () => navigate(session ? "/account" : "/sign-in", { replace: true }),
  other: h("span", null, "Nothing was changed."),
});

/** @param {Unfinished | null} person @param {(title: string) => void} title @param {(name: string) => Promise<void>} create */
const named = (person, title, create) => nameWorkspace({
  title,
  ...(person && { words: { title: "One thing is missing", lead: `${person.provider.title} confirmed ${person.email}. Name your workspace, and your account is ready.` } }),
  create,
  other: h("span", null, "Have an account with another address? ", h("a", { href: "/sign-in" }, "Sign in")),
});

/** @param {Unfinished} person @param {(title: string) => void} title @param {() => void} goOn */
function existing({ provider, email }, title, goOn) {
  title("Link your account");
  return authCard({
    title: "You have an account already",
    lead: `${email} has an account here. Sign in to it as you used to, and ${provider.title} is linked to it. After that either way works.`,
    fields: [],
    submit: "Sign in and link",
    valid: () => true,
    run: async () => goOn(),
    other: h("a", { href: "/sign-in" }, "Not now"),
  });
}
