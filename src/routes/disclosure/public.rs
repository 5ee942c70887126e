//! For everybody, without an account.

use actix_multipart::Multipart;
use actix_web::{
    HttpResponse,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    web::{Json, Path},
};
use actors::{
    Fault, Limit,
    disclosure::{deadlines::ACKNOWLEDGE, deadlines::HOUR, deadlines::TIMELINE_DAYS, file, pages::PageName, security_txt::KEY_PATH},
};

use crate::{
    doors::{Bearer, Reporting},
    error::Problem,
    routes::{
        dashboard::documents::{Upload, next_file},
        views::{
            FollowedReport, NewReport, PublicPage, ReportFile, ReportLink, ReportMessage, ReportProgram, ReportReceipt, ThankedView,
            Thanks, time,
        },
    },
};

pub async fn program(door: Reporting) -> Json<ReportProgram> {
    let settings = door.disclosure.settings();
    Json(ReportProgram {
        contact: settings.contact.clone(),
        key: settings.key.clone(),
        policy: settings.policy.as_ref().map(ToString::to_string),
        acknowledge_hours: ACKNOWLEDGE / HOUR,
        timeline_business_days: TIMELINE_DAYS,
        file_mib: file::MOST_BYTES >> 20,
        files: file::MOST_FILES,
        kinds: file::KINDS.to_vec(),
    })
}

pub async fn report(door: Reporting, body: Json<NewReport>) -> Result<HttpResponse, Problem> {
    let receipt = door.disclosure.report(body.into_inner().into(), &door.address).await?;
    Ok(HttpResponse::Created().json(ReportReceipt {
        reference: receipt.reference,
        acknowledge_by: time(receipt.acknowledge_by),
        token: receipt.token.into_text().to_string(),
    }))
}

pub async fn follow(door: Reporting, body: Json<ReportLink>) -> Result<Json<FollowedReport>, Problem> {
    Ok(Json(door.disclosure.follow(&body.token, &door.address).await?.into()))
}

pub async fn say(door: Reporting, body: Json<ReportMessage>) -> Result<Json<FollowedReport>, Problem> {
    Ok(Json(door.disclosure.say(&body.token, &body.text, &door.address).await?.into()))
}

pub async fn attach(door: Reporting, Bearer(token): Bearer, mut form: Multipart) -> Result<HttpResponse, Problem> {
    // Before a byte of it is read.
    door.disclosure.may_attach(&token, &door.address).await?;
    let Upload { name, bytes } = next_file(&mut form, file::MOST_BYTES)
        .await?
        .ok_or_else(|| Problem::InvalidBody("Send one part named file.".into()))?;
    let bytes = bytes.ok_or_else(|| {
        Problem::Fault(Fault::Limit {
            code: Limit::FileTooLarge,
            reason: "A file may have up to 10 MiB.".into(),
        })
    })?;
    let file = door.disclosure.attach(&token, &name, &bytes).await?;
    Ok(HttpResponse::Created().json(ReportFile::from(file)))
}

pub async fn thanks(door: Reporting) -> Result<Json<Thanks>, Problem> {
    let thanked = door.disclosure.thanks().await?.into_iter();
    Ok(Json(Thanks {
        // The month, and not the day: who is not named is not to be found by when it was.
        thanked: thanked
            .map(|(name, at)| ThankedView {
                name,
                month: time(at).format("%Y-%m").to_string(),
            })
            .collect(),
    }))
}

pub async fn page(door: Reporting, name: Path<String>) -> Result<Json<PublicPage>, Problem> {
    let name = PageName::parse(&name).ok_or(Problem::Fault(Fault::NotFound))?;
    Ok(Json(door.disclosure.page(name).await?.into()))
}

pub async fn security_txt(door: Reporting) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(door.disclosure.security_txt())
}

/// The operator's key, to encrypt a report with.
pub async fn key(door: Reporting) -> Result<HttpResponse, Problem> {
    let key = door.disclosure.settings().key.clone().ok_or(Problem::Fault(Fault::NotFound))?;
    let name = KEY_PATH.rsplit('/').next().unwrap_or_default();
    Ok(HttpResponse::Ok()
        .content_type("application/pgp-keys")
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name.into())],
        })
        .body(key))
}
