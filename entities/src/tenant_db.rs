//! One tenant's rows.

#[cfg(test)]
mod tests;

use std::sync::Mutex;

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityName, EntityTrait, Iden,
    IntoActiveModel, Iterable, Order, PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    UpdateMany, Value,
    prelude::Uuid,
    sea_query::{Expr, IntoCondition, SimpleExpr},
};

use tracing::{Instrument, debug_span};

use crate::{ProjectId, Store, StoreError, TenantId, fair::Place, keys, sealed, store::set_local};

/// A table whose rows belong to tenants. Only such tables can be reached through a [`TenantTx`].
pub(crate) trait TenantScoped: EntityTrait {
    const TENANT: Self::Column;
    /// The cells of a row that are sealed with its project's key. A table that has some is also listed in `sealed::columns`.
    const SEALED: Option<SealedCells<Self>> = None;
}

/// Which cells of a table are sealed, and where to look for what they are bound to.
pub(crate) struct SealedCells<E: EntityTrait> {
    pub project: E::Column,
    pub row: E::Column,
    pub cells: &'static [E::Column],
}

/// The view of one tenant on the database. Made by that tenant's supervisor.
///
/// Questions go through it:
/// ```
/// async fn how_many(db: &entities::TenantDb) -> Result<usize, entities::StoreError> {
///     db.read(async |tx| Ok(entities::projects::list(tx).await?.len())).await
/// }
/// ```
/// and through nothing else, be it the whole store or the platform's view:
/// ```compile_fail,E0308
/// async fn how_many(store: &entities::Store) -> Result<usize, entities::StoreError> {
///     Ok(entities::projects::list(store).await?.len())
/// }
/// ```
/// ```compile_fail,E0308
/// async fn how_many(platform: &entities::PlatformDb) -> Result<usize, entities::StoreError> {
///     Ok(entities::projects::list(platform).await?.len())
/// }
/// ```
/// A view of a tenant of one's own choice cannot be made or altered:
/// ```compile_fail,E0624
/// fn forge(store: entities::Store, tenant: entities::TenantId) -> entities::TenantDb {
///     entities::TenantDb::new(store, tenant)
/// }
/// ```
/// ```compile_fail,E0616
/// fn turn(db: &mut entities::TenantDb, tenant: entities::TenantId) {
///     db.tenant = tenant;
/// }
/// ```
#[derive(Clone)]
pub struct TenantDb {
    store: Store,
    tenant: TenantId,
}

impl TenantDb {
    pub(crate) fn new(store: Store, tenant: TenantId) -> Self {
        Self { store, tenant }
    }

    #[cfg(feature = "faults")]
    fn strike(&self, point: crate::faults::Point) -> Result<(), StoreError> {
        match crate::faults::take(self.tenant, point) {
            Some(_) => Err(StoreError::Unavailable("a planned fault")),
            None => Ok(()),
        }
    }

    /// Runs `work` on one consistent view of the rows. Writing in here fails.
    ///
    /// # Errors
    /// What `work` returns, or `Unavailable`.
    pub async fn read<T, E: From<StoreError>>(&self, work: impl AsyncFnOnce(&TenantTx) -> Result<T, E>) -> Result<T, E> {
        #[cfg(feature = "faults")]
        self.strike(crate::faults::Point::Begin)?;
        let span = debug_span!("db_read");
        let tx = self.enter_read().instrument(span.clone()).await?;
        let outcome = work(&tx).await;
        tx.roll_back().instrument(span).await?;
        outcome
    }

    /// Runs `work` as one transaction: all of it is stored when this returns `Ok`, none of it otherwise.
    ///
    /// # Errors
    /// What `work` returns, or `Unavailable`.
    pub async fn write<T, E: From<StoreError>>(&self, work: impl AsyncFnOnce(&TenantTx) -> Result<T, E>) -> Result<T, E> {
        self.run(Writing::Beside, work).await
    }

