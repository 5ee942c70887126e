//! The workspace's audit log.

use std::collections::VecDeque;

use actix_web::{
    HttpResponse,
    http::header::{ContentDisposition, DispositionParam, DispositionType},
    web::{Bytes, Json, Query},
};
use actors::{
    AccountId, Millis,
    audit::{
        Filter, export,
        log::{BeginExport, ExportPart, ReadLog, ShowLogKey},
    },
    role::ManageProjects,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use futures_util::stream::try_unfold;
use serde::Deserialize;

use crate::{
    doors::Pass,
    error::Problem,
    routes::views::{AuditEntryView, AuditKey, AuditLog},
};

/// A moment, or the beginning of a day, UTC.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Moment(Millis);

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()));
        }
        let moment = text.parse::<DateTime<Utc>>().map_err(|_| "no moment")?;
        Ok(Self(moment.timestamp_millis()))
    }
}

/// An act, or what several begin with.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ActName(String);

impl TryFrom<String> for ActName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.';
        let named = (1..=60).contains(&text.len()) && text.bytes().all(allowed);
        if named { Ok(Self(text)) } else { Err("no act") }
    }
}

#[derive(Deserialize)]
pub struct Which {
    act: Option<ActName>,
    actor: Option<AccountId>,
    from: Option<Moment>,
    to: Option<Moment>,
    before: Option<i64>,
    limit: Option<u64>,
}

pub async fn list(pass: Pass<ManageProjects>, which: Query<Which>) -> Result<Json<AuditLog>, Problem> {
    let Which {
        act,
        actor,
        from,
        to,
        before,
        limit,
    } = which.into_inner();
    let filter = Filter {
        act: act.map(|act| act.0),
        actor,
        from: from.map(|moment| moment.0),
        to: to.map(|moment| moment.0),
        before,
    };
    let limit = limit.unwrap_or(50);
    let page = pass.send(ReadLog { filter, limit }).await?;
    Ok(Json(AuditLog {
        entries: page.entries.into_iter().map(AuditEntryView::from).collect(),
        next: page.next,
    }))
}

pub async fn key(pass: Pass<ManageProjects>) -> Result<Json<AuditKey>, Problem> {
    Ok(Json(AuditKey {
        algorithm: "Ed25519",
        public_key: pass.send(ShowLogKey).await?,
    }))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Jsonl,
    Csv,
}

#[derive(Deserialize)]
pub struct Wanted {
    format: Option<Format>,
}

/// The whole log, in parts, as it stands when the request comes in; the last line is its signature.
pub async fn export(pass: Pass<ManageProjects>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let format = wanted.format.unwrap_or(Format::Jsonl);
    let (name, media) = match format {
        Format::Jsonl => ("jsonl", "application/jsonl; charset=utf-8"),
        Format::Csv => ("csv", "text/csv; charset=utf-8"),
    };
    let begun = pass
        .send(BeginExport {
            by: pass.by(),
            format: name,
        })
        .await?;
    let head = match format {
        Format::Jsonl => export::json_header(pass.who().await?.tenant, &begun),
        Format::Csv => export::CSV_HEADER.to_owned(),
    };
    let day = DateTime::from_timestamp_millis(begun.at).unwrap_or_default().format("%Y-%m-%d");
    let attachment = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(format!("audit-{day}.{name}"))],
    };
    let until = begun.until;
    let ready = VecDeque::from([Bytes::from(head)]);
    let parts = try_unfold((pass, 0, ready), move |(pass, after, mut ready)| async move {
        if let Some(bytes) = ready.pop_front() {
            return Ok::<_, actix_web::Error>(Some((bytes, (pass, after, ready))));
        }
        if after >= until {
            return Ok(None);
        }
        let (entries, signed) = pass.send(ExportPart { after, until }).await?;
        // Where entries are missing at the end there is nothing left to read.
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            return Ok(None);
        };
        let text = match format {
            Format::Jsonl => export::json_lines(&entries, &signed),
            Format::Csv => export::csv_rows(&entries, &signed),
        };
        Ok(Some((Bytes::from(text), (pass, last, ready))))
    });
    Ok(HttpResponse::Ok()
        .insert_header(attachment)
        .content_type(media)
        .streaming(Box::pin(parts)))
}
