//! The workspace itself: its name and its end.

use entities::{
    Millis, TenantTx,
    account_identity::revocation,
    accounts,
    audit::{self, Act, Note},
    job, members, tenants,
};
use serde_json::json;
use uuid::Uuid;

use super::authorise;
use crate::{
    audit::{By, server_did, workspace},
    billing,
    contain::Serve,
    fault::{Fault, Invalid},
    integrations::slack,
    request,
    role::ManageTeam,
    sources,
    tenant::TenantSupervisor,
    text::parse_name,
    vault::admin::{destroy_now, queue_destruction},
};

pub struct RenameWorkspace {
    pub by: By,
    pub name: String,
}
/// Requires a second factor of all members, `grace_days` from now on, or of none any more.
pub struct RequireSecondFactor {
    pub by: By,
    pub required: bool,
    pub grace_days: u32,
}
/// What is asked of the passwords of members who sign in by nothing else: characters.
pub struct ShowPasswordLength;
/// Holds for passwords that are set from now on, for who joins, and for who gives their last second factor up.
pub struct SetPasswordLength {
    pub by: By,
    pub length: i32,
}
/// Deletes the workspace: shuts it, and ends it after the time for second thoughts; at once when there is none. Answers when.
pub struct DeleteWorkspace {
    pub by: By,
    /// Must be the workspace's name.
    pub confirm: String,
}
/// Opens a workspace again that was to end. For an Owner: shut as it is, no other pass leads into it.
pub struct KeepWorkspace(pub By);
/// Ends a workspace whose time has come. Its keys are destroyed in the same transaction.
pub struct EndWorkspace(pub(crate) job::Claimed);

request! {
    RenameWorkspace => (), needs ManageTeam, exclusive;
    RequireSecondFactor => Option<Millis>, needs ManageTeam, exclusive;
    ShowPasswordLength => i32, needs ManageTeam;
    SetPasswordLength => (), needs ManageTeam, exclusive;
    DeleteWorkspace => Option<Millis>, needs ManageTeam, exclusive;
    KeepWorkspace => (), needs System, exclusive;
    EndWorkspace => (), needs System, exclusive;
}

const DAY: Millis = 86_400_000;
/// Longer than anyone needs to set up an app.
const MOST_GRACE: u32 = 90;

impl Serve<RequireSecondFactor> for TenantSupervisor {
    async fn serve(&self, rule: RequireSecondFactor) -> Result<Option<Millis>, Fault> {
        if rule.grace_days > MOST_GRACE {
            let reason = format!("Give people at most {MOST_GRACE} days.");
            return Err(Fault::invalid(Invalid::GraceDays, "grace_days", reason));
        }
        let now = self.now();
        let from = rule.required.then(|| now + Millis::from(rule.grace_days) * DAY);
        let changed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, rule.by.account).await?;
            // Who asks for it shows the way, and is not the first to be shut out.
            if rule.required && !members::has_second_factor(tx, rule.by.account).await? {
                return Err(Fault::NoSecondFactor);
            }
            tenants::require_second_factor(tx, from).await?;
            let act = if rule.required {
                Act::SecondFactorRequired
            } else {
                Act::SecondFactorWaived
            };
            let name = tenants::name(tx).await?.unwrap_or_default();
            let details = json!({ "grace_days": rule.grace_days });
            audit::append(tx, rule.by.did_with(act, workspace(name), now, details)).await?;
            Ok(())
        });
        changed.await?;
        self.team_changed();
        Ok(from)
    }
}

impl Serve<RenameWorkspace> for TenantSupervisor {
    async fn serve(&self, rename: RenameWorkspace) -> Result<(), Fault> {
        let name = parse_name(&rename.name, "name")?;
        let now = self.now();
        let renamed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, rename.by.account).await?;
            let details = json!({ "from": tenants::name(tx).await? });
            tenants::rename(tx, &name).await?;
            audit::append(tx, rename.by.did_with(Act::WorkspaceRenamed, workspace(name), now, details)).await?;
            Ok(())
        });
        renamed.await
    }
}

/// What a workspace may ask for: less is asked of nobody, and of an account is known whether its password has so many, not how many.
const LENGTHS: [i32; 2] = [12, accounts::LONG];

impl Serve<ShowPasswordLength> for TenantSupervisor {
    async fn serve(&self, _: ShowPasswordLength) -> Result<i32, Fault> {
        let found = self.db().read(async |tx| tenants::passwords(tx).await).await?;
        found.map(|(_, length)| length).ok_or(Fault::NotFound)
    }
}

