/**
 * The shapes the server speaks, as the HTTP contract names them. Types only: nothing here runs.
 *
 * @typedef {"owner" | "admin" | "member"} Role
 *
 * @typedef {"received" | "acknowledged" | "confirmed" | "timeline" | "resolved" | "declined" | "duplicate"} ReportState
 * @typedef {{ promise: "acknowledge" | "timeline", by: string }} ReportDue
 * @typedef {{ contact: string | null, key: string | null, policy: string | null, acknowledge_hours: number, timeline_business_days: number, file_mib: number, files: number, kinds: string[] }} ReportProgram
 * @typedef {{ reference: string, token: string, acknowledge_by: string }} ReportReceipt
 * @typedef {{ id: string, at: string, name: string, bytes: number }} ReportFile
 * @typedef {{ at: string, by: "reporter" | "operator", hidden: boolean, state: ReportState | null, text: string | null }} ReportLine
 * @typedef {{ reference: string, title: string, details: string, state: ReportState, received_at: string, due: ReportDue | null, fix_by: string | null, mailed: boolean, lines: ReportLine[], files: ReportFile[] }} FollowedReport
 * @typedef {{ id: string, reference: string, title: string, state: ReportState, via: "form" | "mail", received_at: string, acknowledged_at: string | null, confirmed_at: string | null, timeline_at: string | null, closed_at: string | null, fix_by: string | null, same_as: string | null, due: ReportDue | null, acknowledged_late: boolean, timeline_late: boolean }} ReportCard
 * @typedef {{ report: ReportCard, details: string, name: string | null, email: string | null, credit: string | null, lines: ReportLine[], files: ReportFile[], thanked: boolean, next: ReportState[] }} ReportSheet
 * @typedef {{ title: string, written_at: string | null, sections: { heading: string | null, text: string }[] }} PublicPage
 * @typedef {{ user: { id: string, email: string, verified: boolean, has_password: boolean }, workspace: { id: string, name: string, ends_at: string | null }, role: Role, workspaces: { id: string, name: string, role: Role }[], operator: boolean, second_factor: { enabled: boolean, required_from: string | null, required_by_server: boolean }, billing: boolean, csrf_token: string }} Session billing: whether plans are sold here
 *
 * @typedef {{ name: string, title: string }} Provider where one can have an account to sign in with
 * @typedef {{ id: string, workspace: string, current: boolean, user_agent: string, address: string, created_at: string, seen_at: string, ends_at: string }} OwnSession
 *
 * @typedef {{ id: string, email: string, role: Role, joined_at: string, second_factor: boolean, projects: string[] | null }} Member projects: null when they see every one
 * @typedef {{ id: string, email: string, role: Role, projects: string[], invited_by: string | null, created_at: string, expires_at: string, state: "pending" | "expired" }} Invitation
 * @typedef {{ invitation: Invitation, link: string | null, mail: MailWay }} InvitationLink link: null where it is for the invited alone
 * @typedef {"server" | "folder"} MailWay how letters leave: by a mail server, or as files in the server's data folder
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
 * @typedef {{ channel: string, name: string, project: string | null }} SlackChannel channel "*": all others, and direct messages
 * @typedef {{ id: string, team: string, name: string, state: "connected" | "uninstalled" | "revoked", installed_at: string, heard_at: string | null, channels: SlackChannel[] }} SlackTeam
 * @typedef {{ id: string, state: "waiting" | "done" | "ignored" | "failed", reason: string | null, received_at: string, can_retry: boolean }} SlackDelivery
 * @typedef {{ configured: boolean, manifest: string, teams: SlackTeam[], deliveries: SlackDelivery[] }} SlackSetup
 *
 * @typedef {"projects" | "members" | "documents" | "answers"} Meter
 * @typedef {{ plan: string, reduced: boolean, meters: { meter: Meter, used: number, limit: number | null, near: boolean }[] }} Usage limit null: none
 * @typedef {{ status: string, plan: string | null, plan_name: string | null, renews_at: string | null, trial_ends_at: string | null, ends_at: string | null, past_due_since: string | null, grace_until: string | null }} Subscription
 * @typedef {{ id: string, name: string, limits: { meter: Meter, limit: number | null }[], stops: { meter: Meter, used: number, limit: number }[] }} PlanOffer
 * @typedef {Usage & { subscription: Subscription | null, plans: PlanOffer[], portal: boolean, deliveries: { state: "waiting" | "done" | "ignored" | "failed", reason: string | null, received_at: string }[] }} Billing
 * @typedef {{ id: string, number: string | null, status: string, total: number, currency: string, created_at: string, page: string | null }} Invoice
 *
 * @typedef {"website" | "github" | "notion" | "confluence" | "slack"} SourceKind
 * @typedef {{ id: string, kind: SourceKind, name: string }} SourceRef
 * @typedef {{ code: string, detail: string }} SourceProblem
 *
 * @typedef {object} SourceSync
 * @property {"idle" | "listing" | "fetching" | "removing"} phase
 * @property {boolean} waiting a step is due and does not run yet, or the provider asked to wait
 * @property {number} done
 * @property {number} total
 * @property {number | null} eta_s
 * @property {string | null} started_at
 * @property {string | null} beat_at
 * @property {string | null} finished_at
 * @property {string | null} due_at
 * @property {string | null} wait_until the provider asked to wait until then
 * @property {SourceProblem | null} problem
 *
 * @typedef {{ start: string, mode: "crawl" | "sitemap", include: string[], exclude: string[], depth: number, pages: number }} WebsiteConfig
 * @typedef {{ repositories: { full_name: string, branch?: string | null }[], paths: string[], issues: boolean, discussions: boolean }} GitHubConfig
 * @typedef {{ pages: string[], names?: Record<string, string> }} NotionConfig pages: ids; none for everything that was shared; names: what they were called when they were chosen
 * @typedef {{ site?: string, spaces: string[] }} ConfluenceConfig spaces: keys
 * @typedef {{ channels: { id: string, name: string }[] }} SlackConfig
 *
 * @typedef {object} Source
 * @property {string} id
 * @property {SourceKind} kind
 * @property {string} name
 * @property {{ id: string, name: string, state: GrantState } | null} grant
 * @property {string | null} [team] Slack's own id of a connected team
 * @property {any} config one of the shapes above, as the kind says
 * @property {number} every_hours
 * @property {"active" | "leaving" | "reconnect"} state
 * @property {SourceSync} sync
 * @property {{ documents: number, skipped: number }} counts
 * @property {string} created_at
 *
 * @typedef {{ kind: SourceKind, configured: boolean }} SourceOffer
 * @typedef {{ sources: Source[], kinds: SourceOffer[], slack_teams: { id: string, name: string }[] }} SourceList
 * @typedef {{ id: string, started_at: string, finished_at: string, outcome: "done" | "failed", added: number, changed: number, removed: number, skipped: number, unchanged: number, problem: SourceProblem | null }} SourceRun
 * @typedef {{ id: string, title: string | null, url: string | null, code: string, detail: string }} SkippedItem
 * @typedef {{ source: Source, runs: SourceRun[], skipped: SkippedItem[], skipped_total: number }} SourcePage
 * @typedef {{ id: string, name: string, kind: string, url: string | null }} SourceChoice
 * @typedef {{ choices: SourceChoice[], next: string | null }} SourceChoices next: asks for more, of which there may be some though these are none
 *
 * @typedef {"active" | "broken" | "revoking" | "ended"} GrantState
 * @typedef {{ id: string, kind: SourceKind, name: string, manage_url: string | null, state: GrantState, sources: number, used_by: { project: string, source: string, name: string }[], connected_at: string }} Grant
 * @typedef {"keep" | "delete"} Fate of the documents of what is disconnected
 *
 * @typedef {object} Receipt
 * @property {string} id
 * @property {SourceKind} kind
 * @property {string} name
 * @property {"disconnected" | "told"} cause told: the provider said that the documents are there no longer
 * @property {string} asked_at
 * @property {string | null} done_at
 * @property {"none" | "pending" | "revoked" | "gone" | "unconfirmed"} grant what became of the access at the provider
 * @property {string | null} finish_at where a person ends it, when the provider has no other way
 * @property {Fate} documents
 * @property {number} documents_done
 * @property {number} documents_left
 * @property {string | null} last_error
 *
 * @typedef {{ providers: SourceOffer[], grants: Grant[], receipts: Receipt[], receipts_next: string | null, slack_teams: { id: string, name: string }[] }} Integrations receipts_next: asks for older ones
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
 * @property {SourceRef | null} [source] which source keeps it up to date; null for what was uploaded
 * @property {number} revision
 * @property {string} created_at
 * @property {string} updated_at
 * @property {{ id: string, name: string } | null} collection
 * @property {string[]} tags
 * @property {string} reviewed_at
 * @property {string | null} review_at when somebody said it is to be looked at again
 * @property {string | null} due_at when it is to be looked at again
 * @property {{ id: string, name: string, percent: number } | null} looks_like
 *
 * @typedef {{ id: string, name: string, review_days: number | null, documents: number }} Collection
 * @typedef {{ tags: { tag: string, documents: number }[], collections: Collection[], statuses: { status: string, documents: number }[], sources: { id: string, name: string, documents: number }[], stale: number, duplicates: number }} Facets
 * @typedef {{ id: string, action: string, total: number, done: number, skipped: number, created_at: string, finished_at: string | null }} Batch
 * @typedef {{ revision: number, media_type: string, size: number, since: string | null, replaced_at: string | null }} Revision
 * @typedef {{ added: number, removed: number, cut: boolean, hunks: { change: "same" | "added" | "removed", text: string }[][] }} Difference
 * @typedef {{ id: string, name: string, percent: number, same: boolean }} Likeness
 * @typedef {{ citations: number, citations_30d: number, last_cited_at: string | null, helpful: number, unhelpful: number, chunks: number, questions: { question: string, conversation: string, asked_at: string, helpful: boolean | null }[] }} DocStatistics
 *
 * @typedef {{ email: boolean, phone: boolean, card: boolean, iban: boolean, secret: boolean }} Masks
 * @typedef {{ mask: Masks, keep_days: number | null, deleting: number, last: { conversations: number, at: string } | null, next_at: string | null, would_delete: number | null }} Privacy
 * @typedef {{ id: string, conversations: string[], messages: number, channels: string[], first_at: string | null, last_at: string | null }} VisitorTrace
 *
 * @typedef {{ id: string, heading: string[], text: string }} Section
 * @typedef {Doc & { sections: Section[] }} DocWithSections
 * @typedef {{ file_bytes: number, documents: number, pages: number, total_bytes: number }} Limits
 * @typedef {{ documents: Doc[], next: string | null, matching: number, total: number, limits: Limits, used_bytes: number, kept_bytes: number }} DocList
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
 * @typedef {"extract" | "model" | "curated" | "limit"} Writer
 *
 * @typedef {{ title: string, url: string }} CuratedLink
 * @typedef {{ questions: string[], text: string, links: CuratedLink[] }} CuratedContent
 * @typedef {CuratedContent & { id: string, enabled: boolean, revision: number, used: number, used_at: string | null, created_at: string, updated_at: string }} Curated
 * @typedef {CuratedContent & { revision: number, author: string | null, restored_from: number | null, created_at: string }} CuratedRevision
 * @typedef {Curated & { revisions: CuratedRevision[] }} CuratedPage
 *
 * @typedef {{ answers: number, guessed: number, tokens_in: number, tokens_out: number, cost_micros: number }} ModelFigures
 * @typedef {{ model: string | null, currency: string | null, from: string, to: string, totals: ModelFigures, days: (ModelFigures & { date: string })[] }} ModelUse
 * @typedef {{ model: string, elsewhere: boolean, takes_over: { model: string, passages: number, done: number, waits: string | null } | null }} Embedding
 *
 * @typedef {object} Answer
 * @property {string} conversation
 * @property {string} message
 * @property {Outcome} outcome
 * @property {string} text
 * @property {Citation[]} citations
 * @property {Citation[]} closest
 * @property {Writer} written_by
 * @property {string | null} [curated] the team's own answer that this is
 *
 * @typedef {{ type: "started", data: { conversation: string, question: string } }
 *   | { type: "delta", data: { text: string } }
 *   | { type: "restart", data: {} }
 *   | { type: "done", data: Answer }
 *   | { type: "problem", data: Record<string, unknown> }} AnswerEvent
 *
 * @typedef {object} Turn
 * @property {string} id
 * @property {"visitor" | "assistant" | "caller" | "agent" | "hand_off"} role
 * @property {string} text
 * @property {string} created_at
 * @property {Outcome} [outcome]
 * @property {Citation[]} [citations]
 * @property {Citation[]} [closest]
 * @property {Writer} [written_by]
 * @property {string | null} [curated] the team's own answer that this is
 * @property {boolean | null} [helpful]
 *
 * @typedef {object} ConversationSummary
 * @property {string} id
 * @property {"widget" | "dashboard" | "slack" | "voice"} channel
 * @property {string} started_at
 * @property {string} last_at
 * @property {string} title
 * @property {number} questions
 * @property {number} unanswered
 * @property {number} helpful
 * @property {number} unhelpful
 * @property {string | null} origin
 * @property {string} changed_at
 * @property {string | null} page where the visitor asked
 * @property {string | null} visitor
 * @property {{ id: string, name: string | null, mail: string | null } | null} person who the visitor is, if a website said so
 * @property {"open" | "resolved"} state
 * @property {{ account: string, email: string | null } | null} assignee
 * @property {string | null} handed_over_at when the visitor last asked for a person
 * @property {{ message: string | null, text: string } | null} excerpt what a search found
 *
 * @typedef {{ id: string, text: string, email: string, own: boolean, created_at: string }} Note
 * @typedef {{ attention: number, todos: number }} InboxCounts
 * @typedef {{ type: "changed", data: { conversations: ConversationSummary[] } } | { type: "counts", data: InboxCounts }} InboxEvent
 * @typedef {{ id: string, text: string, question: { conversation: string, message: string, text: string | null } | null, email: string, created_at: string, done_at: string | null }} Todo
 * @typedef {{ todos: Todo[], next: string | null, undone: number }} TodoPage
 *
 * @typedef {{ provider: VoiceProvider, duration_s: number | null, ended: string | null, successful: boolean | null, summary: string | null, sentiment: string | null, details: { name: string, value: string }[] }} CallDetails
 * @typedef {ConversationSummary & { call: CallDetails | null, turns: Turn[], notes: Note[] }} Conversation
 * @typedef {{ conversations: ConversationSummary[], next: string | null, searched_to: string | null }} ConversationPage
 *
 * @typedef {{ questions: number, answered: number, unanswered: number, helpful: number, unhelpful: number }} Counts
 * @typedef {{ p50_ms: number | null, p95_ms: number | null }} Took
 * @typedef {Counts & Took & { date: string, visitors: number }} Day
 * @typedef {Counts & Took & { visitors: number, conversations: number }} Totals
 * @typedef {{ document: string, name: string, citations: number, last_cited: string | null, updated_at: string }} CitedSource
 *
 * @typedef {object} Analytics
 * @property {string} from
 * @property {string} to
 * @property {Day[]} days
 * @property {Totals} totals
 * @property {Totals} previous
 * @property {(Counts & Took & { channel: ConversationSummary["channel"] })[]} channels
 * @property {(Counts & { page: string })[]} pages
 * @property {CitedSource[]} sources
 * @property {{ first: CitedSource[], count: number }} unused
 * @property {{ first: CitedSource[], count: number }} stale
 * @property {number} stale_days
 *
 * @typedef {{ question: string, conversation: string, message: string, asked_at: string }} AskedQuestion
 * @typedef {{ question: string, count: number, trend: number[], latest: AskedQuestion[] }} Gap
 * @typedef {{ from: string, to: string, gaps: Gap[], questions: number, waiting: number, cut: boolean }} Gaps
 *
 * @typedef {object} Appearance
 * @property {string} title
 * @property {string} greeting
 * @property {string} color
 * @property {"right" | "left" | "top-right" | "top-left"} position
 * @property {string[]} suggestions
 * @property {WidgetColors} light
 * @property {WidgetColors} dark
 * @property {"auto" | "light" | "dark"} scheme
 * @property {number} offset_x
 * @property {number} offset_y
 * @property {string} launcher
 * @property {string} language
 *
 * @typedef {{ accent: string | null, background: string | null, text: string | null }} WidgetColors
 * @typedef {{ since: string, previous_until: string | null }} WidgetIdentity
 * @typedef {{ enabled: boolean, email: string | null }} HandOff
 * @typedef {Appearance & { public_key: string, key_created_at: string, allowed_origins: string[], snippet: string, logo: string | null, hand_off: HandOff, identity: WidgetIdentity | null }} WidgetSetup
 *
 * @typedef {object} Webhook
 * @property {string} id
 * @property {string} url
 * @property {string} description
 * @property {string[]} events
 * @property {{ reason: string, since: string } | null} paused
 * @property {string | null} failing_since
 * @property {string | null} previous_secret_until
 * @property {string} created_at
 *
 * @typedef {{ webhook: Webhook, secret: string }} WebhookSecret
 *
 * @typedef {object} Delivery
 * @property {string} id
 * @property {string} message_id
 * @property {string} event
 * @property {"waiting" | "delivered" | "failed"} state
 * @property {number} attempts
 * @property {string | null} reason
 * @property {number | null} status
 * @property {number | null} took_ms
 * @property {string} created_at
 * @property {string | null} tried_at
 * @property {string | null} next_at
 *
 * @typedef {{ deliveries: Delivery[], next: string | null }} DeliveryPage
 *
 * @typedef {"elevenlabs" | "retell" | "vapi" | "bland" | "standard"} VoiceProvider
 * @typedef {{ id: string, kind: "call" | "question", received_at: string, done_at: string | null, state: string, reason: string | null, can_retry: boolean }} VoiceDelivery
 *
 * @typedef {object} VoiceAgent
 * @property {string} id
 * @property {VoiceProvider} provider
 * @property {string} url
 * @property {string | null} question_url
 * @property {string | null} header
 * @property {boolean} has_secret
 * @property {boolean} makes_secret
 * @property {string | null} previous_until
 * @property {string} created_at
 * @property {VoiceDelivery[]} deliveries
 * @property {{ at: string, reason: string } | null} refused
 *
 * @typedef {VoiceAgent & { secret: string | null }} VoiceConnected
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
 * @typedef {{ every_hours: number | null, last_success_at: string | null, last_size_bytes: number | null, last_took_ms: number | null, failures: number, failure: string | null }} ServerBackups
 * @typedef {{ started_at: string, memory_bytes: number | null, questions: Load, batches: Load, sign_ins: Load, jobs_waiting: number, jobs_running: number, jobs_parked: number, backups: ServerBackups }} ServerState
 * @typedef {{ server: ServerState, totals: ActorTotals, tenants: TenantActors[], matching: number, page: number, pages: number, history: ActorSample[] }} ActorsPage
 * @typedef {{ id: string, at: string, email: string, act: string, subject: string, address: string, outcome: string }} OperatorAct
 * @typedef {{ type: "totals", data: { totals: ActorTotals, latest: ActorSample | null } }
 *   | { type: "changed", data: { actors: ActorView[] } }
 *   | { type: "page", data: ActorsPage }} ActorEvent
 */
export {};
