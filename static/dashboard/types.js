/**
 * The shapes the server speaks, as the HTTP contract names them. Types only: nothing here runs.
 *
 * @typedef {"owner" | "admin" | "member"} Role
 * @typedef {{ user: { id: string, email: string, verified: boolean }, workspace: { id: string, name: string, ends_at: string | null }, role: Role, workspaces: { id: string, name: string, role: Role }[], operator: boolean, second_factor: { enabled: boolean, required_from: string | null }, csrf_token: string }} Session
 *
 * @typedef {{ name: string, title: string }} Provider where one can have an account to sign in with
 * @typedef {{ id: string, workspace: string, current: boolean, user_agent: string, address: string, created_at: string, seen_at: string, ends_at: string }} OwnSession
 *
 * @typedef {{ id: string, email: string, role: Role, joined_at: string, second_factor: boolean, projects: string[] | null }} Member projects: null when they see every one
 * @typedef {{ id: string, email: string, role: Role, projects: string[], invited_by: string | null, created_at: string, expires_at: string, state: "pending" | "expired" }} Invitation
 * @typedef {{ invitation: Invitation, link: string }} InvitationLink
 * @typedef {{ workspace: string, email: string, role: Role, projects: string[], invited_by: string | null, expires_at: string, has_account: boolean, password_length: number }} InvitationPreview projects: names
 * @typedef {{ seq: number, at: string, actor: string | null, email: string, address: string, act: string, target: { kind: string, id: string, name: string }, outcome: "done" | "refused", details: unknown, hash: string }} AuditEntry
 * @typedef {{ entries: AuditEntry[], next: number | null }} AuditPage
 * @typedef {{ id: string, what: string, includes: string[], roles: Role[] }} Permission
 *
 * @typedef {"totp" | "passkey" | "backup_code"} FactorMethod
 * @typedef {{ ticket: string, methods: FactorMethod[], expires_in: number, passkey?: Record<string, any> }} Challenge
 * @typedef {{ id: string, name: string, created_at: string, used_at: string | null }} Passkey
 * @typedef {{ totp: boolean, backup_codes_left: number, passkeys: Passkey[], passkeys_available: boolean }} SecondFactorStatus
 * @typedef {{ secret: string, otpauth_uri: string, qr_svg: string }} TotpEnrolment
 *
 * @typedef {object} Project
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {number} documents
 * @property {number} documents_ready
 * @property {number} documents_failed
 * @property {number} questions_7d
 *
 * @typedef {"queued" | "reading" | "embedding" | "ready" | "failed"} DocumentStatus
 *
 * @typedef {object} Doc
 * @property {string} id
 * @property {string} name
 * @property {string} media_type
 * @property {number} size
 * @property {DocumentStatus} status
 * @property {{ done: number, total: number }} progress
 * @property {{ code: string, detail: string } | null} failure
 * @property {number | null} pages
 * @property {number} chunks
 * @property {string | null} source_url
 * @property {number} revision
 * @property {string} created_at
 * @property {string} updated_at
 *
 * @typedef {{ id: string, heading: string[], text: string }} Section
 * @typedef {Doc & { sections: Section[] }} DocWithSections
 * @typedef {{ file_bytes: number, documents: number, pages: number, total_bytes: number }} Limits
 * @typedef {{ documents: Doc[], limits: Limits, used_bytes: number }} DocList
 * @typedef {{ documents: Doc[], rejected: { name: string, code: string, detail: string }[] }} UploadResult
 *
 * @typedef {object} Citation
 * @property {number} n
 * @property {string | null} document
 * @property {string} title
 * @property {string[]} section
 * @property {string} excerpt
 * @property {string | null} link
 * @property {string} [section_id]
 *
 * @typedef {"answered" | "unanswered"} Outcome
 *
 * @typedef {object} Answer
 * @property {string} conversation
 * @property {string} message
 * @property {Outcome} outcome
 * @property {string} text
 * @property {Citation[]} citations
 * @property {Citation[]} closest
 * @property {"extract" | "model"} written_by
 *
 * @typedef {{ type: "started", data: { conversation: string, question: string } }
 *   | { type: "delta", data: { text: string } }
 *   | { type: "restart", data: {} }
 *   | { type: "done", data: Answer }
 *   | { type: "problem", data: Record<string, unknown> }} AnswerEvent
 *
 * @typedef {object} Turn
 * @property {string} id
 * @property {"visitor" | "assistant"} role
 * @property {string} text
 * @property {string} created_at
 * @property {Outcome} [outcome]
 * @property {Citation[]} [citations]
 * @property {Citation[]} [closest]
 * @property {"extract" | "model"} [written_by]
 * @property {boolean | null} [helpful]
 *
 * @typedef {object} ConversationSummary
 * @property {string} id
 * @property {"widget" | "dashboard"} channel
 * @property {string} started_at
 * @property {string} last_at
 * @property {string} title
 * @property {number} questions
 * @property {number} unanswered
 * @property {number} helpful
 * @property {number} unhelpful
 * @property {string | null} origin
 *
 * @typedef {ConversationSummary & { turns: Turn[] }} Conversation
 * @typedef {{ conversations: ConversationSummary[], next: string | null }} ConversationPage
 *
 * @typedef {{ date: string, questions: number, answered: number, unanswered: number, helpful: number, unhelpful: number, visitors: number }} Day
 * @typedef {{ questions: number, answered: number, unanswered: number, helpful: number, unhelpful: number, visitors: number, conversations: number }} Totals
 *
 * @typedef {object} Analytics
 * @property {string} from
 * @property {string} to
 * @property {Day[]} days
 * @property {Totals} totals
 * @property {Totals} previous
 * @property {{ question: string, conversation: string, asked_at: string }[]} unanswered
 * @property {{ document: string, name: string, citations: number }[]} sources
 *
 * @typedef {object} Appearance
 * @property {string} title
 * @property {string} greeting
 * @property {string} color
 * @property {"left" | "right"} position
 * @property {string[]} suggestions
 *
 * @typedef {Appearance & { public_key: string, key_created_at: string, allowed_origins: string[], snippet: string }} WidgetSetup
 *
 * @typedef {"quarantined" | "backing_off" | "starting" | "running" | "idle"} ActorState
 *
 * @typedef {object} ActorView
 * @property {string} id tenant.kind, or tenant.kind.project
 * @property {string} kind
 * @property {string | null} project
 * @property {ActorState} state
 * @property {number} depth
 * @property {number} peak
 * @property {number} capacity
 * @property {number} handled
 * @property {number} refused
 * @property {number} failures
 * @property {number} restarts
 * @property {string | null} last_failure
 * @property {string | null} last_failure_at
 * @property {number | null} p50_us
 * @property {number | null} p99_us
 * @property {string} started_at
 * @property {number} idle_s
 * @property {number} arbiter
 * @property {number | null} retry_after_s
 * @property {number} memory_bytes
 *
 * @typedef {{ tenant: string, state: ActorState, handled: number, failures: number, memory_bytes: number, actors: ActorView[] }} TenantActors
 * @typedef {{ actors: number, tenants: number, by_state: Partial<Record<ActorState, number>>, by_kind: Record<string, number>, depth: number, handled: number, failures: number, restarts: number, memory_bytes: number }} ActorTotals
 * @typedef {{ at: string, seconds: number, handled: number, failures: number, restarts: number, p99_us: number | null }} ActorSample
 * @typedef {{ working: number, waiting: number }} Load
 * @typedef {{ started_at: string, memory_bytes: number | null, questions: Load, batches: Load, sign_ins: Load, jobs_waiting: number, jobs_running: number, jobs_parked: number }} ServerState
 * @typedef {{ server: ServerState, totals: ActorTotals, tenants: TenantActors[], matching: number, page: number, pages: number, history: ActorSample[] }} ActorsPage
 * @typedef {{ id: string, at: string, email: string, act: string, subject: string, address: string, outcome: string }} OperatorAct
 * @typedef {{ type: "totals", data: { totals: ActorTotals, latest: ActorSample | null } }
 *   | { type: "changed", data: { actors: ActorView[] } }
 *   | { type: "gone", data: { actors: string[] } }} ActorEvent
 */
export {};
