//! Invitations: a link for one address, that opens the workspace once and for a while.

use entities::{
    AccountId, InvitationId, Millis, NewAccount, ProjectId, TenantTx, accounts,
    audit::{self, Act, Target},
    invitations::{self as rows, Invitation},
    members, projects, tenants,
    tenants::Role,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{authorise, conflict, parse_projects};
use crate::{
    audit::By,
    billing::{Meter, require_room, require_seat},
    contain::Serve,
    fault::{Fault, Limit},
    identity::Email,
    mail::{Kind, Message},
    request,
    role::{Level, ManageTeam},
    tenant::TenantSupervisor,
    token,
};

/// What the invited person brings: 256 random bits. Stored as a hash only. Wiped when dropped; cannot be printed.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct InvitationToken(Zeroizing<String>);

/// The SHA-256 of a token.
#[derive(Clone, Copy)]
pub struct TokenHash(pub(crate) [u8; 32]);

impl InvitationToken {
    fn generate() -> Self {
        Self(Zeroizing::new(format!("inv_{}", token::random().as_str())))
    }

    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(token::hash(&self.0))
    }

    /// For the one time that the link is shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug)]
pub struct InvitationCard {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    pub projects: Vec<ProjectId>,
    /// The address of the member who invited, if they still are one.
    pub invited_by: Option<String>,
    pub created_at: Millis,
    pub expires_at: Millis,
    pub expired: bool,
}

/// What the invited person is told before they accept.
pub struct Preview {
    pub workspace: String,
    pub email: String,
    pub role: Role,
    /// Names of the projects that a Member will see.
    pub projects: Vec<String>,
    pub invited_by: Option<String>,
    pub expires_at: Millis,
    /// Characters that a new account's password must have.
    pub password_length: i32,
}

/// Who accepts.
pub enum Joiner {
    /// With an account of this address.
    Known { account: AccountId, email: String },
    /// With an account that is made in the same transaction, of the invitation's address.
    New(NewAccount),
}

pub struct ListInvitations;
/// Invites an address. An earlier invitation of it that expired is replaced.
pub struct Invite {
    pub by: By,
    pub email: String,
    pub role: Role,
    pub projects: Vec<ProjectId>,
}
/// A new link for an invitation. The old one is dead when this returns.
pub struct RenewInvitation {
    pub by: By,
    pub invitation: InvitationId,
}
pub struct RevokeInvitation {
    pub by: By,
    pub invitation: InvitationId,
}
pub struct PreviewInvitation(pub InvitationId);
pub struct AcceptInvitation {
    pub invitation: InvitationId,
    pub token: TokenHash,
    pub joiner: Joiner,
    /// The network address of whoever accepts.
    pub address: String,
}

request! {
    ListInvitations => Vec<InvitationCard>, needs ManageTeam;
    Invite => (InvitationCard, InvitationToken), needs ManageTeam, exclusive;
    RenewInvitation => (InvitationCard, InvitationToken), needs ManageTeam, exclusive;
    RevokeInvitation => (), needs ManageTeam, exclusive;
    PreviewInvitation => Preview, needs System;
    AcceptInvitation => (), needs System, exclusive;
}

/// More than any team invites at a time; bounds what one workspace can make the server hold.
const MOST_PENDING: usize = 200;

/// What somebody invited ends with their right to invite: a removed Owner does not come back by a link of their own.
async fn require_inviter(tx: &TenantTx, invitation: &Invitation) -> Result<(), Fault> {
    match tenants::role_of(tx, invitation.invited_by).await? {
        Some(role) if role >= ManageTeam::LEAST => Ok(()),
        _ => Err(Fault::InvitationInvalid),
    }
}

async fn card(tx: &TenantTx, invitation: Invitation, now: Millis) -> Result<InvitationCard, Fault> {
    Ok(InvitationCard {
        id: invitation.id,
        invited_by: members::email_of(tx, invitation.invited_by).await?,
        email: invitation.email,
        role: invitation.role,
        projects: invitation.projects,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
        expired: invitation.expires_at <= now,
    })
}

fn target(card: &InvitationCard) -> Target {
    Target::of("invitation", card.id, card.email.as_str())
}

impl Serve<ListInvitations> for TenantSupervisor {
    async fn serve(&self, _: ListInvitations) -> Result<Vec<InvitationCard>, Fault> {
        let now = self.now();
        let listed = self.db().read(async |tx| {
            let mut cards = Vec::new();
            for invitation in rows::list(tx).await? {
                cards.push(card(tx, invitation, now).await?);
            }
            Ok(cards)
        });
        listed.await
    }
}

impl Serve<Invite> for TenantSupervisor {
    async fn serve(&self, invite: Invite) -> Result<(InvitationCard, InvitationToken), Fault> {
        let email = Email::parse(&invite.email)?.as_str().to_owned();
        let (now, token) = (self.now(), InvitationToken::generate());
        let expires_at = now + self.invitation_ms();
        let invited = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, invite.by.account).await?;
            if members::has_email(tx, &email).await? {
                return Err(Fault::AlreadyMember);
            }
            match rows::find_by_email(tx, &email).await? {
                Some(earlier) if earlier.expires_at > now => return Err(Fault::AlreadyInvited),
                Some(earlier) => drop(rows::revoke(tx, earlier.id).await?),
                None => {}
            }
            if rows::list(tx).await?.len() >= MOST_PENDING {
                return Err(Fault::Limit {
                    code: Limit::TooManyInvitations,
                    reason: format!("A workspace has at most {MOST_PENDING} open invitations. Revoke some first."),
                });
            }
            let invitation = Invitation {
                id: InvitationId::new(),
                projects: parse_projects(tx, invite.role, &invite.projects).await?,
                email,
                role: invite.role,
                invited_by: invite.by.account,
                created_at: now,
                expires_at,
            };
            rows::insert(tx, &invitation, token.hash().0)
                .await
                .map_err(conflict(Fault::AlreadyInvited))?;
            require_room(self.billing(), tx, Meter::Members, now).await?;
            self.mail(tx, &invitation, &token).await?;
            let card = card(tx, invitation, now).await?;
            let details = json!({ "role": card.role, "projects": card.projects });
            audit::append(tx, invite.by.did_with(Act::MemberInvited, target(&card), now, details)).await?;
            Ok(card)
        });
        let invited = invited.await?;
        self.outbox().ring();
        Ok((invited, token))
    }
}

