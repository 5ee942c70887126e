/** What went wrong, as the server says it. */
export interface Problem {
  /** HTTP status; absent when the server could not be reached. */
  status?: number;
  /** Stable, such as `user_token_invalid` or `origin_not_allowed`. */
  code?: string;
  detail?: string;
}

export interface Answer {
  /** Paragraphs, `- ` or `1. ` items, code in backticks, sources as `[1]`. */
  text: string;
  outcome: "answered" | "unanswered";
}

/** What happens, and what listeners are told of it. */
export interface WidgetEvents {
  /** The widget is on the page. */
  ready: Record<string, never>;
  open: Record<string, never>;
  close: Record<string, never>;
  question: { text: string };
  answer: Answer & { question: string };
  /** The visitor asked for a person. */
  handoff: { email: string; message: string };
  error: { problem: Problem };
}

export interface Widget {
  /** Each call waits until the widget is on the page, and does nothing if it does not come to it. */
  open(): Promise<void>;
  close(): Promise<void>;
  toggle(): Promise<void>;
  /** Opens the panel and asks. `null` when there was no answer. */
  ask(text: string): Promise<Answer | null>;
  /**
   * Says who the visitor is: a JSON Web Token that your server signed (HS256) with the project's identity secret. `null` when they signed out.
   * Rejects with a {@link Problem} when the token is not accepted; the visitor can then ask nothing until another one is.
   */
  identify(userToken: string | null): Promise<void>;
  /** Returns what ends it. */
  on<Name extends keyof WidgetEvents>(event: Name, listener: (detail: WidgetEvents[Name]) => void): () => void;
  /** Takes the widget off the page. */
  destroy(): void;
  /** The project's public key. */
  readonly key: string;
}

export interface WidgetOptions {
  /** Scheme, host and port of your Pernoex server, such as `https://support.example.com`. */
  server: string;
  /** The project's public key, `pk_…`. */
  key: string;
  /** Who the visitor is, if that is known when the page loads: see {@link Widget.identify}. */
  userToken?: string | undefined;
  /** Such as `pt`. Otherwise that of the page, then that of the browser. A language chosen in the dashboard comes before all. */
  language?: string | undefined;
}

/** Puts the widget on the page, once the server has said that this page may show it. Only in a browser. */
export function createWidget(options: WidgetOptions): Widget;
