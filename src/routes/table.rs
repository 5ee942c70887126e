//! What a row of the route table is, and how it is mounted.

pub(super) mod curated;
pub(super) mod disclosure;
pub(super) mod inbox;
pub(super) mod library;
pub(super) mod outbound;
pub(super) mod people;
pub(super) mod privacy;
pub(super) mod sources;
pub(super) mod widget;

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    FromRequest, Handler, HttpResponse, Responder, ResponseError,
    http::{Method, header::ALLOW},
    middleware::from_fn,
    web,
};
use actors::Fault;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{doors, error::Problem};

/// Who may come in, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Nobody in particular: begins a session, or shows what is nobody's secret. A change is JSON from this origin only.
    Open,
    /// A browser that comes back from a provider, or the provider itself. Proves itself by what only they can know.
    Callback,
    /// A provider, by the signature of what it sends.
    Webhook,
    /// A member's session; a change needs the session's token.
    Session,
    /// A public key on an allowed origin.
    Widget,
    /// The session of an operator; for anyone else there is nothing here.
    Operator,
}

impl Door {
    /// What the paths behind it begin with.
    #[must_use]
    pub fn base(self) -> &'static str {
        match self {
            Self::Open | Self::Session | Self::Widget => "/api/v1",
            Self::Operator => "/operator/api",
            // Registered at the providers: these addresses stay as they are.
            Self::Callback | Self::Webhook => "",
        }
    }
}

pub(crate) type Described = (&'static str, RefOr<Schema>, Vec<(String, RefOr<Schema>)>);

pub(crate) enum Body {
    None,
    Json(Box<Described>),
    Form(Box<Described>),
    Files,
}

type Mount = Arc<dyn Fn() -> actix_web::Route + Send + Sync>;

/// One operation.
pub struct Route {
    pub method: Method,
    /// Below its door's base.
    pub path: &'static str,
    pub door: Door,
    pub summary: &'static str,
    pub(crate) body: Body,
    pub(crate) query: &'static [&'static str],
    pub(crate) status: u16,
    pub(crate) answer: Option<Described>,
    /// Why it may answer 202 and nothing more.
    pub(crate) later: Option<&'static str>,
    /// What it may answer instead, with another status.
    pub(crate) or: Option<(u16, Described)>,
    pub(crate) streams: bool,
    pub(crate) file: bool,
    /// Media types of an answer that is no JSON.
    pub(crate) exports: &'static [&'static str],
    /// What it asks to have been proved of late.
    pub(crate) asks: doors::Asked,
    /// Whether it takes no token, because it gives one.
    pub(crate) begins: bool,
    mount: Mount,
}

fn described<T: ToSchema>() -> Described {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    (short_name::<T>(), T::schema(), parts)
}

fn short_name<T: ?Sized>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {$(
        pub(in crate::routes) fn $name<F, Args>(path: &'static str, handler: F, door: Door, summary: &'static str) -> Route
        where
            F: Handler<Args> + Send + Sync,
            F::Output: Responder + 'static,
            Args: FromRequest + 'static,
        {
            let mount = Arc::new(move || web::$name().to(handler.clone()));
            Route { method: Method::$method, path, door, summary, body: Body::None, query: &[], status: 200, answer: None, later: None, or: None, streams: false, file: false, exports: &[], asks: doors::Asked::Nothing, begins: false, mount }
        }
    )*};
}
methods! { get GET post POST put PUT patch PATCH delete DELETE }

impl Route {
    pub(in crate::routes) fn takes<T: ToSchema>(self) -> Self {
        Self {
            body: Body::Json(Box::new(described::<T>())),
            ..self
        }
    }

    /// As a browser's form.
    pub(in crate::routes) fn takes_form<T: ToSchema>(self) -> Self {
        Self {
            body: Body::Form(Box::new(described::<T>())),
            ..self
        }
    }

    pub(in crate::routes) fn takes_files(self) -> Self {
        Self { body: Body::Files, ..self }
    }

