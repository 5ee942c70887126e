//! The dashboard's and the widget's files, out of the binary.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH},
    web::Path,
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::Problem;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// What the dashboard's pages may load and run: their own files, and nothing else.
pub const DASHBOARD_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

fn serve(request: &HttpRequest, path: &str, found: Option<EmbeddedFile>) -> Result<HttpResponse, Problem> {
    let file = found.ok_or(Problem::Fault(actors::Fault::NotFound))?;
    let tag: String = file
        .metadata
        .sha256_hash()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("\"{tag}\"");
    // Always asked for again and mostly answered with 304: a new version of the server is a new version of its pages.
    let current = request.headers().get(IF_NONE_MATCH).map(HeaderValue::as_bytes) == Some(tag.as_bytes());
    let mut response = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "no-cache"));
    if current {
        return Ok(response.finish());
    }
    let kind = match path.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8".to_owned(),
        Some("html") => "text/html; charset=utf-8".to_owned(),
        Some("css") => "text/css; charset=utf-8".to_owned(),
        _ => file.metadata.mimetype().to_owned(),
    };
    Ok(response.content_type(kind).body(file.data.into_owned()))
}

pub async fn dashboard_file(request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    let path = format!("dashboard/{path}");
    serve(&request, &path, Static::get(&path))
}

/// The one page of the dashboard; its script shows what the address names.
pub async fn dashboard_page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut response = serve(&request, "dashboard/index.html", Static::get("dashboard/index.html"))?;
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DASHBOARD_POLICY));
    Ok(response)
}

/// For any page to load. What it may do there is decided when it asks.
pub async fn widget_script(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut response = serve(&request, "widget/widget.js", Static::get("widget/widget.js"))?;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}
