/** A rough, honest estimate of a password, for advice only: the server decides. */

export const SHORTEST = 12;

/**
 * @param {string} password
 * @param {string[]} known words a guesser would try first, such as the email
 * @param {number} [shortest] what the workspace asks for
 * @returns {{ score: 0 | 1 | 2 | 3 | 4, advice: string }}
 */
export function strength(password, known, shortest = SHORTEST) {
  const missing = shortest - [...password].length;
  if (password === "") return { score: 0, advice: `At least ${shortest} characters. A few unrelated words work well.` };
  if (missing > 0) return { score: 1, advice: `${missing} more ${missing === 1 ? "character" : "characters"} needed.` };
  const lower = password.toLowerCase();
  const guessable = known.flatMap((word) => word.toLowerCase().split(/[@.\s]+/)).some((word) => word.length > 3 && lower.includes(word));
  const distinct = new Set(lower).size;
  const common = /password|qwerty|letmein|123456|abcdef|welcome/.test(lower);
  if (guessable) return { score: 1, advice: "Leave out your email and workspace name." };
  if (common || distinct < 6) return { score: 1, advice: "Easy to guess. Avoid common words and repetition." };
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(password)).length;
  const points = password.length + distinct / 2 + kinds * 2;
  if (points < 24) return { score: 2, advice: "Fair. A few more characters make it stronger." };
  if (points < 30) return { score: 3, advice: "Good." };
  return { score: 4, advice: "Strong." };
}
