//! The widget: its set-up, and what visitors do.

use super::{
    Door::{Session, Widget},
    Route, delete, get, patch, post, put,
};
use crate::routes::{dashboard::set_up, views as v, widget};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get("/projects/{project}/widget", set_up::show, Session, "The widget's set-up").gives::<v::WidgetView>(200),
        patch("/projects/{project}/widget", set_up::change, Session, "Change the widget's set-up")
            .takes::<v::WidgetChange>()
            .gives::<v::WidgetView>(200),
        post("/projects/{project}/widget/key", set_up::rotate, Session, "Replace the public key")
            .fresh()
            .gives::<v::WidgetView>(200),
        post(
            "/projects/{project}/widget/identity",
            set_up::rotate_identity,
            Session,
            "Make an identity secret, or a new one; the old one is good too for a day",
        )
        .fresh()
        .gives::<v::IdentitySecretView>(201),
        delete(
            "/projects/{project}/widget/identity",
            set_up::remove_identity,
            Session,
            "Remove the identity secret: nobody can say who a visitor is",
        )
        .fresh()
        .empty(),
        get("/projects/{project}/widget/logo", set_up::logo, Session, "The widget's logo").exports(PICTURES),
        put(
            "/projects/{project}/widget/logo",
            set_up::set_logo,
            Session,
            "Set the widget's logo: PNG, JPEG or WebP",
        )
        .takes_files()
        .gives::<v::WidgetView>(200),
        delete(
            "/projects/{project}/widget/logo",
            set_up::remove_logo,
            Session,
            "Remove the widget's logo",
        )
        .gives::<v::WidgetView>(200),
        post("/widget/{key}/visits", widget::visit, Widget, "Begin or continue a visit")
            .takes::<v::VisitBody>()
            .gives::<v::VisitView>(201)
            .begins(),
        post("/widget/{key}/questions", widget::ask, Widget, "Ask")
            .takes::<v::VisitorQuestion>()
            .gives::<v::AnswerView>(200)
            .streams(),
        get(
            "/widget/{key}/conversation",
            widget::conversation,
            Widget,
            "The visitor's own conversation",
        )
        .gives::<v::Turns>(200),
        post(
            "/widget/{key}/messages/{message}/feedback",
            widget::feedback,
            Widget,
            "Say whether an answer helped",
        )
        .takes::<v::Helpful>()
        .empty(),
        post("/widget/{key}/hand-off", widget::hand_off, Widget, "Ask for a person")
            .takes::<v::HandOffBody>()
            .gives::<v::HandedOver>(201),
        get("/widget/{key}/logo", widget::logo, Widget, "The team's logo").exports(PICTURES),
    ]
}

const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/webp"];