    pub(in crate::routes) fn asks(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    pub(in crate::routes) fn gives<T: ToSchema>(self, status: u16) -> Self {
        Self {
            status,
            answer: Some(described::<T>()),
            ..self
        }
    }

    /// Another answer than the usual one, that is no refusal.
    pub(in crate::routes) fn or<T: ToSchema>(self, status: u16) -> Self {
        Self {
            or: Some((status, described::<T>())),
            ..self
        }
    }

    pub(in crate::routes) fn gives_file(self) -> Self {
        Self { file: true, ..self }
    }

    pub(in crate::routes) fn exports(self, exports: &'static [&'static str]) -> Self {
        Self { exports, ..self }
    }

    /// Sends the browser on.
    pub(in crate::routes) fn leads_on(self) -> Self {
        Self { status: 303, ..self }
    }

    pub(in crate::routes) fn empty(self) -> Self {
        Self { status: 204, ..self }
    }

    /// It is being seen to, and more is not said.
    pub(in crate::routes) fn accepted(self) -> Self {
        Self { status: 202, ..self }
    }

    /// Or 202, when `what` is all that is said.
    pub(in crate::routes) fn or_later(self, what: &'static str) -> Self {
        Self { later: Some(what), ..self }
    }

    /// Also as server-sent events.
    pub(in crate::routes) fn streams(self) -> Self {
        Self { streams: true, ..self }
    }

    /// Whether it asks for a proof of who it is that is not old.
    #[must_use]
    pub fn asked(&self) -> doors::Asked {
        self.asks
    }

    /// Whether it takes JSON.
    #[must_use]
    pub fn takes_json(&self) -> bool {
        matches!(self.body, Body::Json(_))
    }

    /// Only for those who proved who they are within the last ten minutes.
    pub(in crate::routes) fn fresh(self) -> Self {
        self.asking(doors::Asked::Any)
    }

    pub(in crate::routes) fn asking(self, asks: doors::Asked) -> Self {
        Self { asks, ..self }
    }

    /// Begins what the others of its door go on with.
    pub(in crate::routes) fn begins(self) -> Self {
        Self { begins: true, ..self }
    }

    fn guarded(&self) -> actix_web::Route {
        let route = match self.asks {
            doors::Asked::Nothing => (self.mount)(),
            // Inside of the token's check: a page elsewhere learns nothing from it.
            asked => (self.mount)().wrap(from_fn(move |request, next| doors::freshly_proven(asked, request, next))),
        };
        match self.door {
            Door::Callback => route,
            Door::Webhook => route.wrap(from_fn(doors::counted_by_address)),
            Door::Open if self.method == Method::GET => route,
            // No JSON, and so proved in another way to come from no form elsewhere.
            Door::Open if matches!(self.body, Body::Files) => route.wrap(from_fn(doors::same_origin_by_bearer)),
            Door::Open => route.wrap(from_fn(doors::same_origin)),
            Door::Session if self.method == Method::GET => route,
            Door::Session => route.wrap(from_fn(doors::with_token)),
            Door::Widget => route.wrap(from_fn(doors::cross_origin)),
            Door::Operator if self.method == Method::GET => route.wrap(from_fn(doors::operators_only)),
            Door::Operator => route.wrap(from_fn(doors::with_token)).wrap(from_fn(doors::operators_only)),
        }
    }
}

/// Mounts those of `routes` whose path begins with `base`, each behind its door.
pub fn mount(routes: &[Route], base: &str, scope: &mut web::ServiceConfig) {
    let mut by_path: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in routes.iter().filter(|route| route.door.base() == base) {
        by_path.entry(route.path).or_default().push(route);
    }
    for (path, routes) in by_path {
        let mut resource = web::resource(path);
        if routes.iter().any(|route| route.door == Door::Widget) {
            resource = resource.route(web::method(Method::OPTIONS).to(doors::preflight).wrap(from_fn(doors::cross_origin)));
        }
        let allowed: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
        let allowed = allowed.join(", ");
        let hidden = routes.iter().any(|route| route.door == Door::Operator);
        for route in routes {
            resource = resource.route(route.guarded());
        }
        resource = resource.default_service(web::to(move || {
            if hidden {
                // Not even that a method is the wrong one.
                return std::future::ready(Problem::Fault(Fault::NotFound).error_response());
            }
            let refusal = HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed.clone())).finish();
            std::future::ready(refusal)
        }));
        scope.service(resource);
    }
}
