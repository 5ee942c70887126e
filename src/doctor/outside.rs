//! What is around the server: the proxies in front of it, the mail server, and the address that browsers use.

use std::time::Duration;

use actors::doctor::{ask_public, try_mail};

use super::Finding;
use crate::settings::{GIVE_TLS, Settings};

/// Whether what is set goes together, and is no danger.
pub fn set(settings: &Settings) -> Finding {
    let check = "settings";
    match settings.in_the_clear() {
        None => Finding::ok(check, "they contradict nothing"),
        Some(url) => Finding::warning(
            check,
            format!("PERNOEX_PUBLIC_URL is {url}: without TLS, what people send can be read on its way, and browsers keep no session"),
            GIVE_TLS,
        ),
    }
}

pub fn proxies(settings: &Settings) -> Finding {
    let check = "proxies";
    let by_tls = settings.tls.is_none() && settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    match (by_tls, settings.trusted_proxies.is_empty()) {
        (true, true) => Finding::warning(
            check,
            "browsers come by TLS, so a proxy is in front of this server, and none is trusted: everybody has its address, and shares its limits",
            "set PERNOEX_TRUSTED_PROXIES to the addresses of the proxies",
        ),
        (_, false) => Finding::ok(
            check,
            "who asks is taken from the headers of those that are trusted, and of nobody else",
        ),
        (false, true) => Finding::ok(check, "none"),
    }
}

pub async fn mail(settings: &Settings) -> Finding {
    let check = "mail";
    let Some(smtp) = settings.mail.smtp.as_ref().map(crate::settings::SmtpSetting::for_actors) else {
        let folder = settings.data.join("mail");
        return Finding::warning(
            check,
            format!("no mail server is set: letters become files in {}", folder.display()),
            "set PERNOEX_SMTP_URL and PERNOEX_MAIL_FROM",
        );
    };
    match try_mail(smtp).await {
        Ok(()) => Finding::ok(check, "the mail server takes our connection and our name; nothing was sent"),
        Err(reason) => Finding::failure(
            check,
            reason,
            "see that PERNOEX_SMTP_URL names its host, port, user and password (and PERNOEX_SMTP_CA_FILE an authority of its own)",
        ),
    }
}

fn is_protobuf(answer: &reqwest::Response) -> bool {
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-protobuf"))
}

/// Sends the collector a batch of no spans.
pub async fn traces(settings: &Settings) -> Finding {
    let check = "traces";
    let Some(traces) = &settings.traces else {
        return Finding::skipped(check, "OTEL_EXPORTER_OTLP_ENDPOINT is not set: no traces are sent");
    };
    let refuse = |found: String| {
        let mend = "see that OTEL_EXPORTER_OTLP_ENDPOINT leads to a collector that takes OTLP over HTTP, and OTEL_EXPORTER_OTLP_HEADERS hold what it asks for";
        Finding::warning(check, found, mend)
    };
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build();
    let Ok(client) = client else {
        return refuse("no client can be made".into());
    };
    let asked = client
        .post(traces.endpoint.clone())
        .header("content-type", "application/x-protobuf");
    let asked = traces
        .headers
        .iter()
        .fold(asked, |asked, (name, value)| asked.header(name, value.expose()));
    match asked.send().await {
        Ok(answer) if answer.status().is_success() && is_protobuf(&answer) => Finding::ok(check, "the collector takes spans"),
        Ok(answer) => refuse(format!(
            "what is there answers {}, and not as a collector that takes spans",
            answer.status()
        )),
        Err(_) => refuse("the collector does not answer: spans are lost".into()),
    }
}

pub async fn public(settings: &Settings) -> Finding {
    let check = "public";
    let Some(url) = &settings.public_url else {
        return Finding::skipped(check, "PERNOEX_PUBLIC_URL is not set: only browsers on this machine are expected");
    };
    let answer = match ask_public(url).await {
        Ok(answer) => answer,
        Err(reason) => {
            let mend = "start the server, see what the name resolves to, and which certificate the proxy shows";
            return Finding::failure(check, format!("{url}: {reason}"), mend);
        }
    };
    if !answer.is_ready {
        let found = format!("{url} answers {}, and not as a Pernoex that is ready", answer.status);
        return Finding::failure(
            check,
            found,
            "see that the proxy leads to this server, and what the server's log says",
        );
    }
    if settings.in_the_clear().is_some() {
        let found = format!("{url} answers without TLS: browsers keep no session there");
        return Finding::failure(check, found, GIVE_TLS);
    }
    if url.scheme() != "https" {
        return Finding::ok(check, format!("{url} answers, on this machine"));
    }
    if !answer.has_hsts {
        let found = format!("{url} answers by TLS, and does not tell browsers to stay with it");
        let mend = "let the proxy pass Strict-Transport-Security on, and say X-Forwarded-Proto: https";
        return Finding::warning(check, found, mend);
    }
    Finding::ok(check, format!("{url} answers by TLS, with a valid certificate and HSTS"))
}
