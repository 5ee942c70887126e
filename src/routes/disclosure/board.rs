//! For operators. To everybody else none of it is there.

use actix_web::{
    HttpResponse,
    http::header::{self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue},
    web::{Json, Path},
};
use actors::{Fault, disclosure::pages::PageName};
use uuid::Uuid;

use crate::{
    doors::OperatorPass,
    error::Problem,
    routes::views::{PageText, PageTextBody, ReportBoard, ReportMove, ReportNote, ReportSheet},
};

fn id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn list(pass: OperatorPass) -> Result<Json<ReportBoard>, Problem> {
    let cards = pass.board().cards().await?;
    Ok(Json(ReportBoard {
        reports: cards.into_iter().map(Into::into).collect(),
    }))
}

pub async fn show(pass: OperatorPass, report: Path<String>) -> Result<Json<ReportSheet>, Problem> {
    Ok(Json(pass.board().show(id(&report)?).await?.into()))
}

pub async fn go(pass: OperatorPass, report: Path<String>, body: Json<ReportMove>) -> Result<Json<ReportSheet>, Problem> {
    Ok(Json(pass.board().go(id(&report)?, body.into_inner().into()).await?.into()))
}

pub async fn note(pass: OperatorPass, report: Path<String>, body: Json<ReportNote>) -> Result<Json<ReportSheet>, Problem> {
    Ok(Json(pass.board().note(id(&report)?, body.into_inner().into()).await?.into()))
}

pub async fn thank(pass: OperatorPass, report: Path<String>) -> Result<Json<ReportSheet>, Problem> {
    Ok(Json(pass.board().thank(id(&report)?, true).await?.into()))
}

pub async fn thank_no_more(pass: OperatorPass, report: Path<String>) -> Result<Json<ReportSheet>, Problem> {
    Ok(Json(pass.board().thank(id(&report)?, false).await?.into()))
}

pub async fn remove(pass: OperatorPass, report: Path<String>) -> Result<HttpResponse, Problem> {
    pass.board().remove(id(&report)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// To be saved, whatever it is: a stranger sent it, and nothing of it may run on this origin.
pub async fn file(pass: OperatorPass, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (name, bytes) = pass.board().file(id(&path.0)?, id(&path.1)?).await?;
    let name = ExtendedValue {
        charset: Charset::Ext("UTF-8".into()),
        language_tag: None,
        value: name.into_bytes(),
    };
    Ok(HttpResponse::Ok()
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::FilenameExt(name)],
        })
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .content_type("application/octet-stream")
        .body(bytes))
}

fn page(name: &str) -> Result<PageName, Problem> {
    PageName::parse(name).ok_or(Problem::Fault(Fault::NotFound))
}

pub async fn text(pass: OperatorPass, name: Path<String>) -> Result<Json<PageText>, Problem> {
    Ok(Json(pass.board().text(page(&name)?).await?.into()))
}

pub async fn write(pass: OperatorPass, name: Path<String>, body: Json<PageTextBody>) -> Result<Json<PageText>, Problem> {
    Ok(Json(pass.board().write_page(page(&name)?, Some(&body.text)).await?.into()))
}

pub async fn set_back(pass: OperatorPass, name: Path<String>) -> Result<Json<PageText>, Problem> {
    Ok(Json(pass.board().write_page(page(&name)?, None).await?.into()))
}
