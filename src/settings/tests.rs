//! What is refused, and that it is told without its value.

use super::*;

fn settings(pairs: &[(&str, &str)]) -> Result<Settings, String> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Source::load(None, pairs)
        .and_then(|source| Settings::from_source(&source))
        .map_err(|error| error.to_string())
}

#[test]
fn prices_are_of_a_million_tokens() {
    let priced = settings(&[
        ("OPENAI_BASE_URL", "https://api.example.com/v1"),
        ("OPENAI_MODEL", "small"),
        ("OPENAI_PRICE_INPUT", "0.15"),
        ("OPENAI_PRICE_OUTPUT", "12"),
    ]);
    let prices = priced.unwrap().language_model.unwrap().prices;
    assert_eq!(
        (prices.input, prices.output, prices.currency.as_str()),
        (Some(150_000), Some(12_000_000), "USD")
    );
}

#[test]
fn nothing_needs_to_be_set() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert!(matches!(settings.database, DatabaseSettings::Embedded));
}

#[test]
fn what_is_wrong_is_named_and_its_value_is_not_repeated() {
    for (pairs, names) in [
        (vec![("PERNOEX_LISTEN", "hunter2")], "PERNOEX_LISTEN"),
        (vec![("PERNOEX_LISTN", "hunter2")], "PERNOEX_LISTN"),
        (vec![("PERNOEX_BCRYPT_COST", "99")], "PERNOEX_BCRYPT_COST"),
        (vec![("PERNOEX_KEY_RETENTION_DAYS", "hunter2")], "PERNOEX_KEY_RETENTION_DAYS"),
        (vec![("PERNOEX_KEY_RETENTION_DAYS", "3651")], "PERNOEX_KEY_RETENTION_DAYS"),
        (vec![("DATABASE_URL", "mysql://hunter2")], "DATABASE_URL"),
        (vec![("DATABASE_URL", "postgres://host/db")], "DATABASE_URL"),
        (vec![("MIGRATION_DATABASE_URL", "postgres://a:hunter2@h/d")], "DATABASE_URL is not"),
        (vec![("REDIS_URL", "hunter2")], "REDIS_URL"),
        (vec![("PERNOEX_KMS_COMMAND", "[\"hunter2\"")], "PERNOEX_KMS_COMMAND"),
        (vec![("PERNOEX_KMS_COMMAND", "[]")], "PERNOEX_KMS_COMMAND"),
        (vec![("OPENAI_API_KEY", "hunter2")], "OPENAI_BASE_URL"),
        (vec![("OPENAI_BASE_URL", "https://api.example.com/v1")], "OPENAI_MODEL"),
        (
            vec![
                ("OPENAI_BASE_URL", "https://api.example.com/v1"),
                ("OPENAI_MODEL", "small"),
                ("OPENAI_PRICE_INPUT", "0,15"),
            ],
            "OPENAI_PRICE_INPUT",
        ),
        (
            vec![
                ("OPENAI_BASE_URL", "https://api.example.com/v1"),
                ("OPENAI_MODEL", "small"),
                ("OPENAI_CURRENCY", "dollars"),
            ],
            "OPENAI_CURRENCY",
        ),
        (vec![("EMBEDDING_API_KEY", "hunter2")], "EMBEDDING_BASE_URL"),
        (vec![("EMBEDDING_PREVIOUS_API_KEY", "hunter2")], "EMBEDDING_PREVIOUS_BASE_URL"),
        (vec![("EMBEDDING_BASE_URL", "https://api.example.com/v1")], "EMBEDDING_MODEL"),
        (
            vec![("EMBEDDING_BASE_URL", "https://api.example.com/v1"), ("EMBEDDING_MODEL", "small")],
            "EMBEDDING_DIMENSIONS",
        ),
        (
            vec![("PERNOEX_MAX_FILE_MIB", "20"), ("PERNOEX_MAX_PROJECT_MIB", "10")],
            "PERNOEX_MAX_PROJECT_MIB",
        ),
        (vec![("PERNOEX_PUBLIC_URL", "https://a.example.com/path")], "PERNOEX_PUBLIC_URL"),
        (vec![("PERNOEX_SMTP_URL", "hunter2")], "PERNOEX_SMTP_URL"),
        (
            vec![("PERNOEX_SMTP_URL", "smtps://a:hunter2@mail.example.com")],
            "PERNOEX_MAIL_FROM",
        ),
        (
            vec![
                ("PERNOEX_SMTP_URL", "smtps://a:hunter2@mail.example.com"),
                ("PERNOEX_MAIL_FROM", "a@example.com"),
            ],
            "PERNOEX_PUBLIC_URL",
        ),
        (vec![("PERNOEX_SMTP_CA", "hunter2")], "PERNOEX_SMTP_CA"),
        (vec![("PERNOEX_MAIL_FROM", "hunter2")], "PERNOEX_MAIL_FROM"),
        (vec![("PERNOEX_SIGN_UP", "hunter2")], "PERNOEX_SIGN_UP"),
        (vec![("PERNOEX_SECOND_FACTOR", "hunter2")], "PERNOEX_SECOND_FACTOR"),
        (vec![("PERNOEX_CODE_SECONDS", "hunter2")], "PERNOEX_CODE_SECONDS"),
        (vec![("SLACK_CLIENT_SECRET", "hunter2")], "SLACK_CLIENT_ID"),
        (vec![("SLACK_SIGNING_SECRET_PREVIOUS", "hunter2")], "SLACK_CLIENT_ID"),
        (
            vec![
                ("SLACK_CLIENT_ID", "1.2"),
                ("SLACK_CLIENT_SECRET", "hunter2"),
                ("SLACK_SIGNING_SECRET", "hunter2"),
                ("SLACK_URL", "http://slack.example.com"),
            ],
            "SLACK_URL",
        ),
        (vec![("GITHUB_CLIENT_SECRET", "hunter2")], "GITHUB_CLIENT_ID"),
        (vec![("GITHUB_API_URL", "https://hunter2.example.com")], "GITHUB_CLIENT_ID"),
        (vec![("GITHUB_APP_PRIVATE_KEY", "hunter2")], "GITHUB_APP_CLIENT_ID"),
        (
            vec![
                ("GITHUB_APP_CLIENT_ID", "Iv1"),
                ("GITHUB_APP_CLIENT_SECRET", "hunter2"),
                ("GITHUB_APP_SLUG", "pernoex"),
            ],
            "GITHUB_APP_PRIVATE_KEY_FILE",
        ),
        (
            vec![
                ("GITHUB_APP_CLIENT_ID", "Iv1"),
                ("GITHUB_APP_CLIENT_SECRET", "hunter2"),
                ("GITHUB_APP_SLUG", "pernoex"),
                ("GITHUB_APP_PRIVATE_KEY", "hunter2"),
            ],
            "GITHUB_APP_PRIVATE_KEY",
        ),
        (
            vec![
                ("GITHUB_CLIENT_ID", "Ov1"),
                ("GITHUB_CLIENT_SECRET", "hunter2"),
                ("GITHUB_URL", "http://github.example.com"),
            ],
            "GITHUB_URL",
        ),
        (vec![("NOTION_CLIENT_SECRET", "hunter2")], "NOTION_CLIENT_ID"),
        (vec![("NOTION_WEBHOOK_TOKEN", "hunter2")], "NOTION_CLIENT_ID"),
        (vec![("GITHUB_WEBHOOK_SECRET", "hunter2")], "GITHUB_APP_CLIENT_ID"),
        (vec![("GITHUB_WEBHOOK_SECRET_PREVIOUS", "hunter2")], "GITHUB_WEBHOOK_SECRET"),
        (vec![("ATLASSIAN_CLIENT_ID", "hunter2")], "ATLASSIAN_CLIENT_SECRET"),
        (vec![("STRIPE_SECRET_KEY", "hunter2")], "STRIPE_WEBHOOK_SECRET"),
        (vec![("PERNOEX_PLANS", "hunter2")], "STRIPE_SECRET_KEY"),
        (vec![("PERNOEX_PAYMENT_GRACE_DAYS", "7")], "STRIPE_SECRET_KEY"),
        (
            vec![
                ("STRIPE_SECRET_KEY", "hunter2"),
                ("STRIPE_WEBHOOK_SECRET", "hunter2"),
                ("PERNOEX_PLANS", "hunter2"),
            ],
            "PERNOEX_PLANS",
        ),
        (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
            ],
            "OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ],
            "OTEL_TRACES_SAMPLER_ARG",
        ),
        (vec![("PERNOEX_METRICS_LISTEN", "hunter2")], "PERNOEX_METRICS_LISTEN"),
        (vec![("PERNOEX_METRICS_LISTEN", "0.0.0.0:9464")], "PERNOEX_METRICS_EXPOSED=yes"),
        (vec![("PERNOEX_METRICS_EXPOSED", "yes")], "PERNOEX_METRICS_LISTEN is not"),
        (vec![("PERNOEX_ALLOW_PRIVATE", "http://hunter2")], "PERNOEX_ALLOW_PRIVATE"),
        (vec![("PERNOEX_ALLOW_PRIVATE", "0.0.0.0/0")], "PERNOEX_ALLOW_PRIVATE"),
    ] {
        let error = settings(&pairs).unwrap_err();
        assert!(error.contains(names), "{error}");
        assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_command_is_a_list_or_words_and_no_shell_sees_it() {
    let command = |text| settings(&[("PERNOEX_KMS_COMMAND", text)]).unwrap().kms_command.unwrap();
    assert_eq!(command("/bin/kms --key a$HOME"), ["/bin/kms", "--key", "a$HOME"]);
    assert_eq!(command(r#"["/opt/key service/kms", "a b"]"#), ["/opt/key service/kms", "a b"]);
}

#[test]
fn metrics_leave_the_machine_only_when_that_is_said() {
    let listen = |pairs: &[(&str, &str)]| settings(pairs).unwrap().metrics_listen.map(|address| address.to_string());
    assert_eq!(listen(&[]), None);
    assert_eq!(listen(&[("PERNOEX_METRICS_LISTEN", "[::1]:9464")]).as_deref(), Some("[::1]:9464"));
    let exposed = [("PERNOEX_METRICS_LISTEN", "0.0.0.0:9464"), ("PERNOEX_METRICS_EXPOSED", "yes")];
    assert_eq!(listen(&exposed).as_deref(), Some("0.0.0.0:9464"));
}

#[test]
fn printing_the_settings_shows_no_secret() {
    let settings = settings(&[
        ("DATABASE_URL", "postgres://app:hunter2@db/pernoex"),
        ("REDIS_URL", "redis://:hunter2@cache"),
        ("OPENAI_BASE_URL", "https://api.example.com/v1"),
        ("OPENAI_API_KEY", "hunter2"),
        ("OPENAI_MODEL", "small"),
        ("EMBEDDING_BASE_URL", "https://api.example.com/v1"),
        ("EMBEDDING_API_KEY", "hunter2"),
        ("EMBEDDING_MODEL", "small"),
        ("EMBEDDING_DIMENSIONS", "1024"),
        ("PERNOEX_MASTER_KEY", "hunter2"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2"),
    ]);
    assert!(!format!("{:?}", settings.unwrap()).contains("hunter2"));
}

#[test]
fn what_browsers_reach_over_a_network_without_tls_is_in_the_clear() {
    for (url, is_clear) in [
        ("http://support.example.com", true),
        ("http://192.0.2.7:8080", true),
        ("http://127.0.0.1.example.com", true),
        ("https://support.example.com", false),
        ("http://localhost:8080", false),
        ("http://127.0.0.1:8080", false),
        ("http://[::1]:8080", false),
    ] {
        let settings = settings(&[("PERNOEX_PUBLIC_URL", url)]).unwrap();
        assert_eq!(settings.in_the_clear().is_some(), is_clear, "{url}");
    }
    assert!(settings(&[]).unwrap().in_the_clear().is_none());
}
