//! Every path, on this page and on the ones beside it (`routes/integrations.rs`, `routes/table/`). A route is mounted, described in the
//! OpenAPI document and covered by the authorization test because it is in these tables; the door it is behind is a property of its row.

pub mod account;
pub mod assets;
pub mod dashboard;
pub mod disclosure;
mod integrations;
pub mod mailed;
pub mod operator;
pub mod providers;
pub mod second_factor;
pub mod slack;
pub mod stripe;
mod table;
pub mod told;
pub mod trust;
pub mod views;
pub mod webhooks;
pub mod widget;

pub(crate) use table::{Body, Described};
pub use table::{Door, Route, mount};
use table::{delete, get, patch, post, put};

use dashboard::{audit, projects, questions, synonyms};

/// The API: below `/operator/api` what is behind the operators' door, below `/api/v1` the rest.
#[must_use]
pub fn api() -> Vec<Route> {
    use Door::{Operator, Session};
    use views as v;
    let mut rows = table::people::rows();
    rows.extend(integrations::integrations());
    rows.extend(integrations::slack());
    rows.extend(integrations::connections());
    rows.extend(table::curated::rows());
    rows.extend(table::outbound::rows());
    rows.extend(table::sources::rows());
    rows.extend(table::inbox::rows());
    rows.extend(table::widget::rows());
    rows.extend(table::privacy::rows());
    rows.extend(table::library::rows());
    rows.extend(table::disclosure::rows());
    rows.extend(integrations::billing());
    rows.extend([
        get(
            "/trust",
            trust::list,
            Door::Open,
            "What is claimed of security, and what came of its checks",
        )
        .gives::<v::TrustView>(200),
        get("/audit", audit::list, Session, "What was done in the workspace, the latest first")
            .asks(&["act", "actor", "from", "to", "before", "limit"])
            .gives::<v::AuditLog>(200),
        get("/audit/key", audit::key, Session, "By what exports of the audit log are verified").gives::<v::AuditKey>(200),
        get("/audit/export", audit::export, Session, "The whole audit log, signed")
            .asks(&["format"])
            .fresh()
            .exports(&["application/jsonl", "text/csv"]),
        get("/projects", projects::list, Session, "The workspace's projects").gives::<v::Projects>(200),
        post("/projects", projects::create, Session, "Create a project")
            .takes::<v::NameBody>()
            .gives::<v::ProjectView>(201),
        get("/projects/{project}", projects::show, Session, "A project").gives::<v::ProjectView>(200),
        patch("/projects/{project}", projects::rename, Session, "Rename a project")
            .takes::<v::NameBody>()
            .gives::<v::ProjectView>(200),
        delete(
            "/projects/{project}",
            projects::delete,
            Session,
            "Delete a project and destroy its key",
        )
        .takes::<v::Confirmation>()
        .fresh()
        .empty(),
        post("/projects/{project}/questions", questions::ask, Session, "Try a question")
            .takes::<v::Question>()
            .gives::<v::AnswerView>(200)
            .streams(),
        post(
            "/projects/{project}/messages/{message}/feedback",
            questions::feedback,
            Session,
            "Say whether an answer helped",
        )
        .takes::<v::Helpful>()
        .empty(),
        get("/projects/{project}/synonyms", synonyms::show, Session, "Words that mean the same").gives::<v::Synonyms>(200),
        put(
            "/projects/{project}/synonyms",
            synonyms::set,
            Session,
            "Set the words that mean the same",
        )
        .takes::<v::Synonyms>()
        .gives::<v::Synonyms>(200),
        get("/actors", operator::actors, Operator, "How the actors of this process are")
            .asks(&["state", "kind", "tenant", "page", "limit"])
            .gives::<v::ActorsPage>(200),
        get(
            "/actors/stream",
            operator::stream,
            Operator,
            "The actors of the process that answers, live",
        )
        .asks(&["state", "kind", "tenant", "page", "limit"])
        .streams(),
        post("/actors/{actor}/reset", operator::reset, Operator, "Rebuild an actor from storage").gives::<v::Done>(200),
        post(
            "/actors/{actor}/evict",
            operator::evict,
            Operator,
            "Let go of a project's actor, or of a tenant's whole tree",
        )
        .gives::<v::Done>(200),
        get("/acts", operator::acts, Operator, "What operators did").gives::<v::Acts>(200),
    ]);
    rows
}
