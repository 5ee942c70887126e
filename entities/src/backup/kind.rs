//! Kinds of columns, and how their values go from one database into the other.

use sea_orm::{Value, prelude::Uuid};

use super::Cell;
use crate::StoreError;

/// As one database declares a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Bytes,
    Int,
    Big,
    Bool,
    Text,
}

impl Kind {
    pub(super) fn parse(declared: &str) -> Option<Self> {
        Some(match declared.to_ascii_lowercase().as_str() {
            "uuid" => Self::Uuid,
            "bytea" | "blob" => Self::Bytes,
            "integer" => Self::Int,
            "bigint" => Self::Big,
            "boolean" => Self::Bool,
            "text" => Self::Text,
            _ => return None,
        })
    }

    /// How PostgreSQL is asked for it: in a form that is the same in both databases.
    pub(super) fn plain(self, name: &str) -> String {
        match self {
            Kind::Uuid => format!("uuid_send(\"{name}\")"),
            Kind::Int | Kind::Big => format!("\"{name}\"::bigint"),
            Kind::Bool => format!("\"{name}\"::integer::bigint"),
            Kind::Bytes | Kind::Text => format!("\"{name}\""),
        }
    }

    /// As it is stored in a column of this kind.
    pub(super) fn value(self, cell: Cell) -> Result<Value, StoreError> {
        let damaged = StoreError::Damaged("a value of another kind");
        Ok(match (self, cell) {
            (Kind::Uuid, Cell::Bytes(bytes)) => Uuid::from_slice(&bytes).map_err(|_| damaged)?.into(),
            (Kind::Uuid, Cell::Null) => Option::<Uuid>::None.into(),
            (Kind::Bytes, Cell::Bytes(bytes)) => bytes.into(),
            (Kind::Bytes, Cell::Null) => Option::<Vec<u8>>::None.into(),
            (Kind::Big, Cell::Int(number)) => number.into(),
            (Kind::Big, Cell::Null) => Option::<i64>::None.into(),
            // SQLite has one kind of whole number.
            (Kind::Int, Cell::Int(number)) => match i32::try_from(number) {
                Ok(number) => number.into(),
                Err(_) => number.into(),
            },
            (Kind::Int, Cell::Null) => Option::<i32>::None.into(),
            (Kind::Bool, Cell::Int(number)) => (number != 0).into(),
            (Kind::Bool, Cell::Null) => Option::<bool>::None.into(),
            (Kind::Text, Cell::Text(text)) => text.into(),
            (Kind::Text, Cell::Null) => Option::<String>::None.into(),
            _ => return Err(damaged),
        })
    }
}
