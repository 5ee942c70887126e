//! For those who run the installation.

use std::{collections::HashMap, time::Duration};

use actix_web::{
    HttpResponse, rt,
    web::{Bytes, Json, Path, Query},
};
use actors::{contain::Status, operators::Act, watch::ActorName};
use serde_json::json;
use tokio::sync::mpsc;

use super::views::{ActView, ActorFilter, ActorTotals, ActorView, ActorsPage, Acts, BackupsView, Done, ServerView, TenantActorsView};
use crate::{
    doors::OperatorPass,
    error::Problem,
    stream::{asked_to_stop, event, streaming},
    vitals,
};

/// The tenants of a page, and how it lies among the others.
struct Shown {
    tenants: Vec<TenantActorsView>,
    matching: usize,
    page: usize,
    pages: usize,
}

fn shown(filter: &ActorFilter, actors: &[Status]) -> Shown {
    let mut tenants = filter.trees(actors);
    let (page, limit) = filter.paging();
    let matching = tenants.len();
    let pages = matching.div_ceil(limit).max(1);
    let page = page.min(pages);
    Shown {
        tenants: tenants.drain(..).skip((page - 1) * limit).take(limit).collect(),
        matching,
        page,
        pages,
    }
}

async fn whole(pass: &OperatorPass, totals: ActorTotals, shown: Shown) -> Result<ActorsPage, Problem> {
    Ok(ActorsPage {
        server: ServerView::new(
            pass.started_at(),
            vitals::memory(),
            pass.busy(),
            pass.jobs().await?,
            BackupsView::new(pass.backups().await?),
        ),
        totals,
        tenants: shown.tenants,
        matching: shown.matching,
        page: shown.page,
        pages: shown.pages,
        history: pass.history().into_iter().map(Into::into).collect(),
    })
}

pub async fn actors(pass: OperatorPass, filter: Query<ActorFilter>) -> Result<Json<ActorsPage>, Problem> {
    let actors = pass.actors();
    Ok(Json(whole(&pass, ActorTotals::of(&actors), shown(&filter, &actors)).await?))
}

const EVERY: Duration = Duration::from_secs(1);
/// Rounds after which the operator's flag is asked for again.
const PROVE: u32 = 5;
/// Rounds of one stream. The page asks again, through the door: a session that ended sees no more.
const LONGEST: u32 = 300;
/// Rounds after which the whole page is told again: what waits in the database is part of it.
const WHOLE: u32 = 10;
/// Rounds between two whole pages at least.
const APART: u32 = 2;
/// How long the database may take to tell what waits. The figures in memory must not stop for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is shown, live: `totals` each second; `page` at first, when other actors are to be shown, and every ten seconds; in other seconds
/// `changed`, with the actors on the page that changed. All of it is told by one node: another request may be answered by another one.
pub async fn stream(pass: OperatorPass, filter: Query<ActorFilter>) -> HttpResponse {
    let (out, body) = mpsc::channel::<Bytes>(4);
    rt::spawn(async move {
        let mut seen: HashMap<String, ActorView> = HashMap::new();
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = Box::pin(asked_to_stop());
        let (mut round, mut told, mut owed) = (0, 0, true);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = &mut stop => return,
            }
            round += 1;
            if out.is_closed() || round > LONGEST || (round % PROVE == 0 && !pass.holds().await) {
                return;
            }
            let actors = pass.actors();
            let (totals, shown) = (ActorTotals::of(&actors), shown(&filter, &actors));
            let latest = pass.history().pop().map(super::views::SampleView::from);
            let mut text = event("totals", &json!({ "totals": totals, "latest": latest })).to_vec();
            let now: HashMap<String, ActorView> = shown
                .tenants
                .iter()
                .flat_map(|tree| &tree.actors)
                .map(|actor| (actor.id.clone(), actor.clone()))
                .collect();
            owed |= seen.len() != now.len() || seen.keys().any(|id| !now.contains_key(id)) || round - told >= WHOLE;
            let page = match owed && (told == 0 || round - told >= APART) {
                true => tokio::time::timeout(PATIENCE, whole(&pass, totals, shown))
                    .await
                    .ok()
                    .and_then(Result::ok),
                false => None,
            };
            if let Some(page) = page {
                text.extend(event("page", &json!(page)));
                (told, owed) = (round, false);
            } else {
                let changed: Vec<&ActorView> = now.values().filter(|actor| differs(seen.get(&actor.id), actor)).collect();
                if !changed.is_empty() {
                    text.extend(event("changed", &json!({ "actors": changed })));
                }
            }
            seen = now;
            if out.send(text.into()).await.is_err() {
                return;
            }
        }
    });
    streaming(body)
}

/// Time alone is no change.
fn differs(before: Option<&ActorView>, now: &ActorView) -> bool {
    before.is_none_or(|before| {
        let aged = ActorView {
            idle_s: now.idle_s,
            retry_after_s: now.retry_after_s,
            ..before.clone()
        };
        aged != *now
    })
}

async fn act(pass: &OperatorPass, act: Act, id: &str) -> Result<Json<Done>, Problem> {
    let name: ActorName = id.parse()?;
    pass.act(act, &name).await?;
    Ok(Json(Done { done: true }))
}

pub async fn reset(pass: OperatorPass, actor: Path<String>) -> Result<Json<Done>, Problem> {
    act(&pass, Act::Reset, &actor).await
}

pub async fn evict(pass: OperatorPass, actor: Path<String>) -> Result<Json<Done>, Problem> {
    act(&pass, Act::Evict, &actor).await
}

pub async fn acts(pass: OperatorPass) -> Result<Json<Acts>, Problem> {
    let acts = pass.acts(50).await?;
    Ok(Json(Acts {
        acts: acts.into_iter().map(ActView::from).collect(),
    }))
}
