//! For those who run the installation.

use std::{collections::HashMap, time::Duration};

use actix_web::{
    HttpResponse, rt,
    web::{Bytes, Json, Path, Query},
};
use actors::{operators::Act, watch::ActorName};
use serde_json::json;
use tokio::sync::mpsc;

use super::views::{ActView, ActorFilter, ActorTotals, ActorView, ActorsPage, Acts, BackupsView, Done, ServerView};
use crate::{
    doors::OperatorPass,
    error::Problem,
    stream::{asked_to_stop, event, streaming},
    vitals,
};

async fn page(pass: &OperatorPass, filter: &ActorFilter) -> Result<ActorsPage, Problem> {
    let actors = pass.actors();
    let mut tenants = filter.trees(&actors);
    let (page, limit) = filter.paging();
    let matching = tenants.len();
    let pages = matching.div_ceil(limit).max(1);
    let page = page.min(pages);
    let tenants = tenants.drain(..).skip((page - 1) * limit).take(limit).collect();
    Ok(ActorsPage {
        server: ServerView::new(
            pass.started_at(),
            vitals::memory(),
            pass.busy(),
            pass.jobs().await?,
            BackupsView::new(pass.backups().await?),
        ),
        totals: ActorTotals::of(&actors),
        tenants,
        matching,
        page,
        pages,
        history: pass.history().into_iter().map(Into::into).collect(),
    })
}

pub async fn actors(pass: OperatorPass, filter: Query<ActorFilter>) -> Result<Json<ActorsPage>, Problem> {
    Ok(Json(page(&pass, &filter).await?))
}

const EVERY: Duration = Duration::from_secs(1);
/// Rounds after which the operator's flag is asked for again.
const PROVE: u32 = 5;
/// Rounds of one stream. The page asks again, through the door: a session that ended sees no more.
const LONGEST: u32 = 300;
/// Rounds after which the whole page is told again: how much waits is part of it.
const WHOLE: u32 = 10;
/// Changes that one event carries at most: the totals tell of the rest.
const MOST_CHANGES: usize = 500;

/// Changes as they happen: `totals` each second; `page` at first and whenever actors came or left; `changed` with those that changed since.
/// All of it is told by one node: another answer may come from another one.
pub async fn stream(pass: OperatorPass, filter: Query<ActorFilter>) -> HttpResponse {
    let (out, body) = mpsc::channel::<Bytes>(4);
    rt::spawn(async move {
        let mut seen: Option<HashMap<String, ActorView>> = None;
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = Box::pin(asked_to_stop());
        let mut round = 0;
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
            let latest = pass.history().pop().map(super::views::SampleView::from);
            let mut text = event("totals", &json!({ "totals": ActorTotals::of(&actors), "latest": latest })).to_vec();
            let now: HashMap<String, ActorView> = filter
                .trees(&actors)
                .into_iter()
                .flat_map(|tree| tree.actors)
                .map(|actor| (actor.id.clone(), actor))
                .collect();
            let same = seen
                .as_ref()
                .is_some_and(|seen| seen.len() == now.len() && seen.keys().all(|id| now.contains_key(id)));
            if !same || round % WHOLE == 0 {
                // The rows do not answer: told with the next second that they do.
                let Ok(page) = page(&pass, &filter).await else { continue };
                text.extend(event("page", &json!(page)));
            }
            if let Some(seen) = &seen {
                let changed: Vec<&ActorView> = now
                    .values()
                    .filter(|actor| differs(seen.get(&actor.id), actor))
                    .take(MOST_CHANGES)
                    .collect();
                if !changed.is_empty() {
                    text.extend(event("changed", &json!({ "actors": changed })));
                }
            }
            seen = Some(now);
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