    /// As [`Self::write`], while no other transaction of the tenant writes. For what removes rows that others refer to: those take
    /// their locks from the child up, this from the parent down, and PostgreSQL would end one of the two as a deadlock.
    ///
    /// # Errors
    /// What `work` returns, or `Unavailable`.
    pub async fn write_alone<T, E: From<StoreError>>(&self, work: impl AsyncFnOnce(&TenantTx) -> Result<T, E>) -> Result<T, E> {
        self.run(Writing::Alone, work).await
    }

    async fn run<T, E: From<StoreError>>(&self, writing: Writing, work: impl AsyncFnOnce(&TenantTx) -> Result<T, E>) -> Result<T, E> {
        #[cfg(feature = "faults")]
        self.strike(crate::faults::Point::Begin)?;
        let span = debug_span!("db_write");
        let (_turn, tx) = self.enter_write(writing).instrument(span.clone()).await?;
        match work(&tx).await {
            Ok(value) => {
                #[cfg(feature = "faults")]
                self.strike(crate::faults::Point::Commit)?;
                tx.commit().instrument(span).await?;
                Ok(value)
            }
            Err(error) => {
                tx.roll_back().instrument(span).await?;
                Err(error)
            }
        }
    }

    // Apart from the two above, which are compiled once for each of their hundreds of callers.

    async fn enter_read(&self) -> Result<TenantTx, StoreError> {
        TenantTx::enter(self.store.begin_read().await?, self.tenant).await
    }

    async fn enter_write(&self, writing: Writing) -> Result<(Place<TenantId>, TenantTx), StoreError> {
        let turn = self.store.turn_to_write(self.tenant).await?;
        let tx = self.store.begin_write().await?;
        take_turn(&tx, self.tenant, writing).await?;
        Ok((turn, TenantTx::enter(tx, self.tenant).await?))
    }
}

#[derive(Clone, Copy)]
enum Writing {
    Beside,
    Alone,
}

/// Holds the tenant's advisory lock until the transaction ends, so that every node keeps to it. An embedded file has one writer anyway.
async fn take_turn(tx: &DatabaseTransaction, tenant: TenantId, writing: Writing) -> Result<(), StoreError> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let sql = match writing {
            Writing::Beside => "select pg_advisory_xact_lock_shared($1)",
            Writing::Alone => "select pg_advisory_xact_lock($1)",
        };
        // The random half of the id: two tenants that share a lock would only wait for each other.
        let (_, lock) = tenant.uuid().as_u64_pair();
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [lock.cast_signed().into()]);
        tx.execute_raw(statement).await?;
    }
    Ok(())
}

/// A transaction of one tenant. Every statement made through it carries the tenant, put on last, outside whatever the caller added.
///
/// ```
/// async fn ask(tx: &entities::TenantTx) -> Result<Option<String>, entities::StoreError> {
///     entities::tenants::name(tx).await
/// }
/// ```
/// It is no connection, and does not lend the one that it holds:
/// ```compile_fail,E0277
/// async fn unscoped(tx: &entities::TenantTx) {
///     use sea_orm::EntityTrait;
///     let _ = entities::chunk::Entity::find().all(tx).await;
/// }
/// ```
/// ```compile_fail,E0616
/// fn connection(tx: &entities::TenantTx) -> &sea_orm::DatabaseTransaction {
///     &tx.tx
/// }
/// ```
/// ```compile_fail,E0624
/// fn connection(tx: &entities::TenantTx) -> &sea_orm::DatabaseTransaction {
///     tx.raw()
/// }
/// ```
/// ```compile_fail,E0624
/// fn whole_table(tx: &entities::TenantTx) {
///     let _ = tx.find::<entities::chunk::Entity>();
/// }
/// ```
pub struct TenantTx {
    tx: DatabaseTransaction,
    tenant: TenantId,
    /// Key versions that this transaction keeps from being closed until it ends.
    held: Mutex<Vec<(Uuid, i32)>>,
}

