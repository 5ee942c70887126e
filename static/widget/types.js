/**
 * The shapes that the widget's parts hand to each other. Types only: nothing here runs, and nothing here is served.
 *
 * @typedef {{ title: string, greeting: string, color: string, position: "right" | "left", suggestions: string[] }} Settings
 * @typedef {{ n: number, title: string, section: string[], excerpt: string, link: string | null }} Citation
 * @typedef {{ message: string, outcome: "answered" | "unanswered", text: string, citations: Citation[], closest: Citation[], helpful?: boolean | null }} Answer
 * @typedef {{ id: string, role: "visitor" | "assistant", text: string, outcome?: Answer["outcome"], citations?: Citation[], closest?: Citation[], helpful?: boolean | null }} Turn
 * @typedef {{ status?: number, code?: string, detail?: string, message?: string, retry_after?: number, retryAfter?: number | null }} Trouble
 * @typedef {{ type: string, data: unknown }} AskEvent
 * @typedef {{
 *   ask(question: string, options: { signal: AbortSignal }): AsyncIterable<AskEvent>,
 *   feedback(message: string, helpful: boolean | null): Promise<void>,
 *   history(): Promise<{ turns: Turn[] }>,
 * }} Transport
 * @typedef {Settings & { token: string, conversation: string | null }} Visit
 */
export {};