impl Serve<SetPasswordLength> for TenantSupervisor {
    async fn serve(&self, set: SetPasswordLength) -> Result<(), Fault> {
        let [usual, long] = LENGTHS;
        if !LENGTHS.contains(&set.length) {
            return Err(Fault::invalid(
                Invalid::PasswordLength,
                "characters",
                format!("Ask for {usual} or {long} characters."),
            ));
        }
        let now = self.now();
        let done = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, set.by.account).await?;
            let (name, before) = tenants::passwords(tx).await?.ok_or(Fault::NotFound)?;
            tenants::set_password_length(tx, set.length).await?;
            let details = json!({ "from": before, "to": set.length });
            audit::append(tx, set.by.did_with(Act::PasswordRuleChanged, workspace(name), now, details)).await?;
            Ok(())
        });
        done.await
    }
}

impl TenantSupervisor {
    /// Ends the workspace, if `note` has something to write down of it.
    async fn end(&self, note: impl AsyncFnOnce(&TenantTx) -> Result<Option<Note>, Fault>) -> Result<(), Fault> {
        let (now, ring) = (self.now(), self.key_ring());
        // While they can be opened.
        let (grants, source_grants) = (self.slack_grants().await?, self.source_grants().await?);
        let ended = self.db().write_alone(async |tx| {
            let Some(note) = note(tx).await? else {
                return Ok::<_, Fault>(None);
            };
            let shares = tenants::delete(tx, now).await?;
            for grant in &grants {
                revocation::enqueue_beside(tx, slack::SOURCE, grant.clone(), now).await?;
            }
            for grant in &source_grants {
                revocation::enqueue_beside(tx, sources::SOURCE, grant.clone(), now).await?;
            }
            // In here: a customer that is made known meanwhile is not missed.
            if let Some(customer) = billing::grant(self.billing(), tx).await? {
                revocation::enqueue_beside(tx, billing::SOURCE, customer, now).await?;
            }
            queue_destruction(tx, ring, Uuid::nil().into(), &shares, now).await?;
            audit::append(tx, note).await?;
            Ok(Some(shares))
        });
        let Some(shares) = ended.await? else { return Ok(()) };
        destroy_now(ring, &shares).await;
        self.forget_projects();
        self.team_changed();
        self.ring();
        Ok(())
    }
}

/// The name of the workspace, if `by` may delete it and typed it.
async fn confirmed(tx: &TenantTx, by: &By, confirm: &str) -> Result<String, Fault> {
    authorise::<ManageTeam>(tx, by.account).await?;
    match tenants::name(tx).await? {
        Some(name) if name == confirm.trim() => Ok(name),
        _ => Err(Fault::ConfirmationMismatch),
    }
}

impl Serve<DeleteWorkspace> for TenantSupervisor {
    async fn serve(&self, delete: DeleteWorkspace) -> Result<Option<Millis>, Fault> {
        let DeleteWorkspace { by, confirm } = delete;
        let (now, grace) = (self.now(), self.second_thoughts_ms());
        if grace == 0 {
            self.end(async |tx| {
                let name = confirmed(tx, &by, &confirm).await?;
                Ok(Some(by.did(Act::WorkspaceDeleted, workspace(name), now)))
            })
            .await?;
            return Ok(None);
        }
        let at = now.saturating_add(grace);
        let shut = self.db().write(async |tx| {
            let name = confirmed(tx, &by, &confirm).await?;
            tenants::end_at(tx, Some(at)).await?;
            let details = json!({ "ends_at": at });
            audit::append(tx, by.did_with(Act::WorkspaceDeletionScheduled, workspace(name), now, details)).await?;
            Ok::<_, Fault>(())
        });
        shut.await?;
        self.team_changed();
        Ok(Some(at))
    }
}

impl Serve<KeepWorkspace> for TenantSupervisor {
    async fn serve(&self, KeepWorkspace(by): KeepWorkspace) -> Result<(), Fault> {
        let now = self.now();
        let kept = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, by.account).await?;
            // Nothing to take back is as well.
            if tenants::rules(tx).await?.ends_at.is_none() {
                return Ok(());
            }
            tenants::end_at(tx, None).await?;
            let name = tenants::name(tx).await?.unwrap_or_default();
            audit::append(tx, by.did(Act::WorkspaceDeletionCancelled, workspace(name), now)).await?;
            Ok::<_, Fault>(())
        });
        kept.await?;
        self.team_changed();
        Ok(())
    }
}

impl Serve<EndWorkspace> for TenantSupervisor {
    async fn serve(&self, EndWorkspace(job): EndWorkspace) -> Result<(), Fault> {
        let now = self.now();
        self.end(async |tx| {
            // Taken back, or to end later: another job sees to that.
            if tenants::rules(tx).await?.ends_at.is_none_or(|at| at > now) {
                job::finish(tx, &job).await?;
                return Ok(None);
            }
            let name = tenants::name(tx).await?.unwrap_or_default();
            Ok(Some(server_did(Act::WorkspaceDeleted, workspace(name), now, json!({}))))
        })
        .await
    }
}
