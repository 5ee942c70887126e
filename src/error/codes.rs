//! Stable names of what is wrong with what was sent, and of what there is no room for.

use actix_web::http::StatusCode;
use actors::{Invalid, Limit, billing::Meter};

pub(super) fn invalid(code: Invalid) -> &'static str {
    match code {
        Invalid::Name => "invalid_name",
        Invalid::Email => "invalid_email",
        Invalid::WeakPassword => "weak_password",
        Invalid::Code => "wrong_code",
        Invalid::GraceDays => "invalid_grace_days",
        Invalid::PasswordLength => "invalid_password_length",
        Invalid::Origin => "invalid_origin",
        Invalid::Color => "invalid_color",
        Invalid::Position => "invalid_position",
        Invalid::TextTooLong => "text_too_long",
        Invalid::TextEmpty => "text_empty",
        Invalid::TooManySuggestions => "too_many_suggestions",
        Invalid::TooManyOrigins => "too_many_origins",
        Invalid::SourceUrl => "invalid_source_url",
        Invalid::QuestionEmpty => "question_empty",
        Invalid::QuestionTooLong => "question_too_long",
        Invalid::Cursor => "invalid_cursor",
        Invalid::UnknownProject => "unknown_project",
        Invalid::UnknownQuestion => "unknown_question",
        Invalid::SlackChannel => "invalid_slack_channel",
        Invalid::WebhookUrl => "invalid_webhook_url",
        Invalid::WebhookEvent => "invalid_webhook_event",
        Invalid::Provider => "unknown_provider",
        Invalid::Header => "invalid_header",
        Invalid::Secret => "invalid_secret",
        Invalid::Plan => "unknown_plan",
        Invalid::SourceKind => "unknown_source_kind",
        Invalid::SourceConfig => "invalid_source_config",
        Invalid::SourceAccess => "invalid_source_access",
        Invalid::SourceInterval => "invalid_interval",
        Invalid::Search => "invalid_search",
        Invalid::Days => "invalid_days",
        Invalid::CuratedLink => "invalid_curated_link",
        Invalid::CuratedText => "invalid_curated_text",
        Invalid::CuratedQuestions => "invalid_curated_questions",
        Invalid::Synonyms => "invalid_synonyms",
        Invalid::Chosen => "invalid_documents",
        Invalid::Day => "invalid_day",
        Invalid::ReviewDays => "invalid_review_days",
        Invalid::Collection => "unknown_collection",
        Invalid::Tag => "invalid_tag",
        Invalid::KeepDays => "invalid_keep_days",
        Invalid::Page => "invalid_page",
        Invalid::Language => "unknown_language",
        Invalid::Scheme => "invalid_scheme",
        Invalid::ReportState => "invalid_report_state",
    }
}

pub(super) fn plan_limit(meter: Meter) -> (&'static str, &'static str) {
    match meter {
        Meter::Projects => ("plan_projects", "projects"),
        Meter::Members => ("plan_members", "members and open invitations"),
        Meter::Documents => ("plan_documents", "documents"),
        Meter::Answers => ("plan_answers", "answers a month"),
    }
}

pub(super) fn limit(code: Limit) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match code {
        Limit::FileTooLarge => (S::PAYLOAD_TOO_LARGE, "file_too_large"),
        Limit::UnsupportedType => (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_type"),
        Limit::EmptyFile => (S::UNPROCESSABLE_ENTITY, "empty_file"),
        Limit::TooManyFiles => (S::UNPROCESSABLE_ENTITY, "too_many_files"),
        Limit::TooManyDocuments => (S::CONFLICT, "too_many_documents"),
        Limit::StorageFull => (S::CONFLICT, "storage_full"),
        Limit::TooManyProjects => (S::CONFLICT, "too_many_projects"),
        Limit::TooManyInvitations => (S::CONFLICT, "too_many_invitations"),
        Limit::TooManyWorkspaces => (S::CONFLICT, "too_many_workspaces"),
        Limit::TooManyPasskeys => (S::CONFLICT, "too_many_passkeys"),
        Limit::TooManyWebhooks => (S::CONFLICT, "too_many_webhooks"),
        Limit::TooManyEndpoints => (S::CONFLICT, "too_many_endpoints"),
        Limit::TooManySources => (S::CONFLICT, "too_many_sources"),
        Limit::TooManyNotes => (S::CONFLICT, "too_many_notes"),
        Limit::TooManyTodos => (S::CONFLICT, "too_many_todos"),
        Limit::TooManyCurated => (S::CONFLICT, "too_many_curated_answers"),
        Limit::TooManyCollections => (S::CONFLICT, "too_many_collections"),
        Limit::TooManyTags => (S::CONFLICT, "too_many_tags"),
        Limit::TooManyMessages => (S::CONFLICT, "too_many_messages"),
    }
}
