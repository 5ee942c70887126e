//! What operators did: who, what, to which actor, when, from where, with which outcome. Rows are added and completed, never removed.
//! The address of the account is kept beside its id, so that a deleted account's acts still say whose they were.

use sea_orm::entity::prelude::*;

use crate::{AccountId, Millis};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operator_act")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: i64,
    pub account_id: Uuid,
    pub email: String,
    pub act: String,
    pub subject: String,
    pub address: String,
    pub outcome: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// What came of an act. Several processes may do it; a later one of these replaces an earlier one, and never the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActOutcome {
    /// Not known yet.
    Asked,
    /// No process had anything to do it to.
    NotThere,
    /// A process is at it.
    Begun,
    Done,
    /// In one process at least.
    Failed,
}

impl ActOutcome {
    const ALL: [Self; 5] = [Self::Asked, Self::NotThere, Self::Begun, Self::Done, Self::Failed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::NotThere => "not there",
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// `None` for what no version of the program writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Those that it replaces.
    pub(crate) fn earlier(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |other| *other < self).map(Self::as_str)
    }
}

/// One act.
#[derive(Clone, Debug)]
pub struct OperatorAct {
    pub id: Uuid,
    pub at: Millis,
    pub account: AccountId,
    pub email: String,
    /// Such as `reset`.
    pub act: String,
    /// To what: an actor's name, which is made of ids.
    pub subject: String,
    /// The network address it came from.
    pub address: String,
    /// As [`ActOutcome`] writes it.
    pub outcome: String,
}

impl From<Model> for OperatorAct {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: row.at,
            account: row.account_id.into(),
            email: row.email,
            act: row.act,
            subject: row.subject,
            address: row.address,
            outcome: row.outcome,
        }
    }
}

impl From<OperatorAct> for ActiveModel {
    fn from(act: OperatorAct) -> Self {
        use sea_orm::Set;
        Self {
            id: Set(act.id),
            at: Set(act.at),
            account_id: Set(act.account.uuid()),
            email: Set(act.email),
            act: Set(act.act),
            subject: Set(act.subject),
            address: Set(act.address),
            outcome: Set(act.outcome),
        }
    }
}
