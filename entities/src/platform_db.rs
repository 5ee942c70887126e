//! What is known before a tenant is: accounts, the tenant directory, the routes of public keys and
//! invitations, and which tenant has work waiting.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set, Statement,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};

use crate::{
    AccountId, Installation, InvitationId, Millis, ProjectId, Store, StoreError, TenantId, TenantTx,
    account::{self, Account},
    account_identity, account_token, accounts,
    audit::{self, Act, Note, Target},
    installation::{self, key_epoch},
    invitation_route, job,
    keys::{self, NewTenantKey},
    mail, member,
    store::set_local,
    tenant::{self, directory},
    tenants::Role,
    widget_route, workspace,
};

/// The view on the platform's own tables, none of which holds a tenant's content.
#[derive(Clone)]
pub struct PlatformDb {
    store: Store,
}

/// A person who is about to have an account.
#[derive(Clone)]
pub struct NewAccount {
    pub account: AccountId,
    pub email: String,
    /// Empty for one that no password opens.
    pub password_hash: String,
    /// Whether the password has [`accounts::LONG`] characters.
    pub password_long: bool,
    /// When somebody proved that the address is theirs.
    pub verified_at: Option<Millis>,
    /// An account elsewhere that opens it.
    pub identity: Option<account_identity::LinkedIdentity>,
}

/// A tenant that is about to exist, and its first Owner.
pub struct NewTenant {
    pub owner: AccountId,
    pub tenant: TenantId,
    pub name: String,
    pub key: NewTenantKey,
    /// The network address of whoever founds it.
    pub address: String,
}

impl NewTenant {
    /// What its Owner did on the way here.
    fn note(&self, act: Act, target: Target, now: Millis) -> Note {
        Note {
            at: now,
            actor: Some(self.owner),
            address: self.address.clone(),
            act,
            target,
            done: true,
            details: serde_json::Value::Null,
        }
    }
}

pub(crate) async fn insert_account(tx: &DatabaseTransaction, new: NewAccount, now: Millis) -> Result<(), StoreError> {
    let row = account::ActiveModel {
        id: Set(new.account.uuid()),
        email: Set(new.email),
        password_hash: Set(new.password_hash),
        password_long: Set(new.password_long),
        created_at: Set(now),
        operator_since: Set(None),
        epoch: Set(0),
        verified_at: Set(new.verified_at),
        second_factor_at: Set(None),
    };
    account::Entity::insert(row).exec_without_returning(tx).await?;
    match new.identity {
        Some(identity) => account_identity::insert(tx, identity).await,
        None => Ok(()),
    }
}

/// Sources of one tenant that are looked at at a time.
const MOST_SYNCS: i64 = 4;

impl PlatformDb {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Creates the tenant, its key and the membership, and the Owner's account when that is new; or none of them.
    ///
    /// # Errors
    /// `Conflict` when the e-mail address has an account; `KeyRetired` when another master key is current by now.
    pub async fn found_tenant(&self, account: Option<NewAccount>, new: NewTenant, now: Millis) -> Result<(), StoreError> {
        let tx = self.store.begin_write().await?;
        Self::found(tx, account, new, None, now).await
    }

    /// As [`Self::found_tenant`], for a sign-up whose link is used up by it: the address is proved.
    ///
    /// # Errors
    /// `Orphan` when the link was used before, or expired; as above.
    pub async fn found_tenant_by_link(&self, link: &[u8; 32], account: NewAccount, new: NewTenant, now: Millis) -> Result<(), StoreError> {
        let tx = self.store.begin_write().await?;
        if !account_token::redeem_in(&tx, link, now).await? {
            tx.rollback().await?;
            return Err(StoreError::Orphan);
        }
        let id = account.account;
        let proved = new.note(Act::EmailVerified, Target::of("member", id, account.email.as_str()), now);
        insert_account(&tx, account, now).await?;
        accounts::verify_in(&tx, id, now).await?;
        Self::found(tx, None, new, Some(proved), now).await
    }

