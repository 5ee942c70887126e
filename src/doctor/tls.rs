//! The certificate: whether it can be shown, for how long, and whether the server that runs shows it.

use std::{os::unix::fs::PermissionsExt, path::Path};

use actors::Millis;

use super::Finding;
use crate::{
    healthcheck::reached_at,
    settings::{CertificateSetting, Settings, TlsSetting},
    tls::{Certificate, Files, Unusable, kept, shown},
};

const DAY: Millis = 86_400_000;
const CHECK: &str = "tls";

pub fn certificate(settings: &Settings, now: Millis) -> Vec<Finding> {
    let Some(tls) = &settings.tls else {
        let by_tls = settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        let found = match by_tls {
            true => "ends at a proxy: what it shows is looked at below",
            false => "ends nowhere: only browsers on this machine are expected",
        };
        return vec![Finding::skipped(CHECK, found)];
    };
    match &tls.certificate {
        CertificateSetting::Files { certificate, key } => {
            let found = Files::new(certificate.clone(), key.clone()).read();
            let mend = "put certificate and key right: what is shown now stays until then, but nothing starts without them";
            let mut findings = vec![look(tls, settings, found, now, mend)];
            findings.extend(exposed(key));
            findings
        }
        CertificateSetting::Acme(_) => ordered(tls, settings, now),
    }
}

fn ordered(tls: &TlsSetting, settings: &Settings, now: Millis) -> Vec<Finding> {
    let kept = kept(&settings.data);
    let mend = "start the server: it orders another";
    let mut findings = Vec::new();
    match kept.certificate {
        Some(found) => findings.push(look(tls, settings, found, now, mend)),
        None => findings.push(Finding::failure(
            CHECK,
            format!("there is no certificate for {} yet", tls.host),
            "let the server run, with port 80 of the name leading to PERNOEX_REDIRECT_LISTEN",
        )),
    }
    if let Some(failure) = kept.failure {
        let hours = (now - failure.at).max(0) / 3_600_000;
        findings.push(Finding::warning(
            CHECK,
            format!("the latest order failed {hours} hours ago: {}", failure.reason),
            "see that the name and its port 80 lead here; SIGHUP orders at once",
        ));
    }
    if settings.redis.is_some() {
        let found = "REDIS_URL speaks of several nodes, and an order of one: the authority's question may reach another";
        let mend = "for several nodes, end TLS at the balancer, or hand all of them the files of one certificate (docs/operations.md)";
        findings.push(Finding::warning(CHECK, found, mend));
    }
    findings
}

fn look(tls: &TlsSetting, settings: &Settings, found: Result<Certificate, Unusable>, now: Millis, mend: &str) -> Finding {
    let found = match found.and_then(|found| found.at(now)) {
        Ok(found) => found,
        Err(unusable) => return Finding::failure(CHECK, unusable.to_string(), mend),
    };
    if !found.is_for(&tls.host) {
        let text = format!("the certificate is for other names than {}", tls.host);
        return Finding::failure(CHECK, text, "get one for the name in PERNOEX_PUBLIC_URL");
    }
    // Where no server runs, `public` says so.
    if settings.listen.port() != 0
        && let Ok(leaf) = shown(reached_at(settings.listen), &tls.host)
        && leaf != found.leaf()
    {
        let text = "the server that runs shows another certificate than is there";
        return Finding::warning(CHECK, text, "send it SIGHUP, and see what its log says");
    }
    let (days, life) = ((found.not_after - now) / DAY, found.not_after - found.not_before);
    let text = format!("the certificate is for {} and for {days} days more", tls.host);
    // A renewal that works comes in the last third.
    match found.not_after - now {
        left if left < life / 10 => Finding::failure(CHECK, text, "renew it now"),
        left if left < life / 4 => Finding::warning(CHECK, text, "see why it was not renewed"),
        _ => Finding::ok(CHECK, text),
    }
}

/// Who else can read the key can be us.
fn exposed(key: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(key).ok()?.permissions().mode();
    // A group may be how it is handed to us.
    (mode & 0o007 != 0).then(|| {
        let found = format!("everybody on this machine can read {}", key.display());
        Finding::failure(CHECK, found, "chmod o= it")
    })
}
