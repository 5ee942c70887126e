//! What documents are compared by, so that those that say the same are found. Made with a secret of the project.

use sea_orm::{Condition, Order, Set, entity::prelude::*};

use crate::{
    DocumentId, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_print")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    pub project_id: Uuid,
    pub revision: i32,
    pub hash: Vec<u8>,
    pub signature: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

pub(crate) mod band {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "document_band")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub document_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub band: i32,
        pub project_id: Uuid,
        pub value: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantScoped for band::Entity {
    const TENANT: band::Column = band::Column::TenantId;
}

pub(crate) mod secret {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "document_secret")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub project_id: Uuid,
        pub sealed: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantScoped for secret::Entity {
    const TENANT: secret::Column = secret::Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: secret::Column::ProjectId,
        row: secret::Column::ProjectId,
        cells: &[secret::Column::Sealed],
    });
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    pub document: DocumentId,
    pub revision: i32,
    /// The same for the same bytes.
    pub hash: Vec<u8>,
    /// The more of it is the same, the more of the text is.
    pub signature: Vec<u8>,
}

impl From<Model> for Print {
    fn from(row: Model) -> Self {
        Self {
            document: row.document_id.into(),
            revision: row.revision,
            hash: row.hash,
            signature: row.signature,
        }
    }
}

/// Stores a document's print in place of an earlier one. Documents that say nearly the same share one of `bands` at least.
///
/// # Errors
/// `Orphan` when there is no such document.
pub async fn put(tx: &TenantTx, project: ProjectId, print: &Print, bands: &[i64]) -> Result<(), StoreError> {
    let document = print.document.uuid();
    tx.delete::<Entity>(Column::DocumentId.eq(document)).await?;
    tx.delete::<band::Entity>(band::Column::DocumentId.eq(document)).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        document_id: Set(document),
        project_id: Set(project.uuid()),
        revision: Set(print.revision),
        hash: Set(print.hash.clone()),
        signature: Set(print.signature.clone()),
    })
    .await?;
    let rows = bands.iter().zip(0..).map(|(value, n)| band::ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        document_id: Set(document),
        band: Set(n),
        project_id: Set(project.uuid()),
        value: Set(*value),
    });
    tx.insert_all(rows.collect()).await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, documents: &[DocumentId]) -> Result<Vec<Print>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::DocumentId.is_in(documents.iter().map(|id| id.uuid())))
        .order(Column::DocumentId, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Print::from).collect())
}

/// Documents whose bytes are those of `print`, or that share a band with it: up to `limit` of each, without its own.
///
/// # Errors
/// When the database does not answer.
pub async fn candidates(
    tx: &TenantTx,
    project: ProjectId,
    print: &Print,
    bands: &[i64],
    limit: u64,
) -> Result<Vec<DocumentId>, StoreError> {
    let same = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Hash.eq(print.hash.clone()))
        .filter(Column::DocumentId.ne(print.document.uuid()))
        .order(Column::DocumentId, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    let mut found: Vec<DocumentId> = same.into_iter().map(|row| row.document_id.into()).collect();
    let shared = bands.iter().zip(0..).fold(Condition::any(), |any, (value, n): (&i64, i32)| {
        any.add(Condition::all().add(band::Column::Band.eq(n)).add(band::Column::Value.eq(*value)))
    });
    if bands.is_empty() {
        return Ok(found);
    }
    let near = tx
        .find::<band::Entity>()
        .filter(band::Column::ProjectId.eq(project.uuid()))
        .filter(band::Column::DocumentId.ne(print.document.uuid()))
        .filter(shared)
        .order(band::Column::DocumentId, Order::Asc)
        .limit(limit * 4)
        .all()
        .await?;
    for row in near {
        let id = row.document_id.into();
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The secret that a project's prints are made with, sealed.
///
/// # Errors
/// When the database does not answer.
pub async fn find_secret(tx: &TenantTx, project: ProjectId) -> Result<Option<Vec<u8>>, StoreError> {
    let find = tx.find::<secret::Entity>().filter(secret::Column::ProjectId.eq(project.uuid()));
    Ok(find.one().await?.map(|row| row.sealed))
}

/// # Errors
/// `Conflict` when the project has one, `Orphan` when there is no such project.
pub async fn insert_secret(tx: &TenantTx, project: ProjectId, sealed: Vec<u8>) -> Result<(), StoreError> {
    tx.insert(secret::ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
        sealed: Set(sealed),
    })
    .await
}