    /// `before` is what its Owner did on the way there.
    async fn found(
        tx: DatabaseTransaction,
        account: Option<NewAccount>,
        new: NewTenant,
        before: Option<Note>,
        now: Millis,
    ) -> Result<(), StoreError> {
        if let Some(account) = account {
            insert_account(&tx, account, now).await?;
        }
        let row = tenant::ActiveModel {
            id: Set(new.tenant.uuid()),
            created_at: Set(now),
            deleted_at: Set(None),
            ends_at: Set(None),
        };
        tenant::Entity::insert(row).exec_without_returning(&tx).await?;
        let tx = TenantTx::enter(tx, new.tenant).await?;
        let founded = new.note(Act::WorkspaceCreated, Target::of("workspace", "", new.name.as_str()), now);
        workspace::insert(&tx, new.name, now).await?;
        member::insert(&tx, new.owner, Role::Owner, now).await?;
        keys::store_tenant_key(&tx, new.key, now).await?;
        for note in before.into_iter().chain([founded]) {
            audit::append(&tx, note).await?;
        }
        tx.into_transaction().commit().await?;
        Ok(())
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = account::Entity::find().filter(account::Column::Email.eq(email)).one(&tx).await?;
        tx.rollback().await?;
        Ok(row.map(Account::from))
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = account::Entity::find_by_id(id.uuid()).one(&tx).await?;
        tx.rollback().await?;
        Ok(row.map(Account::from))
    }

