//! The dashboard's and the widget's files, out of the binary.

use std::{collections::BTreeMap, io::Write, sync::OnceLock};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ETAG, Encoding, EntityTag, HeaderValue, IfNoneMatch},
    web::{Bytes, Path},
};
use flate2::{Compression, write::GzEncoder};
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
    /// The same, by gzip, where it is worth doing once and well.
    packed: Option<Bytes>,
}

impl Asset {
    fn new(kind: String, hash: &[u8], body: impl Into<Bytes>) -> Self {
        let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        // Weak: the same contents go out compressed or not, as the browser likes.
        Self {
            kind,
            tag: EntityTag::new_weak(hash),
            body: body.into(),
            packed: None,
        }
    }

    /// Packs it as well as can be: it is sent to every page of every customer.
    fn pack(self) -> Self {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let written = packed.write_all(&self.body).and_then(|()| packed.finish());
        Self {
            packed: written.ok().map(Bytes::from),
            ..self
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
    response.content_type(asset.kind);
    let takes_gzip = request
        .get_header::<AcceptEncoding>()
        .is_some_and(|accepted| accepted.negotiate([Encoding::gzip()].iter()) == Some(Encoding::gzip()));
    match asset.packed.filter(|_| takes_gzip) {
        Some(packed) => {
            response.insert_header((CONTENT_ENCODING, "gzip"));
            response.insert_header((header::VARY, "accept-encoding"));
            Ok(response.body(packed))
        }
        None => Ok(response.body(asset.body)),
    }
}

/// The widget's modules, each after those that it imports from.
const WIDGET_PARTS: [&str; 13] = [
    "style",
    "nodes",
    "color",
    "page",
    "texts",
    "memory",
    "prose",
    "transport",
    "person",
    "answer",
    "talk",
    "element",
    "mount",
];

/// The widget's modules one after another, where an import has nothing left to do and an export nobody to reach. Commentary and indentation
/// stay at home.
fn joined_widget() -> Option<String> {
    let mut script = String::new();
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
    Some(script)
}

/// The widget as one classic script, so that a visitor's page asks once and shares no name with it.
fn assemble_widget() -> Option<String> {
    Some(format!("(() => {{\n\"use strict\";\n{}}})();\n", joined_widget()?))
}

/// The same as a module, for pages that bring their own code.
pub(crate) fn widget_module() -> Option<String> {
    Some(format!("{}export {{ createWidget }};\n", joined_widget()?))
}

/// A file of the package that carries the module.
pub(crate) fn package_file(name: &str) -> Option<Vec<u8>> {
    Some(Static::get(&format!("widget/package/{name}"))?.data.into_owned())
}

/// The widget's own words in `language`; `None` in English, which it knows.
pub(super) fn widget_texts(language: &str) -> Option<BTreeMap<String, String>> {
    let file = Static::get(&format!("widget/languages/{language}.json"))?;
    serde_json::from_slice(&file.data).ok()
}

/// As [`widget_texts`], for the dashboard's preview.
pub async fn widget_language(request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    serve(&request, Asset::found(&format!("widget/languages/{path}.json")))
}

fn widget() -> Option<Asset> {
    static ASSEMBLED: OnceLock<Option<Asset>> = OnceLock::new();
    let assemble = || assemble_widget().map(|script| Asset::new(SCRIPT.to_owned(), &Sha256::digest(&script), script).pack());
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

    /// The keys of `texts.js`, and those of what the server alone says in English.
    fn words() -> Vec<String> {
        let source = part("texts");
        let (_, table) = source.split_once("const ENGLISH = {\n").unwrap();
        let (table, _) = table.split_once("\n};").unwrap();
        let mut words: Vec<_> = table
            .lines()
            .map(|line| line.trim().split_once(": \"").unwrap_or_else(|| panic!("{line}")).0.to_owned())
            .collect();
        words.extend(["unsure", "near", "later"].map(str::to_owned));
        words.sort();
        words
    }

    fn marks(text: &str) -> Vec<String> {
        let mut marks: Vec<_> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()))
            .collect();
        marks.sort();
        marks
    }

    #[test]
    fn every_language_says_everything() {
        let known = words();
        let english = part("texts");
        for language in actors::project::widget::LANGUAGES.into_iter().filter(|language| *language != "en") {
            let texts = super::widget_texts(language).unwrap_or_else(|| panic!("{language} is missing or no table"));
            assert_eq!(texts.keys().cloned().collect::<Vec<_>>(), known, "{language}");
            for (word, text) in texts {
                assert!(!text.trim().is_empty() && text.len() < 400, "{language} {word}");
                let line = english.lines().find(|line| line.trim().starts_with(&format!("{word}: \"")));
                assert_eq!(marks(&text), line.map(marks).unwrap_or_default(), "{language} {word}");
            }
        }
        assert!(super::widget_texts("en").is_none() && super::widget_texts("../types").is_none());
    }

    #[test]
    fn the_widgets_module_is_the_same_code_with_one_way_in() {
        let module = super::widget_module().unwrap();
        assert!(module.ends_with("export { createWidget };\n"));
        assert_eq!(module.matches("\nexport ").count(), 1);
        assert!(!module.contains("\nimport "));
    }

    #[test]
    fn every_module_of_the_widget_is_served() {
        let mut files: Vec<_> = Static::iter()
            .filter_map(|path| path.strip_prefix("widget/")?.strip_suffix(".js").map(str::to_owned))
            .filter(|name| name != "types" && !name.contains('/'))
            .collect();
        files.sort();
        let mut parts = WIDGET_PARTS.to_vec();
        parts.sort_unstable();
        assert_eq!(files, parts);
    }
}
