//! The OpenAPI 3.1 document, made from the route table.

use actix_web::http::Method;
use actors::knowledge::parse::MediaType;
use utoipa::{
    ToSchema,
    openapi::{
        Components, ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths, RefOr, Required, ResponseBuilder, Schema,
        path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{KnownFormat, ObjectBuilder, Ref, SchemaFormat, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    error::ProblemDocument,
    routes::{Door, Route},
};

/// Describes `routes`.
#[must_use]
pub fn document(routes: &[Route]) -> OpenApi {
    let mut components = Components::new();
    let mut parts = Vec::new();
    ProblemDocument::schemas(&mut parts);
    components.schemas.extend(parts);
    components
        .schemas
        .insert("Problem".into(), <ProblemDocument as utoipa::PartialSchema>::schema());
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-pernoex"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let token = ApiKey::Header(ApiKeyValue::new("X-CSRF-Token"));
    components.add_security_scheme("csrf", SecurityScheme::ApiKey(token));
    components.add_security_scheme(
        "visitor",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    let mut paths = Paths::new();
    for route in routes {
        let operation = operation(route, &mut components);
        let method = match route.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::PATCH => HttpMethod::Patch,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        paths.add_path_operation(format!("{}{}", route.door.base(), route.path), vec![method], operation);
    }
    let info = InfoBuilder::new()
        .title("Pernoex")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Everything that the dashboard and the widget do. Errors are RFC 9457 problem documents with a stable code.",
        ));
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths)
        .components(Some(components))
        .build()
}

fn named(components: &mut Components, (name, schema, parts): &crate::routes::Described) -> RefOr<Schema> {
    components.schemas.extend(parts.iter().cloned());
    components.schemas.insert((*name).to_owned(), schema.clone());
    RefOr::Ref(Ref::from_schema_name(*name))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn operation(route: &Route, components: &mut Components) -> Operation {
    let tag = match route.door {
        Door::Operator => "operator",
        _ => route.path.split('/').nth(1).unwrap_or_default(),
    };
    let mut operation = OperationBuilder::new()
        .summary(Some(route.summary))
        .tag(tag)
        .operation_id(Some(operation_id(route)));
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let schema = if matches!(name, "key" | "actor" | "provider" | "endpoint" | "page") {
            text()
        } else {
            text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schema));
        operation = operation.parameter(parameter);
    }
    for name in route.query {
        let kind = match *name {
            "limit" | "days" | "stale_days" | "page" => Type::Integer,
            "fresh" | "handed_over" | "mine" | "done" => Type::Boolean,
            _ => Type::String,
        };
        let schema = ObjectBuilder::new().schema_type(kind);
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(*name)
                .parameter_in(ParameterIn::Query)
                .schema(Some(schema)),
        );
    }
    match &route.body {
        crate::routes::Body::None => {}
        crate::routes::Body::Json(described) | crate::routes::Body::Form(described) => {
            let kind = match route.takes_json() {
                true => "application/json",
                false => "application/x-www-form-urlencoded",
            };
            let content = ContentBuilder::new().schema(Some(named(components, described))).build();
            operation = operation.request_body(Some(
                RequestBodyBuilder::new()
                    .content(kind, content)
                    .required(Some(Required::True))
                    .build(),
            ));
        }
        crate::routes::Body::Files => {
            let file = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            let form = ObjectBuilder::new().property("file", file).required("file");
            let content = ContentBuilder::new().schema(Some(Schema::from(form.build()))).build();
            operation = operation.request_body(Some(
                RequestBodyBuilder::new()
                    .content("multipart/form-data", content)
                    .required(Some(Required::True))
                    .build(),
            ));
        }
    }
    let mut success = ResponseBuilder::new().description(route.summary);
    if let Some(described) = &route.answer {
        success = success.content(
            "application/json",
            ContentBuilder::new().schema(Some(named(components, described))).build(),
        );
    }
    if route.streams {
        success = success.content(
            "text/event-stream",
            ContentBuilder::new().schema(Some(Schema::from(text().build()))).build(),
        );
    }
    if route.file {
        for media in MediaType::ALL {
            success = success.content(media.as_str(), ContentBuilder::new().build());
        }
    }
    for media in route.exports {
        success = success.content(*media, ContentBuilder::new().build());
    }
    let problem = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
        .build();
    let problem = ResponseBuilder::new()
        .description("Why not")
        .content("application/problem+json", problem);
    operation = operation.response(route.status.to_string(), success).response("default", problem);
    if let Some(what) = route.later {
        operation = operation.response("202", ResponseBuilder::new().description(what));
    }
    if let Some((status, described)) = &route.or {
        let content = ContentBuilder::new().schema(Some(named(components, described))).build();
        let other = ResponseBuilder::new()
            .description("What is needed besides")
            .content("application/json", content);
        operation = operation.response(status.to_string(), other);
    }
    let nothing: [&str; 0] = [];
    match route.door {
        // The key is in the path: whoever knows it may begin.
        Door::Widget if route.begins => operation.security(SecurityRequirement::default()),
        Door::Open | Door::Callback | Door::Webhook => operation.security(SecurityRequirement::default()),
        Door::Session | Door::Operator if route.method == Method::GET => operation.security(SecurityRequirement::new("session", nothing)),
        Door::Session | Door::Operator => operation.security(SecurityRequirement::new("session", nothing).add("csrf", nothing)),
        Door::Widget => operation.security(SecurityRequirement::new("visitor", nothing)),
    }
    .build()
}

/// Such as `post_projects_project_documents`.
fn operation_id(route: &Route) -> String {
    let path = route.path.replace(['{', '}'], "").replace('/', "_");
    format!("{}{path}", route.method.as_str().to_lowercase())
}