    /// Replaces a hash that was just verified, unless it changed meanwhile, and notes whether its password is `long`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rehash(&self, id: AccountId, old: &str, new: &str, long: bool) -> Result<(), StoreError> {
        let tx = self.store.begin_write().await?;
        account::Entity::update_many()
            .col_expr(account::Column::PasswordHash, Expr::value(new))
            .col_expr(account::Column::PasswordLong, Expr::value(long))
            .filter(account::Column::Id.eq(id.uuid()))
            .filter(account::Column::PasswordHash.eq(old))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The tenants that `account` belongs to: the last used first, those never used by age.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tenants_of(&self, account: AccountId) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.store.begin_read().await?;
        let rows = directory::Entity::find()
            .filter(directory::Column::AccountId.eq(account.uuid()))
            .order_by_desc(directory::Column::UsedAt)
            .order_by_asc(directory::Column::WorkspaceId)
            .all(&tx)
            .await?;
        tx.rollback().await?;
        Ok(rows.into_iter().map(|row| row.workspace_id.into()).collect())
    }

    /// Notes that `account` opened `tenant`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn opened(&self, account: AccountId, tenant: TenantId, now: Millis) -> Result<(), StoreError> {
        let tx = self.store.begin_write().await?;
        directory::Entity::update_many()
            .col_expr(directory::Column::UsedAt, Expr::value(now))
            .filter(directory::Column::AccountId.eq(account.uuid()))
            .filter(directory::Column::WorkspaceId.eq(tenant.uuid()))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether there is such a tenant, and it was not deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tenant_exists(&self, id: TenantId) -> Result<bool, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = tenant::Entity::find_by_id(id.uuid()).one(&tx).await?;
        tx.rollback().await?;
        Ok(row.is_some_and(|row| row.deleted_at.is_none()))
    }

    /// Where the invitation's token with this SHA-256 leads; `None` once it was used, replaced or revoked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn invitation_route(&self, token_hash: &[u8; 32]) -> Result<Option<(TenantId, InvitationId)>, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = invitation_route::Entity::find_by_id(token_hash.to_vec()).one(&tx).await?;
        let row = match row {
            Some(row) if is_open(&tx, row.workspace_id).await? => Some(row),
            _ => None,
        };
        tx.rollback().await?;
        Ok(row.map(|row| (row.workspace_id.into(), row.invitation_id.into())))
    }

    /// Every tenant, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.tenants_among(tenant::Entity::find()).await
    }

    /// As [`Self::tenants`], without those that were deleted: what is purged is half gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn living_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.tenants_among(tenant::Entity::find().filter(tenant::Column::DeletedAt.is_null()))
            .await
    }

    async fn tenants_among(&self, wanted: Select<tenant::Entity>) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.store.begin_read().await?;
        let rows = wanted.all(&tx).await?;
        tx.rollback().await?;
        let mut tenants: Vec<TenantId> = rows.into_iter().map(|row| row.id.into()).collect();
        tenants.sort_unstable();
        Ok(tenants)
    }

    /// Whose a living project is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tenant_of(&self, project: ProjectId) -> Result<Option<TenantId>, StoreError> {
        let tx = self.store.begin_read().await?;
        let route = widget_route::Entity::find().filter(widget_route::Column::ProjectId.eq(project.uuid()));
        let row = route.one(&tx).await?;
        tx.rollback().await?;
        Ok(row.map(|row| row.workspace_id.into()))
    }

    /// Whether anyone has signed up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = account::Entity::find().one(&tx).await?;
        tx.rollback().await?;
        Ok(row.is_some())
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn installation(&self) -> Result<Option<Installation>, StoreError> {
        let tx = self.store.begin_read().await?;
        let found = installation::load(&tx).await?;
        tx.rollback().await?;
        Ok(found)
    }

    /// Notes by what everything is to be embedded from now on; returns by what it was before, if that was ever said.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn embed_by(&self, space: &str) -> Result<Option<String>, StoreError> {
        let tx = self.store.begin_write().await?;
        let before = installation::embed_by(&tx, space).await?;
        tx.commit().await?;
        Ok(before)
    }

    /// By what everything was last asked to be embedded, if that was ever said.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn embedded_by(&self) -> Result<Option<String>, StoreError> {
        let tx = self.store.begin_read().await?;
        let space = installation::embedded_by(&tx).await?;
        tx.rollback().await?;
        Ok(space)
    }

    /// # Errors
    /// `Conflict` when another process came first.
    pub async fn create_installation(&self, new: Installation, now: Millis) -> Result<(), StoreError> {
        let tx = self.store.begin_write().await?;
        installation::create(&tx, new, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes another master key the current one, for every node and from this commit on.
    ///
    /// # Errors
    /// `Conflict` when another process came first.
    pub async fn adopt_master(&self, old: &Installation, new: Installation) -> Result<(), StoreError> {
        let tx = self.store.begin_write().await?;
        if !installation::adopt(&tx, old, new).await? {
            tx.rollback().await?;
            return Err(StoreError::Conflict);
        }
        installation::keys_changed(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Counts the changes of keys, so that every node notices them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_epoch(&self) -> Result<i64, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = key_epoch::Entity::find_by_id(1).one(&tx).await?;
        tx.rollback().await?;
        Ok(row.map_or(0, |row| row.epoch))
    }

    /// Where the public key with this SHA-256 leads. Asked of the database each time: a rotated key is dead at once, on every node.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn route(&self, key_hash: &[u8; 32]) -> Result<Option<(TenantId, ProjectId)>, StoreError> {
        let tx = self.store.begin_read().await?;
        let row = widget_route::Entity::find_by_id(key_hash.to_vec()).one(&tx).await?;
        let row = match row {
            Some(row) if is_open(&tx, row.workspace_id).await? => Some(row),
            _ => None,
        };
        tx.rollback().await?;
        Ok(row.map(|row| (row.workspace_id.into(), row.project_id.into())))
    }

    /// Ends the leases that a process left behind which was killed, so that its work goes on at once. Only the embedded database has
    /// one process that works: on PostgreSQL other nodes may hold theirs rightly, and a lost one runs out by itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_leases(&self) -> Result<(), StoreError> {
        if self.store.is_postgres() {
            return Ok(());
        }
        let tx = self.store.begin_write().await?;
        job::Entity::update_many()
            .col_expr(job::Column::LockedUntil, Expr::value(0_i64))
            .filter(job::Column::LockedUntil.gt(0_i64))
            .exec(&tx)
            .await?;
        mail::end_leases(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Leases up to `limit` jobs of a queue that are due or whose worker vanished, in turn between tenants.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_jobs(
        &self,
        queue: job::Queue,
        limit: u64,
        now: Millis,
        until: Millis,
    ) -> Result<Vec<(TenantId, job::Claimed)>, StoreError> {
        let due = self.due_jobs(queue, limit, now).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.store.begin_write().await?;
        set_local(&tx, "app.dispatcher", "on".into()).await?;
        let mut still_due = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .filter(job::Column::Id.is_in(due))
            .filter(job::Column::LockedUntil.lt(now));
        if tx.get_database_backend() == DbBackend::Postgres {
            still_due = still_due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let rows = job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value("running"))
            .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).add(1))
            .col_expr(job::Column::LockedUntil, Expr::value(until))
            .col_expr(job::Column::Lease, Expr::value(Uuid::new_v4()))
            .filter(job::Column::Id.in_subquery(still_due.into_query()))
            .exec_with_returning(&tx)
            .await?;
        tx.commit().await?;
        rows.into_iter().map(|row| claimed(&row)).collect()
    }

    /// The first due job of each tenant, then the second of each, and so on: a tenant with ten thousand waits like any other. Those that
    /// are being worked at count too: whoever has less going on comes first. A tenant's sources take turns by steps; its other jobs are done
    /// one after the other. Not too many sources at once: each may wait for a slow server, and others have something to send.
    async fn due_jobs(&self, queue: job::Queue, limit: u64, now: Millis) -> Result<Vec<Uuid>, StoreError> {
        let tx = self.store.begin_read().await?;
        set_local(&tx, "app.dispatcher", "on".into()).await?;
        let backend = tx.get_database_backend();
        let (now_, limit_) = if backend == DbBackend::Postgres {
            ("$1", "$2")
        } else {
            ("?1", "?2")
        };
        let (of_queue, syncs) = (queue.condition(), job::SYNC_SOURCE);
        let question = format!(
            "select id from (select id, tenant_id, kind, run_at, row_number() over (partition by tenant_id order by priority, \
             case kind when '{syncs}' then run_at else 0 end, id) as turn \
             from job where state in ('ready', 'running') and run_at <= {now_} and locked_until < {now_} and {of_queue}) as due \
             left join (select tenant_id as worked_for, count(*) as busy from job where locked_until >= {now_} and {of_queue} \
             group by tenant_id) as working on worked_for = tenant_id \
             where kind <> '{syncs}' or coalesce(busy, 0) < {MOST_SYNCS} \
             order by turn + coalesce(busy, 0), run_at limit {limit_}"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = tx
            .query_all_raw(Statement::from_sql_and_values(backend, question, [now.into(), limit.into()]))
            .await?;
        tx.rollback().await?;
        rows.iter()
            .map(|row| row.try_get::<Uuid>("", "id").map_err(StoreError::from))
            .collect()
    }
}

/// Whether a tenant takes who comes from outside: not while it is being deleted.
pub(crate) async fn is_open(tx: &DatabaseTransaction, tenant: Uuid) -> Result<bool, StoreError> {
    let row = tenant::Entity::find_by_id(tenant).one(tx).await?;
    Ok(row.is_some_and(|row| row.ends_at.is_none()))
}

fn claimed(row: &job::Model) -> Result<(TenantId, job::Claimed), StoreError> {
    let lease = row.lease.ok_or(StoreError::Damaged("job.lease"))?;
    let claimed = job::Claimed {
        id: row.id.into(),
        project: row.project_id.into(),
        work: row.work()?,
        attempts: row.attempts,
        lease,
    };
    Ok((row.tenant_id.into(), claimed))
}
