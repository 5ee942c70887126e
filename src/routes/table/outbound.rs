//! Webhooks that projects send.

use super::{Door::Session, Route, delete, get, patch, post};
use crate::routes::{dashboard::webhooks, views as v};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get(
            "/projects/{project}/webhooks",
            webhooks::list,
            Session,
            "Where the project's events go",
        )
        .gives::<v::Webhooks>(200),
        post("/projects/{project}/webhooks", webhooks::create, Session, "Add a webhook")
            .takes::<v::NewWebhook>()
            .fresh()
            .gives::<v::WebhookSecretView>(201),
        patch(
            "/projects/{project}/webhooks/{webhook}",
            webhooks::change,
            Session,
            "Change, pause or resume a webhook",
        )
        .takes::<v::WebhookPatch>()
        .fresh()
        .gives::<v::WebhookView>(200),
        delete(
            "/projects/{project}/webhooks/{webhook}",
            webhooks::delete,
            Session,
            "Delete a webhook",
        )
        .fresh()
        .empty(),
        post(
            "/projects/{project}/webhooks/{webhook}/secret",
            webhooks::rotate,
            Session,
            "Replace a webhook's secret; the old one signs too for a day",
        )
        .fresh()
        .gives::<v::WebhookSecretView>(200),
        post(
            "/projects/{project}/webhooks/{webhook}/test",
            webhooks::test,
            Session,
            "Send a test event",
        )
        .gives::<v::DeliveryView>(201),
        get(
            "/projects/{project}/webhooks/{webhook}/deliveries",
            webhooks::deliveries,
            Session,
            "What was sent, the latest first",
        )
        .asks(&["limit", "before"])
        .gives::<v::DeliveriesView>(200),
        get(
            "/projects/{project}/webhooks/{webhook}/deliveries/{delivery}",
            webhooks::delivery,
            Session,
            "A delivery with its body",
        )
        .gives::<v::DeliveryPage>(200),
        post(
            "/projects/{project}/webhooks/{webhook}/deliveries/{delivery}/replay",
            webhooks::replay,
            Session,
            "Send a delivery again, under the same id",
        )
        .gives::<v::DeliveryView>(200),
    ]
}
