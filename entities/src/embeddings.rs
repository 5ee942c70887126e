//! By which models a project's chunks are embedded: one that questions are compared with, and one that is to take over.

use sea_orm::{
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};
use serde::{Deserialize, Serialize};

use crate::{
    ProjectId, StoreError, TenantTx,
    project::{Column, Entity},
};

/// What a project that says nothing is embedded by: the built-in model, of this version.
pub const BUILT_IN: &str = "all-minilm-l6-v2-int8/1";

/// One of the two embeddings that a chunk has room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    #[default]
    First,
    Other,
}

impl Slot {
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::First => Self::Other,
            Self::Other => Self::First,
        }
    }

    /// The column, by its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "embedding",
            Self::Other => "embedding_other",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Embeddings {
    /// That questions are compared with.
    pub slot: Slot,
    /// Names the model, and how it is used, that made what is in `slot`.
    pub space: String,
    /// What made the other slot's, as far as there are any.
    pub other: Option<String>,
    /// Whether the other slot is being filled, to take over.
    pub filling: bool,
    /// Whether it must be emptied first, of what was made by a third.
    pub emptying: bool,
    /// How cosines of `space` are to be read; nothing where they are read as they are.
    pub scale: Option<Vec<f32>>,
}

impl Default for Embeddings {
    fn default() -> Self {
        Self {
            slot: Slot::First,
            space: BUILT_IN.into(),
            other: None,
            filling: false,
            emptying: false,
            scale: None,
        }
    }
}

impl Embeddings {
    /// What is to take over.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.other.as_deref().filter(|_| self.filling)
    }

    /// What becomes of these when `wanted` is what everything is to be embedded by; `None` when nothing has to be done for that.
    #[must_use]
    pub fn towards(&self, wanted: &str) -> Option<Self> {
        if self.space == wanted {
            return self.filling.then(|| Self {
                filling: false,
                ..self.clone()
            });
        }
        if self.next() == Some(wanted) {
            return None;
        }
        // What is there of it already is taken up again.
        let kept = self.other.as_deref() == Some(wanted);
        Some(Self {
            other: Some(wanted.into()),
            filling: true,
            emptying: self.emptying || (self.other.is_some() && !kept),
            ..self.clone()
        })
    }

    /// Both slots have changed places.
    #[must_use]
    pub fn switched(&self, scale: Option<Vec<f32>>) -> Option<Self> {
        let space = self.next().filter(|_| !self.emptying)?.to_owned();
        Some(Self {
            slot: self.slot.opposite(),
            space,
            other: Some(self.space.clone()),
            filling: false,
            emptying: false,
            scale,
        })
    }
}

fn living(id: ProjectId) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::Id.eq(id.uuid()))
        .add(Column::DeletedAt.is_null())
}

/// `None` when there is no such project.
///
/// # Errors
/// When the database does not answer.
pub async fn load(tx: &TenantTx, id: ProjectId) -> Result<Option<Embeddings>, StoreError> {
    let Some(row) = tx.find::<Entity>().filter(living(id)).one().await? else {
        return Ok(None);
    };
    match row.embeddings {
        Some(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| StoreError::Damaged("project.embeddings")),
        None => Ok(Some(Embeddings::default())),
    }
}

/// As [`load`], and nobody else changes them until this transaction ends. Last in it: others hold documents first, and the project then.
///
/// # Errors
/// When the database does not answer.
pub async fn hold(tx: &TenantTx, id: ProjectId) -> Result<Option<Embeddings>, StoreError> {
    let touch = tx
        .update::<Entity>()
        .set(Column::Knowledge, Expr::col(Column::Knowledge).add(0))
        .filter(living(id));
    touch.run().await?;
    load(tx, id).await
}

/// Hold them before.
///
/// # Errors
/// When the database does not answer.
pub async fn store(tx: &TenantTx, id: ProjectId, new: &Embeddings) -> Result<(), StoreError> {
    let text = serde_json::to_string(new).map_err(|_| StoreError::Damaged("value to store"))?;
    let update = tx.update::<Entity>().set(Column::Embeddings, Expr::value(text)).filter(living(id));
    update.run().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_of_a_model_is_taken_up_again_and_what_a_third_made_goes_first() {
        let built_in = Embeddings::default();
        assert_eq!(built_in.towards(BUILT_IN), None);
        let filling = built_in.towards("a").unwrap();
        assert_eq!((filling.next(), filling.emptying), (Some("a"), false));
        assert_eq!(filling.towards("a"), None);
        let other = filling.towards("b").unwrap();
        assert_eq!((other.next(), other.emptying), (Some("b"), true));
        assert_eq!(other.switched(None), None, "not before it is emptied");
        let back = filling.towards(BUILT_IN).unwrap();
        assert_eq!((back.next(), back.space.as_str()), (None, BUILT_IN));
        let switched = filling.switched(Some(vec![1.0])).unwrap();
        assert_eq!((switched.space.as_str(), switched.slot), ("a", Slot::Other));
        let home = switched.towards(BUILT_IN).unwrap();
        assert_eq!((home.next(), home.emptying), (Some(BUILT_IN), false));
        assert_eq!(home.switched(None).unwrap().slot, Slot::First);
    }
}
