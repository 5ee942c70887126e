/** How what lies ahead is put in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUntil } from "../../static/dashboard/format.js";

test("up to three days ahead are said in hours, so that seconds more or less say the same", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  const after = (/** @type {number} */ minutes) => formatUntil(new Date(now + minutes * 60_000).toISOString(), now);
  assert.equal(after(48 * 60 - 0.2), "in 48 hours");
  assert.equal(after(48 * 60 + 0.2), "in 48 hours");
  assert.equal(after(72 * 60), "in 72 hours");
  assert.equal(after(96 * 60), "in 4 days");
  assert.equal(after(30), "in 30 minutes");
});