impl TenantTx {
    /// Binds an open transaction to `tenant`, on PostgreSQL for its policies as well.
    pub(crate) async fn enter(tx: DatabaseTransaction, tenant: TenantId) -> Result<Self, StoreError> {
        set_local(&tx, "app.tenant_id", tenant.to_string()).await?;
        Ok(Self {
            tx,
            tenant,
            held: Mutex::default(),
        })
    }

    async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }

    async fn roll_back(self) -> Result<(), StoreError> {
        Ok(self.tx.rollback().await?)
    }

    pub(crate) fn into_transaction(self) -> DatabaseTransaction {
        self.tx
    }

    pub(crate) fn raw(&self) -> &DatabaseTransaction {
        &self.tx
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn find<E: TenantScoped>(&self) -> Scoped<'_, E> {
        Scoped {
            tx: self,
            select: E::find(),
            ordered: false,
        }
    }

    /// Inserts `row` as this tenant's, whatever tenant it was filled with.
    pub(crate) async fn insert<A>(&self, mut row: A) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantScoped,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.set(A::Entity::TENANT, self.tenant.uuid().into());
        self.hold_keys_of(&row).await?;
        A::Entity::insert(row).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// As [`TenantTx::insert`], several rows in one statement.
    pub(crate) async fn insert_all<A>(&self, rows: Vec<A>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantScoped,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let tenant = self.tenant.uuid();
        for row in &rows {
            self.hold_keys_of(row).await?;
        }
        let rows = rows.into_iter().map(|mut row| {
            row.set(A::Entity::TENANT, tenant.into());
            row
        });
        A::Entity::insert_many(rows).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Refuses a row whose sealed cells are of a key version that is closed or gone: nothing could open them later.
    async fn hold_keys_of<A>(&self, row: &A) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
        A::Entity: TenantScoped,
    {
        let Some(sealed) = A::Entity::SEALED else { return Ok(()) };
        if !sealed::is_listed(A::Entity::default().table_name()) {
            return Err(StoreError::Damaged("a sealed table that rotation does not know"));
        }
        let Some(Value::Uuid(Some(project))) = row.get(sealed.project).into_value() else {
            return Err(StoreError::Damaged("a sealed row without its project"));
        };
        for cell in sealed.cells {
            if let Some(Value::Bytes(Some(bytes))) = row.get(*cell).into_value() {
                self.hold_key(project.into(), &bytes).await?;
            }
        }
        Ok(())
    }

    /// Keeps the key version of `cell` open until this transaction ends.
    pub(crate) async fn hold_key(&self, project: ProjectId, cell: &[u8]) -> Result<(), StoreError> {
        let version = sealed::version_of(cell).ok_or(StoreError::Damaged("a sealed cell"))?;
        let asked = (project.uuid(), version);
        if self.held.lock().is_ok_and(|held| held.contains(&asked)) {
            return Ok(());
        }
        keys::hold_project_key(self, project, version).await?;
        if let Ok(mut held) = self.held.lock() {
            held.push(asked);
        }
        Ok(())
    }

    pub(crate) fn update<E: TenantScoped>(&self) -> ScopedUpdate<'_, E> {
        ScopedUpdate {
            tx: self,
            update: E::update_many(),
            refused: None,
            sealed: None,
        }
    }

    /// Deletes this tenant's rows that match; returns how many.
    pub(crate) async fn delete<E: TenantScoped>(&self, condition: impl IntoCondition) -> Result<u64, StoreError> {
        let query = E::delete_many().filter(condition).filter(E::TENANT.eq(self.tenant.uuid()));
        Ok(query.exec(&self.tx).await?.rows_affected)
    }
}

/// A question that is already bound to a tenant and a transaction.
#[must_use]
pub(crate) struct Scoped<'a, E: TenantScoped> {
    tx: &'a TenantTx,
    select: Select<E>,
    /// Whether whoever asks has said in what order.
    ordered: bool,
}

