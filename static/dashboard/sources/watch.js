/** Looks again and again while somebody is looking: often while something is being done, now and then otherwise. */

const SOON_MS = 2000;
const LATER_MS = 30_000;

/**
 * @template T
 * @param {object} how
 * @param {AbortSignal} how.signal
 * @param {() => Promise<T>} how.fetch
 * @param {(found: T) => void} how.take
 * @param {() => boolean} how.busy whether it is worth looking again soon
 * @param {(error: unknown) => boolean} [how.failed] true when there is nothing more to look at
 */
export function watch({ signal, fetch, take, busy, failed }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;
  let failures = 0;
  let over = false;

  function wait() {
    clearTimeout(timer);
    if (signal.aborted || over || document.hidden) return;
    timer = setTimeout(() => void again(), Math.min(LATER_MS, (busy() ? SOON_MS : LATER_MS) * 2 ** failures));
  }

  async function again() {
    clearTimeout(timer);
    asked += 1;
    const turn = asked;
    try {
      const found = await fetch();
      // What was asked for before the latest change is old: it must undo nothing.
      if (turn !== asked || signal.aborted || over) return;
      failures = 0;
      take(found);
    } catch (error) {
      if (turn !== asked || signal.aborted) return;
      failures = Math.min(failures + 1, 4);
      over = failed?.(error) ?? false;
    }
    wait();
  }

  signal.addEventListener("abort", () => clearTimeout(timer));
  document.addEventListener("visibilitychange", () => !document.hidden && !over && void again(), { signal });
  return { wait, again };
}
