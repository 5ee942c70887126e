//! What is asked for when somebody reads: of the process, its actors, the work that waits, and how busy it is.

use std::{collections::BTreeMap, path::Path};

use actors::{
    JobCounts, MailCounts, PoolUse,
    contain::{Times, bucket_end},
    disclosure::state::State,
    operators::Operations,
};

use super::Page;
use crate::{routes::views::state_name, tls::Served, vitals};

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds far below 2⁵³")]
fn times(page: &mut Page, kind: &str, times: &Times) {
    let ends = (0..times.0.len()).map(|at| (bucket_end(at) as f64 / 1e6, times.0[at]));
    // The exact sum is not kept: each counts as the end of its bucket.
    let seconds = ends.clone().map(|(end, count)| end * count as f64).sum();
    page.histogram(&[("kind", kind)], ends.take(times.0.len() - 1), times.count(), seconds);
}

pub fn actors(page: &mut Page, operations: &Operations) {
    let living = operations.registry().actors();
    let mut states: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut depths: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for actor in &living {
        *states.entry((actor.kind, state_name(actor.state))).or_default() += 1;
        let (sum, most) = depths.entry(actor.kind).or_default();
        *sum += actor.depth;
        *most = (*most).max(actor.depth);
    }
    page.family("pernoex_actors", "gauge", "Actors that live, by kind and state.");
    for ((kind, state), count) in states {
        page.line(&[("kind", kind), ("state", state)], count);
    }
    page.family("pernoex_actor_mailbox_depth", "gauge", "Messages that wait or are being handled.");
    for (kind, (sum, _)) in &depths {
        page.line(&[("kind", kind)], sum);
    }
    page.family("pernoex_actor_mailbox_depth_max", "gauge", "Messages in the fullest mailbox.");
    for (kind, (_, most)) in &depths {
        page.line(&[("kind", kind)], most);
    }
    let counts = operations.registry().counts();
    page.family(
        "pernoex_actor_refused_total",
        "counter",
        "Messages that a full mailbox turned away.",
    );
    for (kind, counts) in &counts {
        page.line(&[("kind", kind)], counts.refused);
    }
    page.family(
        "pernoex_actor_failures_total",
        "counter",
        "Panics, hangs, failed builds and storage errors.",
    );
    for (kind, counts) in &counts {
        page.line(&[("kind", kind)], counts.failures);
    }
    page.family("pernoex_actor_restarts_total", "counter", "Rebuilds from storage.");
    for (kind, counts) in &counts {
        page.line(&[("kind", kind)], counts.restarts);
    }
    page.family("pernoex_actor_handling_seconds", "histogram", "Time to handle a message.");
    for (kind, counts) in &counts {
        times(page, kind, &counts.times);
    }
    page.family("pernoex_index_memory_bytes", "gauge", "About what all indexes take in memory.");
    page.line(&[], living.iter().map(|actor| actor.memory_bytes).sum::<usize>());
}

fn pool(page: &mut Page, name: &str, used: PoolUse) {
    page.line(&[("pool", name), ("state", "idle")], used.idle);
    page.line(&[("pool", name), ("state", "busy")], used.open.saturating_sub(used.idle));
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2⁵³")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds.max(0) as f64 / 1e3
}

