import { authCard } from "../parts/auth.js";
import { h, replace } from "../dom.js";
import { keptLetter, leavesMail, mailed } from "../parts/mailed.js";
import { field } from "../parts/field.js";
import { newPassword } from "../parts/new-password.js";
import { providerButtons } from "../parts/providers.js";
import { asProblem, explain } from "../problem.js";
import { navigate, safePath } from "../router.js";
import { signUp } from "../session.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, query, title }) {
  title("Create account");
  const next = query.get("next");
  const workspace = field({ label: "Workspace name", hint: "Usually your company or team.", name: "organization", autocomplete: "organization", maxlength: 80, required: true });
  const email = field({ label: "Email", type: "email", name: "email", autocomplete: "username", required: true, inputmode: "email" });
  const chosen = newPassword(() => [email.input.value, workspace.input.value]);
  const password = chosen.field;
  const search = next ? `?next=${encodeURIComponent(next)}` : "";
  const card = h("div");
  outlet.append(card);
  replace(card, authCard({
    title: "Create account",
    lead: "Turn your documentation into answers your customers can trust.",
    fields: [workspace, email, password],
    extra: [chosen.meter],
    submit: "Create account",
    valid() {
      const named = workspace.input.value.trim() !== "";
      const mail = /^\S+@\S+\.\S+$/.test(email.input.value.trim());
      const long = chosen.valid();
      if (!named) workspace.error("Give your workspace a name.");
      if (!mail) email.error("Enter a complete email address, such as name@example.com.");
      return named && mail && long;
    },
    async run() {
      const begun = await signUp(email.input.value.trim(), password.input.value, workspace.input.value.trim());
      if (begun) return navigate(safePath(next), { replace: true });
      title("Check your mail");
      const address = email.input.value.trim();
      replace(card, await leavesMail()
        ? mailed("Check your mail", `We sent a mail to ${address}. Follow its link to create your account. It works for 24 hours.`)
        : keptLetter(address));
      card.querySelector("h1")?.focus();
    },
    refused(error) {
      const fields = { email_taken: email, invalid_email: email, weak_password: password, invalid_name: workspace };
      const code = asProblem(error).code;
      if (!(code in fields)) return false;
      const wrong = fields[/** @type {keyof typeof fields} */ (code)];
      wrong.error(explain(error));
      wrong.input.focus();
      return true;
    },
    other: h("span", null, "Already have an account? ", h("a", { href: `/sign-in${search}` }, "Sign in")),
  }));
  card.querySelector(".auth-card")?.append(providerButtons({ next }));
}
