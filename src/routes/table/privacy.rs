//! What a project keeps of what people write.

use super::{Door::Session, Route, delete, get, put};
use crate::routes::{dashboard::privacy, views as v};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get(
            "/projects/{project}/privacy",
            privacy::show,
            Session,
            "What is masked, and how long conversations are kept",
        )
        .asks(&["keep_days"])
        .gives::<v::PrivacyView>(200),
        put(
            "/projects/{project}/privacy",
            privacy::set,
            Session,
            "Say what is masked, and how long conversations are kept; what is older is deleted",
        )
        .takes::<v::PrivacyBody>()
        .fresh()
        .gives::<v::PrivacyView>(200),
        get(
            "/projects/{project}/visitors/{visitor}",
            privacy::trace,
            Session,
            "What there is of a visitor",
        )
        .gives::<v::StoredVisitor>(200),
        get(
            "/projects/{project}/visitors/{visitor}/export",
            privacy::export,
            Session,
            "Everything that is stored of a visitor",
        )
        .fresh()
        .gives::<v::VisitorData>(200),
        delete(
            "/projects/{project}/visitors/{visitor}",
            privacy::erase,
            Session,
            "Delete everything that is stored of a visitor",
        )
        .fresh()
        .gives::<v::Erasure>(200),
    ]
}