/// Under the names that Prometheus' own clients give them.
pub fn process(page: &mut Page, operations: &Operations, folder: &Path) {
    page.family("pernoex_build_info", "gauge", "Always 1; the version is a label.");
    page.line(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.family("process_start_time_seconds", "gauge", "When the server started.");
    page.line(&[], seconds(operations.started_at()));
    if let Some(bytes) = vitals::memory() {
        page.family("process_resident_memory_bytes", "gauge", "Memory of the process.");
        page.line(&[], bytes);
    }
    if let Some(seconds) = vitals::processor_seconds() {
        page.family("process_cpu_seconds_total", "counter", "Processor time.");
        page.line(&[], seconds);
    }
    if let Some((open, most)) = vitals::open_files() {
        page.family("process_open_fds", "gauge", "Open files and connections.");
        page.line(&[], open);
        page.family("process_max_fds", "gauge", "How many may be open.");
        page.line(&[], most);
    }
    if let Some(disk) = vitals::disk(folder) {
        page.family("pernoex_data_disk_free_bytes", "gauge", "Room on the disk of the data folder.");
        page.line(&[], disk.free);
        page.family("pernoex_data_disk_size_bytes", "gauge", "Size of the disk of the data folder.");
        page.line(&[], disk.size);
    }
}

/// What the database has to be asked for. When it does not answer, these are missing, and `pernoex_ready` says why.
pub async fn waiting(page: &mut Page, operations: &Operations) {
    page.family("pernoex_ready", "gauge", "1 while the database and the cache answer.");
    page.line(&[], u8::from(operations.registry().ready().await.is_ok()));
    match operations.jobs().await {
        Ok(JobCounts {
            waiting,
            running,
            parked,
            reembedding,
            overdue,
        }) => {
            page.family("pernoex_jobs", "gauge", "Jobs of all nodes, by state.");
            for (state, count) in [("waiting", waiting), ("running", running), ("parked", parked)] {
                page.line(&[("state", state)], count);
            }
            page.family(
                "pernoex_reembedding_projects",
                "gauge",
                "Projects of all nodes that another embedding model is to take over.",
            );
            page.line(&[], reembedding);
            page.family(
                "pernoex_jobs_overdue_seconds",
                "gauge",
                "How long the job that waits longest has been due.",
            );
            page.line(&[], seconds(overdue));
        }
        Err(fault) => tracing::warn!(%fault, "jobs cannot be counted"),
    }
    match operations.mail().await {
        Ok(MailCounts { waiting, given_up, oldest }) => {
            page.family(
                "pernoex_mail",
                "gauge",
                "Letters of all nodes that wait, or were given up within 30 days.",
            );
            page.line(&[("state", "waiting")], waiting);
            page.line(&[("state", "given_up")], given_up);
            page.family("pernoex_mail_oldest_seconds", "gauge", "How long the oldest letter has waited.");
            page.line(&[], seconds(oldest));
        }
        Err(fault) => tracing::warn!(%fault, "mail cannot be counted"),
    }
}

/// Reports of vulnerabilities, and the promises that were made to those who made them.
pub async fn reports(page: &mut Page, operations: &Operations) {
    let counts = match operations.reports().await {
        Ok(counts) => counts,
        Err(fault) => return tracing::warn!(%fault, "reports cannot be counted"),
    };
    page.family("pernoex_reports", "gauge", "Reports of vulnerabilities that are kept, by state.");
    for state in State::ALL {
        let found = counts.by_state.iter().find(|(name, _)| name == state.as_str());
        page.line(&[("state", state.as_str())], found.map_or(0, |(_, count)| *count));
    }
    page.family(
        "pernoex_report_breaches",
        "gauge",
        "Reports that are kept of which a promise was broken: acknowledged after 48 hours, or a timeline after 5 business days.",
    );
    page.line(&[("promise", "acknowledge")], counts.acknowledged_late);
    page.line(&[("promise", "timeline")], counts.timeline_late);
    page.family(
        "pernoex_report_due_seconds",
        "gauge",
        "Until the next promise to a reporter is broken; negative once it is. None while none is open.",
    );
    if let Some(due) = counts.next_due {
        page.line(&[], signed_seconds(due));
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2⁵³")]
fn signed_seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1e3
}

/// Of all nodes: whichever made them.
pub async fn backups(page: &mut Page, operations: &Operations) {
    let (every, last) = match operations.backups().await {
        Ok(found) => found,
        Err(fault) => return tracing::warn!(%fault, "backups cannot be looked up"),
    };
    page.family(
        "pernoex_backup_interval_seconds",
        "gauge",
        "How far apart this server makes backups; 0 for not at all.",
    );
    page.line(&[], seconds(every.unwrap_or(0)));
    page.family(
        "pernoex_backup_failures",
        "gauge",
        "Backups that failed since the last that succeeded.",
    );
    page.line(&[], last.failures);
    page.family("pernoex_backup_last_success_age_seconds", "gauge", "How old the last backup is.");
    let Some(success) = last.success else { return };
    page.line(&[], seconds(operations.now() - success.started_at));
    page.family("pernoex_backup_size_bytes", "gauge", "How large the last backup is.");
    page.line(&[], success.size);
    page.family("pernoex_backup_duration_seconds", "gauge", "How long the last backup took.");
    page.line(&[], seconds(success.finished_at.unwrap_or(success.started_at) - success.started_at));
}

/// What this process has in hand.
pub fn busy(page: &mut Page, operations: &Operations) {
    let mail = operations.mail_totals();
    page.family(
        "pernoex_mail_total",
        "counter",
        "Letters that this process took in hand, by what became of them.",
    );
    for (outcome, count) in [("done", mail.sent), ("put_back", mail.put_back), ("given_up", mail.given_up)] {
        page.line(&[("outcome", outcome)], count);
    }
    let embedding = operations.embedding();
    page.family(
        "pernoex_embedding_requests_total",
        "counter",
        "Requests to embedding endpoints, by what came of them.",
    );
    page.line(&[("outcome", "done")], embedding.requests.saturating_sub(embedding.failures));
    page.line(&[("outcome", "failed")], embedding.failures);
    page.family(
        "pernoex_embedding_texts_total",
        "counter",
        "Texts that embedding endpoints embedded.",
    );
    page.line(&[], embedding.texts);
    page.family(
        "pernoex_embedding_tokens_total",
        "counter",
        "Tokens of them, by the endpoints' count.",
    );
    page.line(&[], embedding.tokens);
    page.family(
        "pernoex_embedding_fallbacks_total",
        "counter",
        "Questions that were looked for by their words alone, because the model of the project's embeddings was not to be had.",
    );
    page.line(&[], embedding.fallbacks);
    let busy = operations.busy();
    page.family("pernoex_work", "gauge", "Work on the processor, by what for.");
    for (name, load) in [
        ("questions", busy.questions),
        ("batches", busy.batches),
        ("sign_ins", busy.sign_ins),
    ] {
        page.line(&[("for", name), ("state", "running")], load.working);
        page.line(&[("for", name), ("state", "waiting")], load.waiting);
    }
    page.family(
        "pernoex_database_connections",
        "gauge",
        "Connections of this process, by pool and state.",
    );
    match operations.pools() {
        (only, None) => pool(page, "all", only),
        (writer, Some(reader)) => {
            pool(page, "writer", writer);
            pool(page, "reader", reader);
        }
    }
}

/// Of the certificate, where TLS ends here.
pub fn tls(page: &mut Page, served: &Served) {
    let totals = served.totals();
    if let Some(not_after) = totals.not_after {
        page.family(
            "pernoex_tls_certificate_expiry_timestamp_seconds",
            "gauge",
            "When the certificate that is shown ends.",
        );
        page.line(&[], not_after / 1000);
    }
    page.family(
        "pernoex_tls_certificate_stale",
        "gauge",
        "1 while the latest attempt to replace the certificate failed.",
    );
    page.line(&[], u8::from(totals.in_trouble));
    page.family(
        "pernoex_tls_renewals_total",
        "counter",
        "Attempts to replace the certificate, by outcome.",
    );
    page.line(&[("outcome", "done")], totals.renewed);
    page.line(&[("outcome", "failed")], totals.refused);
    page.family("pernoex_tls_handshakes_total", "counter", "Handshakes that began.");
    page.line(&[], totals.handshakes);
}
