//! The widget: who its visitors are, and its logo.

use entities::{
    visitor,
    widget_identity::{self, WidgetIdentity},
    widget_logo::{self, WidgetLogo},
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "widget_identity::find",
    "widget_identity::put",
    "widget_identity::delete",
    "widget_logo::find",
    "widget_logo::put",
    "widget_logo::delete",
    "visitor::become_one",
    "visitor::hand_over",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, at) = (call.project(), call.at);
    match call.operation {
        "widget_identity::find" => read(db, async |tx| widget_identity::find(tx, project).await).await,
        "widget_identity::put" => {
            let new = WidgetIdentity {
                secret: call.credential(),
                secret_at: at,
                previous: call.n[2].is_multiple_of(2).then(|| (call.credential(), at)),
            };
            write(db, async |tx| widget_identity::put(tx, project, new).await).await
        }
        "widget_identity::delete" => write(db, async |tx| widget_identity::delete(tx, project).await).await,
        "widget_logo::find" => read(db, async |tx| widget_logo::find(tx, project).await).await,
        "widget_logo::put" => {
            let new = WidgetLogo {
                media_type: call.content(),
                sealed: call.sealed(),
            };
            write(db, async |tx| widget_logo::put(tx, project, new).await).await
        }
        "widget_logo::delete" => write(db, async |tx| widget_logo::delete(tx, project).await).await,
        "visitor::become_one" => {
            let other = id(6, call.n[3] + 1, 2).into();
            write(db, async |tx| visitor::become_one(tx, project, call.visitor(), other).await).await
        }
        "visitor::hand_over" => write(db, async |tx| visitor::hand_over(tx, project, call.conversation(), at).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