impl<E: TenantScoped> Scoped<'_, E> {
    pub(crate) fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.select = self.select.filter(condition);
        self
    }

    pub(crate) fn order(mut self, column: E::Column, order: Order) -> Self {
        self.select = self.select.order_by(column, order);
        self.ordered = true;
        self
    }

    pub(crate) fn limit(mut self, rows: u64) -> Self {
        self.select = self.select.limit(rows);
        self
    }

    /// For aggregates: the caller shapes the columns, the wall is put up after.
    pub(crate) fn shape(mut self, shape: impl FnOnce(Select<E>) -> Select<E>) -> Self {
        self.select = shape(self.select);
        self.ordered = true;
        self
    }

    pub(crate) fn walled(self) -> Select<E> {
        self.select.filter(E::TENANT.eq(self.tx.tenant.uuid()))
    }

    /// In the order of their keys unless another was asked for: what one tenant is told, and in what order, must not hang on how the rows
    /// of all lie in the file.
    pub(crate) async fn all(mut self) -> Result<Vec<E::Model>, StoreError> {
        let tx = self.tx;
        if !self.ordered {
            for column in E::PrimaryKey::iter() {
                self.select = self.select.order_by(column.into_column(), Order::Asc);
            }
        }
        Ok(self.walled().all(&tx.tx).await?)
    }

    pub(crate) async fn one(self) -> Result<Option<E::Model>, StoreError> {
        let tx = self.tx;
        Ok(self.walled().one(&tx.tx).await?)
    }

    pub(crate) async fn count(self) -> Result<u64, StoreError>
    where
        E::Model: Send + Sync,
    {
        let tx = self.tx;
        Ok(self.walled().count(&tx.tx).await?)
    }

    /// Rows of another shape, one a group.
    pub(crate) async fn into<R: sea_orm::FromQueryResult + Send + Sync>(self) -> Result<Vec<R>, StoreError> {
        let tx = self.tx;
        Ok(self.walled().into_model::<R>().all(&tx.tx).await?)
    }
}

/// A change of rows that is already bound to a tenant.
#[must_use]
pub(crate) struct ScopedUpdate<'a, E: TenantScoped> {
    tx: &'a TenantTx,
    update: UpdateMany<E>,
    refused: Option<&'static str>,
    sealed: Option<(ProjectId, Vec<u8>)>,
}

impl<E: TenantScoped> ScopedUpdate<'_, E> {
    pub(crate) fn set(mut self, column: E::Column, value: impl Into<SimpleExpr>) -> Self {
        if column.unquoted() == E::TENANT.unquoted() {
            self.refused = Some("a row cannot change its tenant");
        }
        if E::SEALED.is_some_and(|sealed| sealed.cells.iter().any(|cell| cell.unquoted() == column.unquoted())) {
            self.refused = Some("a sealed cell is set with seal");
        }
        self.update = self.update.col_expr(column, value.into());
        self
    }

    /// Empties a sealed cell that may be empty.
    pub(crate) fn clear(mut self, column: E::Column) -> Self {
        self.update = self.update.col_expr(column, Expr::value(Option::<Vec<u8>>::None));
        self
    }

    /// Sets a sealed cell of a row of `project`, if its key version is still open.
    pub(crate) fn seal(mut self, column: E::Column, project: ProjectId, cell: Vec<u8>) -> Self {
        self.update = self.update.col_expr(column, Expr::value(cell.clone()));
        self.sealed = Some((project, cell));
        self
    }

    pub(crate) fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.update = self.update.filter(condition);
        self
    }

    /// Runs it and returns how many rows changed. A change of the tenant itself is refused.
    pub(crate) async fn run(self) -> Result<u64, StoreError> {
        if let Some(reason) = self.refused {
            return Err(StoreError::Refused(reason.into()));
        }
        if let Some((project, cell)) = &self.sealed {
            self.tx.hold_key(*project, cell).await?;
        }
        let query = self.update.filter(E::TENANT.eq(self.tx.tenant.uuid()));
        Ok(query.exec(&self.tx.tx).await?.rows_affected)
    }
}
