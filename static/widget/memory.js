/** What a browser keeps between pages. Storage may be blocked: then it lasts as long as the page. */

/**
 * @param {"localStorage" | "sessionStorage"} where for all of the site's pages, or for those of one tab
 * @param {string} name
 */
export function keep(where, name) {
  /** @type {string | null} */
  let spare = null;
  return {
    read() {
      try {
        return window[where].getItem(name);
      } catch {
        return spare;
      }
    },
    /** @param {string | null} value */
    write(value) {
      spare = value;
      try {
        if (value === null) window[where].removeItem(name);
        else window[where].setItem(name, value);
      } catch {
        // It stays in `spare`.
      }
    },
  };
}

/** Whether the panel is open, what is being written, and whether the next question begins a new conversation. @param {string} key @returns {import("./types.js").Memory} */
export function remember(key) {
  const kept = keep("sessionStorage", `pernoex.state.${key}`);
  const read = () => {
    try {
      return JSON.parse(kept.read() ?? "{}");
    } catch {
      return {}; // Somebody else wrote there.
    }
  };
  return { read, note: (change) => kept.write(JSON.stringify({ ...read(), ...change })) };
}