impl TenantSupervisor {
    /// To the invited, in the transaction that invites them.
    async fn mail(&self, tx: &TenantTx, invitation: &Invitation, token: &InvitationToken) -> Result<(), Fault> {
        let kind = Kind::Invitation {
            token: token.0.clone(),
            workspace: tenants::name(tx).await?.unwrap_or_default(),
            invited_by: members::email_of(tx, invitation.invited_by).await?,
            hours: self.invitation_ms() / 3_600_000,
        };
        let to = invitation.email.clone();
        self.outbox().enqueue_beside(tx, &Message::Letter { to, kind }).await
    }
}

impl Serve<RenewInvitation> for TenantSupervisor {
    async fn serve(&self, renew: RenewInvitation) -> Result<(InvitationCard, InvitationToken), Fault> {
        let (now, token) = (self.now(), InvitationToken::generate());
        let expires_at = now + self.invitation_ms();
        let renewed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, renew.by.account).await?;
            let before = rows::find(tx, renew.invitation).await?.ok_or(Fault::NotFound)?;
            if !rows::renew(tx, renew.invitation, token.hash().0, expires_at).await? {
                return Err(Fault::NotFound);
            }
            if before.expires_at <= now {
                // It takes up a place again.
                require_room(self.billing(), tx, Meter::Members, now).await?;
            }
            let invitation = rows::find(tx, renew.invitation).await?.ok_or(Fault::NotFound)?;
            self.mail(tx, &invitation, &token).await?;
            let card = card(tx, invitation, now).await?;
            audit::append(tx, renew.by.did(Act::InvitationRenewed, target(&card), now)).await?;
            Ok(card)
        });
        let renewed = renewed.await?;
        self.outbox().ring();
        Ok((renewed, token))
    }
}

