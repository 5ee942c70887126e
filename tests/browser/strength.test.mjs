/** The meter beside a new password, and what the server says to the same. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { strength } from "../../static/dashboard/strength.js";
import { SERVER } from "./support.mjs";

const WORKSPACE = "Halvern Instruments";

/** Made of what is tried first. */
const GUESSED = [
  "pernoex pernoex pernoex", "summer2024summer2024", "iloveyouforever123", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "qwertyuiop1234",
  "password123456", "P@ssw0rd123456", "iloveyou123456", "1234567890123", "halvern instruments", "HalvernInstruments1", "pernoexpernoex",
  "pernoex password", "tequieromucho", "MyChemicalRomance", "correcthorsebatterystaple", "q1w2e3r4t5y6", "zaq12wsxcde3", "1qaz2wsx3edc4rfv",
  "qazwsxedcrfv", "letmeinletmein", "welcome12345", "january20242024", "Tr0ub4dour&3", "dragondragon1", "football2023!", "asdfghjkl;12",
  "abcdefghijklm", "liverpoolfc1892", "superman1234", "princess2010", "987654321098", "1a2b3c4d5e6f", "!QAZ2wsx#EDC", "unbelievable1",
];
const GOOD = ["qmzk vents orbit", "three unrelated vents", "velvet canyon trombone", "damp lantern under gravel", "copper violin meadow tractor", "xK9#mQ2vL!pRw"];

/** Whether somebody could sign up with it. @param {string} password */
async function serverTakes(password) {
  const name = `ada.lovelace.${randomBytes(5).toString("hex")}`;
  const answer = await fetch(`${SERVER}/api/v1/account`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: SERVER },
    body: JSON.stringify({ email: `${name}@halvern.example`, password, workspace: WORKSPACE }),
  });
  if (answer.ok) return true;
  assert.equal(answer.status, 422, `${password}: ${await answer.clone().text()}`);
  assert.equal((await answer.json()).code, "weak_password", password);
  return false;
}

const score = (/** @type {string} */ password) => strength(password, ["ada.lovelace@halvern.example", WORKSPACE]).score;

test("the meter calls nothing good that the server refuses", async () => {
  let refused = 0;
  for (const password of GUESSED) {
    if (await serverTakes(password)) continue;
    refused += 1;
    assert.ok(score(password) < 3, `${password} is refused, and the meter says ${score(password)} of 4`);
  }
  assert.ok(refused >= 30, `${refused} are refused`);
});

test("a few unrelated words are good to both", async () => {
  for (const password of GOOD) {
    assert.ok(await serverTakes(password), password);
    assert.ok(score(password) >= 3, `${password}: ${score(password)} of 4`);
  }
});

test("what is the same again, in a row, a year, or about oneself adds next to nothing", () => {
  for (const [password, longer] of [["velvet canyon", "velvet canyon velvet canyon"], ["trombone gravel", "trombone gravel 2024 123"], ["meadow tractor", "meadow tractor halvern pernoex"]]) {
    assert.ok(score(longer ?? "") < 3, longer);
    assert.ok(score(password ?? "") < 3, password);
  }
});
