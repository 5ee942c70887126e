import { anonymous } from "../api.js";
import { h, replace } from "../dom.js";
import { formatMoment } from "../format.js";
import { authCard } from "../parts/auth.js";
import { field, passwordField } from "../parts/field.js";
import { load } from "../parts/load.js";
import { takeToken } from "../parts/mailed.js";
import { newPassword } from "../parts/new-password.js";
import { providerButtons } from "../parts/providers.js";
import { secondStep } from "../parts/second-step.js";
import { skeleton } from "../parts/skeleton.js";
import { toastProblem } from "../parts/toast.js";
import { asProblem, explain } from "../problem.js";
import { navigate } from "../router.js";
import { acceptInvitation, joinWorkspace, signIn, signOut } from "../session.js";
import { ROLE_PHRASES } from "../team/roles.js";

/** @typedef {import("../types.js").InvitationPreview} Preview */
/** @typedef {import("../types.js").Session} Session */

/** In this tab the invitation outlives a reload, and the way to the account page and back. */
const KEPT = "pernoex-invitation";

/** The token stands behind the #, is never part of a request's address, and does not stay in this one's. @param {import("../view.js").View & { session: Session | null }} view */
export default function page({ outlet, session, signal, title }) {
  title("Invitation");
  const token = takeToken(signal) || (sessionStorage.getItem(KEPT) ?? "");
  sessionStorage.setItem(KEPT, token);
  const slot = h("div");
  outlet.append(slot);
  void load(slot, {
    signal,
    skeleton: () => skeleton("form"),
    async fetch() {
      try {
        return /** @type {Preview} */ (await anonymous("POST", "/invitations/preview", { token }));
      } catch (error) {
        if (asProblem(error).code === "invitation_invalid") return null;
        throw error;
      }
    },
    render: (preview) => {
      if (!preview) {
        sessionStorage.removeItem(KEPT);
        return invalid();
      }
      title(`Join ${preview.workspace}`);
      if (session && session.user.email === preview.email) return joining(preview, token);
      if (session) return stranger(preview, session);
      return withProviders(preview.has_account ? returning(preview, token, title) : newcomer(preview, token), token);
    },
  });
}

/** @param {HTMLElement} card @param {string} invitation */
function withProviders(card, invitation) {
  card.querySelector(".auth-card")?.append(providerButtons({ invitation }));
  return card;
}

function invalid() {
  return h("div", { class: "message-page" },
    h("h1", null, "This invitation is not valid"),
    h("p", { class: "lead" }, "It has expired, was used already, or was withdrawn. Ask the person who invited you for a new link."),
    h("p", null, h("a", { class: "button primary", href: "/projects" }, "Go to projects")));
}

/** @param {Preview} preview */
const what = (preview) =>
  `${preview.invited_by ?? "An owner"} invited ${preview.email} to ${preview.workspace} as ${ROLE_PHRASES[preview.role]}.`;

/** @param {Preview} preview */
const details = (preview) =>
  h("p", { class: "hint" },
    preview.role !== "member" ? "You will see every project." : preview.projects.length > 0 ? `You will see: ${preview.projects.join(", ")}.` : "You will see a project as soon as one is assigned to you.",
    ` The invitation ends ${formatMoment(preview.expires_at)}.`);

const enter = () => {
  sessionStorage.removeItem(KEPT);
  navigate("/projects", { replace: true });
};

/** The password is too short to be all that they sign in with there. @param {Preview} preview @param {boolean} signedIn */
const tooShort = (preview, signedIn) => authCard({
  title: "One thing before you join",
  lead: `${preview.workspace} asks for a password of at least ${preview.password_length} characters, or for a second factor. Your account has neither yet.`,
  fields: [],
  extra: [h("p", null, "Choose a longer password, or set up an authenticator app or a passkey. Then open the invitation again: it stays valid.")],
  submit: signedIn ? "Go to your account" : "Sign in to your account",
  valid: () => true,
  run: async () => navigate(signedIn ? "/account" : "/sign-in?next=%2Faccount"),
  other: h("span", null, "Or ", h("a", { href: "/forgot-password" }, "have a link to a new password mailed"), "."),
});

/** @param {Preview} preview @param {string} token */
function joining(preview, token) {
  const card = h("div");
  replace(card, authCard({
    title: `Join ${preview.workspace}`,
    lead: what(preview),
    fields: [],
    extra: [details(preview)],
    submit: "Join workspace",
    valid: () => true,
    async run() {
      await joinWorkspace(token);
      enter();
    },
    refused: (error) => refuse(error, card, preview, true),
    other: h("span", null, "You are signed in as ", h("strong", { class: "person" }, preview.email), "."),
  }));
  return card;
}

/** @param {unknown} error @param {HTMLElement} card @param {Preview} preview @param {boolean} signedIn */
function refuse(error, card, preview, signedIn) {
  if (asProblem(error).code !== "longer_password_needed") return false;
  replace(card, tooShort(preview, signedIn));
  card.querySelector("button")?.focus();
  return true;
}

/** @param {Preview} preview @param {Session} session */
const stranger = (preview, session) => authCard({
  title: "This invitation is for someone else",
  lead: what(preview),
  fields: [],
  extra: [h("p", null, "You are signed in as ", h("strong", { class: "person" }, session.user.email), ". Sign out to accept it with the address that it is for.")],
  submit: "Sign out and go on",
  valid: () => true,
  async run() {
    try {
      await signOut();
      navigate(location.pathname, { replace: true });
    } catch (error) {
      toastProblem(error);
    }
  },
  other: h("a", { href: "/projects" }, "Stay signed in"),
});

/** The address is fixed: shown, and there for password managers. @param {string} value */
const fixedEmail = (value) => field({ label: "Email", type: "email", name: "email", autocomplete: "username", value, readonly: true });

/** @param {Preview} preview @param {string} token @param {(title: string) => void} title */
function returning(preview, token, title) {
  const card = h("div");
  const password = passwordField({ label: "Password", name: "password", autocomplete: "current-password", required: true });
  replace(card, authCard({
    title: `Join ${preview.workspace}`,
    lead: what(preview),
    fields: [fixedEmail(preview.email), password],
    extra: [details(preview)],
    submit: "Sign in and join",
    valid() {
      if (password.input.value === "") password.error("Enter your password.");
      return password.input.value !== "";
    },
    async run() {
      const challenge = await signIn(preview.email, password.input.value, { invitation: token });
      if (!challenge) return enter();
      const step = secondStep({
        challenge,
        opening: { invitation: token },
        title,
        done: enter,
        again: () => navigate(location.pathname, { replace: true }),
      });
      replace(card, step);
      (step.querySelector("input") ?? step.querySelector("button"))?.focus();
    },
    refused: (error) => refuse(error, card, preview, false),
    other: h("span", null, "You have an account with this address already."),
  }));
  return card;
}

/** @param {Preview} preview @param {string} token */
function newcomer(preview, token) {
  const chosen = newPassword(() => [preview.email, preview.workspace], { shortest: preview.password_length });
  return authCard({
    title: `Join ${preview.workspace}`,
    lead: what(preview),
    fields: [fixedEmail(preview.email), chosen.field],
    extra: [chosen.meter, details(preview)],
    submit: "Create account and join",
    valid: chosen.valid,
    async run() {
      await acceptInvitation(token, chosen.field.input.value);
      enter();
    },
    refused(error) {
      if (asProblem(error).code !== "weak_password") return false;
      chosen.field.error(explain(error));
      return true;
    },
    other: h("span", null, "Your account is made with this address. You can join other workspaces with it later."),
  });
}
