/**
 * The shapes that the widget's parts hand to each other. Types only: nothing here runs, and nothing here is served.
 *
 * @typedef {{ accent: string | null, background: string | null, text: string | null }} Colors
 * @typedef {object} Settings
 * @property {string} title
 * @property {string} greeting
 * @property {string} color
 * @property {"right" | "left" | "top-right" | "top-left"} position
 * @property {string[]} suggestions
 * @property {Colors} light
 * @property {Colors} dark
 * @property {"auto" | "light" | "dark"} scheme
 * @property {number} offset_x
 * @property {number} offset_y
 * @property {string} launcher
 * @property {string | null} logo names its contents
 * @property {boolean} hand_off
 * @property {{ name: string | null, email: string | null } | null} user
 *
 * @typedef {{ n: number, title: string, section: string[], excerpt: string, link: string | null }} Citation
 * @typedef {{ message: string, outcome: "answered" | "unanswered", text: string, citations: Citation[], closest: Citation[], helpful?: boolean | null, written_by?: string }} Answer
 * @typedef {{ id: string, role: "visitor" | "assistant" | "hand_off", text: string, outcome?: Answer["outcome"], citations?: Citation[], closest?: Citation[], helpful?: boolean | null, written_by?: string }} Turn
 * @typedef {{ status?: number, code?: string, detail?: string, message?: string, field?: string, retry_after?: number, retryAfter?: number | null }} Trouble
 * @typedef {{ type: string, data: unknown }} AskEvent
 * @typedef {{ email: string, message: string }} Handing
 * @typedef {{ open?: boolean, draft?: string, fresh?: boolean }} State
 * @typedef {{ read(): State, note(change: State): void }} Memory
 * @typedef {object} Transport
 * @property {(question: string, options: { signal: AbortSignal, fresh: boolean }) => AsyncIterable<AskEvent>} ask
 * @property {(message: string, helpful: boolean | null) => Promise<void>} feedback
 * @property {() => Promise<{ turns: Turn[] }>} history
 * @property {(handing: Handing & { fresh: boolean }) => Promise<void>} [handOff]
 * @property {() => Promise<Blob>} [logo]
 *
 * @typedef {Settings & { token: string, conversation: string | null, language: string, texts: Record<string, string> | null }} Visit
 */
export {};
