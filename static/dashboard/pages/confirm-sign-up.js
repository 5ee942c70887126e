import { h, replace } from "../dom.js";
import { authCard } from "../parts/auth.js";
import { passwordField } from "../parts/field.js";
import { deadLink, takeToken } from "../parts/mailed.js";
import { asProblem } from "../problem.js";
import { navigate } from "../router.js";
import { confirmSignUp } from "../session.js";

/** @param {import("../view.js").View} view */
export default function page({ outlet, signal, title }) {
  title("Finish signing up");
  const token = takeToken(signal);
  const slot = h("div");
  outlet.append(slot);
  const dead = () => replace(slot, deadLink("Sign up again", "/sign-up"));
  if (token === "") return dead();
  const password = passwordField({ label: "Password", name: "password", autocomplete: "current-password", hint: "The one that you chose a moment ago.", required: true });
  replace(slot, authCard({
    title: "Finish signing up",
    lead: "Enter your password once more, and your account is made.",
    fields: [password],
    submit: "Create account",
    valid() {
      if (password.input.value === "") password.error("Enter your password.");
      return password.input.value !== "";
    },
    async run() {
      await confirmSignUp(token, password.input.value);
      navigate("/projects", { replace: true });
    },
    refused(error) {
      const { code } = asProblem(error);
      if (code === "link_invalid") dead();
      else if (code === "wrong_credentials") {
        password.error("That is not the password that you chose when you signed up.");
        password.input.focus();
      } else return false;
      return true;
    },
    other: h("span", null, "You did not sign up? Close this page: nothing happens."),
  }));
}
