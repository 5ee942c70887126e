//! The dashboard's and the widget's files, out of the binary.

use std::sync::OnceLock;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, CACHE_CONTROL, ETAG, EntityTag, HeaderValue, IfNoneMatch},
    web::{Bytes, Path},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::error::Problem;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// What the dashboard's pages may load and run: their own files, and nothing else.
pub const DASHBOARD_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What is sent, and how it is named so that a browser need not be sent it twice.
#[derive(Clone)]
struct Asset {
    kind: String,
    tag: EntityTag,
    body: Bytes,
}

impl Asset {
    fn new(kind: String, hash: &[u8], body: impl Into<Bytes>) -> Self {
        let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        // Weak: the same contents go out compressed or not, as the browser likes.
        Self {
            kind,
            tag: EntityTag::new_weak(hash),
            body: body.into(),
        }
    }

    fn found(path: &str) -> Option<Self> {
        let file = Static::get(path)?;
        let kind = match path.rsplit('.').next() {
            Some("js" | "mjs") => SCRIPT.to_owned(),
            Some("html") => "text/html; charset=utf-8".to_owned(),
            Some("css") => "text/css; charset=utf-8".to_owned(),
            _ => file.metadata.mimetype().to_owned(),
        };
        Some(Self::new(kind, &file.metadata.sha256_hash(), file.data.into_owned()))
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

fn serve(request: &HttpRequest, found: Option<Asset>) -> Result<HttpResponse, Problem> {
    let asset = found.ok_or(Problem::Fault(actors::Fault::NotFound))?;
    let current = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&asset.tag)),
        None => false,
    };
    let mut response = if current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // Always asked for again and mostly answered with 304: a new version of the server is a new version of its pages.
    response
        .insert_header((ETAG, asset.tag.to_string()))
        .insert_header((CACHE_CONTROL, "no-cache"));
    if current {
        return Ok(response.finish());
    }
    Ok(response.content_type(asset.kind).body(asset.body))
}

/// The widget's modules, each after those that it imports from.
const WIDGET_PARTS: [&str; 10] = [
    "style",
    "nodes",
    "color",
    "page",
    "prose",
    "transport",
    "answer",
    "talk",
    "element",
    "mount",
];

/// The widget as one classic script, so that a visitor's page asks once and shares no name with it: its modules one after another in one
/// closure, where an import has nothing left to do and an export nobody to reach. Commentary and indentation stay at home.
fn assemble_widget() -> Option<String> {
    let mut script = String::from("(() => {\n\"use strict\";\n");
    for part in WIDGET_PARTS {
        let file = Static::get(&format!("widget/{part}.js"))?;
        let mut in_comment = false;
        for line in std::str::from_utf8(&file.data).ok()?.lines() {
            let mut code = line.strip_prefix("export ").unwrap_or(line).trim_start();
            if in_comment || code.starts_with("/**") {
                let end = code.split_once("*/");
                in_comment = end.is_none();
                code = end.map_or("", |(_, rest)| rest.trim_start());
            }
            if !code.is_empty() && !code.starts_with("//") && !line.starts_with("import ") {
                script.push_str(code);
                script.push('\n');
            }
        }
    }
    script.push_str("})();\n");
    Some(script)
}

fn widget() -> Option<Asset> {
    static ASSEMBLED: OnceLock<Option<Asset>> = OnceLock::new();
    let assemble = || assemble_widget().map(|script| Asset::new(SCRIPT.to_owned(), &Sha256::digest(&script), script));
    // A debug build reads its files from the disk, and so must see what changed there.
    if cfg!(debug_assertions) {
        assemble()
    } else {
        ASSEMBLED.get_or_init(assemble).clone()
    }
}

pub async fn dashboard_file(request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    serve(&request, Asset::found(&format!("dashboard/{path}")))
}

/// The one page of the dashboard; its script shows what the address names.
pub async fn dashboard_page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut response = serve(&request, Asset::found("dashboard/index.html"))?;
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DASHBOARD_POLICY));
    Ok(response)
}

/// For any page to load. What it may do there is decided when it asks.
pub async fn widget_script(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut response = serve(&request, widget())?;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::{Static, WIDGET_PARTS, assemble_widget};

    fn part(name: &str) -> String {
        String::from_utf8(Static::get(&format!("widget/{name}.js")).unwrap().data.into_owned()).unwrap()
    }

    /// What a line at the outermost level declares.
    fn declared(line: &str) -> Option<&str> {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = ["const ", "let ", "class ", "function* ", "function "]
            .iter()
            .find_map(|keyword| line.strip_prefix(keyword))?;
        rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()
    }

    #[test]
    fn every_part_of_the_widget_comes_after_what_it_imports() {
        for (at, name) in WIDGET_PARTS.iter().enumerate() {
            for line in part(name).lines().filter(|line| line.starts_with("import ")) {
                let (names, from) = line
                    .strip_prefix("import { ")
                    .and_then(|rest| rest.strip_suffix(".js\";"))
                    .and_then(|rest| rest.split_once(" } from \"./"))
                    .unwrap_or_else(|| panic!("{name}: an import on one line, by plain names: {line}"));
                assert!(WIDGET_PARTS[..at].contains(&from), "{name} comes before {from}");
                let source = part(from);
                for wanted in names.split(", ") {
                    let exported = source
                        .lines()
                        .any(|line| line.starts_with("export ") && declared(line) == Some(wanted));
                    assert!(exported, "{from} does not export {wanted} for {name}");
                }
            }
        }
    }

    #[test]
    fn no_two_parts_of_the_widget_declare_the_same_name() {
        let parts: Vec<_> = WIDGET_PARTS.iter().map(|name| part(name)).collect();
        let mut names: Vec<_> = parts.iter().flat_map(|part| part.lines()).filter_map(declared).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert!(all > 20, "only {all} declarations were found");
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn the_widgets_script_keeps_the_code_beside_a_comment() {
        let script = assemble_widget().unwrap();
        assert!(script.contains("\n(this)[name] = value;\n"), "after a cast");
        assert!(!script.contains("\n/**") && !script.contains("\n//") && !script.contains("@param"));
    }

    #[test]
    fn every_module_of_the_widget_is_served() {
        let mut files: Vec<_> = Static::iter()
            .filter_map(|path| path.strip_prefix("widget/")?.strip_suffix(".js").map(str::to_owned))
            .filter(|name| name != "types")
            .collect();
        files.sort();
        let mut parts = WIDGET_PARTS.to_vec();
        parts.sort_unstable();
        assert_eq!(files, parts);
    }
}