impl Serve<RevokeInvitation> for TenantSupervisor {
    async fn serve(&self, revoke: RevokeInvitation) -> Result<(), Fault> {
        let now = self.now();
        let revoked = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, revoke.by.account).await?;
            let invitation = rows::find(tx, revoke.invitation).await?.ok_or(Fault::NotFound)?;
            if !rows::revoke(tx, revoke.invitation).await? {
                return Err(Fault::NotFound);
            }
            let target = Target::of("invitation", invitation.id, invitation.email);
            audit::append(tx, revoke.by.did(Act::InvitationRevoked, target, now)).await?;
            Ok(())
        });
        revoked.await
    }
}

impl Serve<PreviewInvitation> for TenantSupervisor {
    async fn serve(&self, PreviewInvitation(id): PreviewInvitation) -> Result<Preview, Fault> {
        let now = self.now();
        let found = self.db().read(async |tx| {
            let invitation = rows::find(tx, id).await?.filter(|invitation| invitation.expires_at > now);
            let (Some(invitation), Some((workspace, password_length))) = (invitation, tenants::passwords(tx).await?) else {
                return Err(Fault::InvitationInvalid);
            };
            require_inviter(tx, &invitation).await?;
            let named = projects::list(tx).await?.into_iter();
            Ok(Preview {
                workspace,
                invited_by: members::email_of(tx, invitation.invited_by).await?,
                projects: named
                    .filter(|project| invitation.projects.contains(&project.id))
                    .map(|project| project.name)
                    .collect(),
                email: invitation.email,
                role: invitation.role,
                expires_at: invitation.expires_at,
                password_length,
            })
        });
        found.await
    }
}

impl Serve<AcceptInvitation> for TenantSupervisor {
    async fn serve(&self, accept: AcceptInvitation) -> Result<(), Fault> {
        let now = self.now();
        let joined = self.db().write(async |tx| {
            tenants::lock(tx).await?;
            let redeemed = rows::redeem(tx, accept.invitation, &accept.token.0).await?;
            let invitation = redeemed
                .filter(|invitation| invitation.expires_at > now)
                .ok_or(Fault::InvitationInvalid)?;
            require_inviter(tx, &invitation).await?;
            let account = match accept.joiner {
                // What is not for them is not used up either: the transaction ends here.
                Joiner::Known { email, .. } if email != invitation.email => return Err(Fault::InvitationForAnother),
                Joiner::Known { account, .. } => account,
                Joiner::New(new) if new.email != invitation.email => return Err(Fault::InvitationForAnother),
                Joiner::New(new) => {
                    let account = new.account;
                    members::insert_account(tx, new, now).await.map_err(conflict(Fault::EmailTaken))?;
                    account
                }
            };
            let asked = tenants::passwords(tx).await?.map_or(0, |(_, length)| length);
            if asked >= accounts::LONG && members::has_short_password_only(tx, account).await? {
                return Err(Fault::LongerPasswordNeeded);
            }
            members::insert(tx, account, invitation.role, now)
                .await
                .map_err(conflict(Fault::AlreadyMember))?;
            // A project may have been deleted since.
            let living = projects::list(tx).await?.into_iter().map(|project| project.id);
            let assigned: Vec<ProjectId> = living.filter(|id| invitation.projects.contains(id)).collect();
            members::assign(tx, account, &assigned, now).await?;
            require_seat(self.billing(), tx, now).await?;
            let (by, email) = (
                By {
                    account,
                    address: accept.address,
                },
                members::email_of(tx, account).await?,
            );
            let details = json!({ "role": invitation.role, "projects": assigned, "invited_by": invitation.invited_by });
            let target = Target::of("invitation", invitation.id, email.unwrap_or_default());
            audit::append(tx, by.did_with(Act::InvitationAccepted, target, now, details)).await?;
            Ok(())
        });
        joined.await
    }
}
