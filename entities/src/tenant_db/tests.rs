//! What only this crate can try: its own tools, held wrongly.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Set, TransactionTrait, sea_query::Expr};
use uuid::Uuid;

use super::*;
use crate::{DatabaseKey, Location, connect_options, session};

/// A database with the one table that these tests use. Another copy of its definition does no harm: nothing else is made of it.
async fn store() -> (Store, impl Drop) {
    struct Folder(std::path::PathBuf);
    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
    let folder = Folder(std::env::temp_dir().join(format!("pernoex-{}", Uuid::new_v4())));
    std::fs::create_dir(&folder.0).unwrap();
    let location = Location::Embedded {
        path: folder.0.join("rows.db"),
        key: DatabaseKey::new([7; 32]).into(),
    };
    let writer = Database::connect(connect_options(&location, true)).await.unwrap();
    let tables = "create table tenant (id blob primary key); \
         create table session (tenant_id blob not null, id_hash blob not null, account_id blob not null, state text not null, \
         created_at integer not null, expires_at integer not null, epoch integer not null, proved_at integer not null, \
         first_proof_at integer not null, second_proof_at integer not null, \
         seen_at integer not null, ends_at integer not null, agent text not null, address text not null, primary key (tenant_id, id_hash));";
    writer.execute_unprepared(tables).await.unwrap();
    let reader = Database::connect(connect_options(&location, false)).await.unwrap();
    (Store::of(writer, reader), folder)
}

fn row(tenant: TenantId, n: u8) -> session::ActiveModel {
    session::ActiveModel {
        tenant_id: Set(tenant.uuid()),
        id_hash: Set(vec![n; 32]),
        account_id: Set(Uuid::nil()),
        state: Set(format!("{tenant}")),
        created_at: Set(0),
        expires_at: Set(0),
        epoch: Set(0),
        proved_at: Set(0),
        first_proof_at: Set(0),
        second_proof_at: Set(0),
        seen_at: Set(0),
        ends_at: Set(0),
        agent: Set(String::new()),
        address: Set(String::new()),
    }
}

fn anything() -> sea_orm::Condition {
    sea_orm::Condition::any()
        .add(session::Column::ExpiresAt.gt(-1))
        .add(Expr::cust("1 = 1"))
}

#[tokio::test]
async fn no_condition_reaches_past_the_tenant() {
    let (store, _folder) = store().await;
    let (mine, theirs) = (TenantId::new(), TenantId::new());
    for (tenant, rows) in [(mine, 2), (theirs, 3)] {
        let insert = async |tx: &TenantTx| {
            // Filled with the wrong tenant: the transaction's own is what counts.
            tx.insert_all((0..rows).map(|n| row(TenantId::new(), n)).collect()).await?;
            tx.insert(row(TenantId::new(), 99)).await
        };
        store.tenant(tenant).write(insert).await.unwrap();
    }
    let (db, other) = (store.tenant(mine), store.tenant(theirs));
    let found = db.read(async |tx| {
        let all = tx.find::<session::Entity>().filter(anything()).all().await?;
        let shaped = tx
            .find::<session::Entity>()
            .shape(|select| sea_orm::QuerySelect::limit(select.filter(anything()), 50));
        Ok::<_, StoreError>((all, shaped.count().await?))
    });
    let (all, counted) = found.await.unwrap();
    assert!(all.iter().all(|row| row.tenant_id == mine.uuid()));
    assert_eq!((all.len(), counted), (3, 3));
    let changed = db.write(async |tx| {
        let update = tx
            .update::<session::Entity>()
            .set(session::Column::State, "changed")
            .filter(anything());
        Ok::<_, StoreError>((update.run().await?, tx.delete::<session::Entity>(anything()).await?))
    });
    assert_eq!(changed.await.unwrap(), (3, 3));
    let left = other.read(async |tx| tx.find::<session::Entity>().all().await).await.unwrap();
    assert_eq!(left.len(), 4);
    assert!(left.iter().all(|row| row.state != "changed"));
    store.close().await;
}

#[tokio::test]
async fn a_row_cannot_change_its_tenant_and_reading_cannot_write() {
    let (store, _folder) = store().await;
    let (mine, theirs) = (TenantId::new(), TenantId::new());
    store.tenant(mine).write(async |tx| tx.insert(row(mine, 1)).await).await.unwrap();
    let db = store.tenant(mine);
    let moved = db.write(async |tx| {
        tx.update::<session::Entity>()
            .set(session::Column::TenantId, theirs.uuid())
            .run()
            .await
    });
    assert!(matches!(moved.await, Err(StoreError::Refused(_))));
    let written = db.read(async |tx| tx.insert(row(mine, 2)).await);
    assert!(written.await.is_err());
    for (tenant, rows) in [(mine, 1), (theirs, 0)] {
        let db = store.tenant(tenant);
        let count = db.read(async |tx| tx.find::<session::Entity>().count().await);
        assert_eq!(count.await.unwrap(), rows);
    }
    store.close().await;
}

/// What every connection of the pool has for a tenant and a dispatcher while nobody uses it.
async fn left_behind(pool: &DatabaseConnection, connections: usize) -> Vec<String> {
    let mut held = Vec::new();
    for _ in 0..connections {
        held.push(pool.begin().await.unwrap());
    }
    let mut found = Vec::new();
    for tx in held {
        let question =
            "select coalesce(current_setting('app.tenant_id', true), '') || coalesce(current_setting('app.dispatcher', true), '')";
        let row = tx.query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, question));
        found.push(row.await.unwrap().unwrap().try_get_by_index::<String>(0).unwrap());
        tx.rollback().await.unwrap();
    }
    found
}

#[tokio::test]
async fn a_pooled_connection_keeps_no_tenant_however_a_transaction_ends() {
    let Ok(url) = std::env::var("PERNOEX_TEST_POSTGRES") else { return };
    for connections in [1, 3] {
        let location = Location::Postgres {
            url: url.clone(),
            connections,
        };
        let pool = Database::connect(connect_options(&location, true)).await.unwrap();
        let store = Store::of(pool.clone(), pool.clone());
        let clean = vec![String::new(); connections as usize];
        for turn in 0..40 {
            let tenant = TenantId::new();
            let db = store.tenant(tenant);
            let seen = async |tx: &TenantTx| {
                let question = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, "select current_setting('app.tenant_id')");
                let row = tx.raw().query_one_raw(question).await?.unwrap();
                Ok::<_, StoreError>(row.try_get_by_index::<String>(0).unwrap())
            };
            match turn % 5 {
                0 => assert_eq!(db.write(seen).await.unwrap(), tenant.to_string()),
                1 => assert_eq!(db.read(seen).await.unwrap(), tenant.to_string()),
                2 => {
                    let failed = db.write(async |tx| {
                        seen(tx).await?;
                        tx.raw().execute_unprepared("select 1 / 0").await?;
                        Ok::<_, StoreError>(())
                    });
                    assert!(failed.await.is_err());
                }
                3 => {
                    // A caller who goes away in the middle.
                    let endless = db.write(async |tx| {
                        seen(tx).await?;
                        std::future::pending::<Result<(), StoreError>>().await
                    });
                    assert!(tokio::time::timeout(Duration::from_millis(5 + turn), endless).await.is_err());
                }
                _ => {
                    let crashed = tokio::spawn(async move {
                        let crash = async |tx: &TenantTx| -> Result<(), StoreError> {
                            let _ = tx.tenant();
                            panic!("asked to break")
                        };
                        db.write(crash).await
                    });
                    assert!(crashed.await.is_err());
                }
            }
            let _ = store.platform().claim_jobs(crate::job::Queue::Here, 1, 0, 0).await; // there is no such table here: an error inside the dispatcher's transaction
            assert_eq!(
                left_behind(&pool, connections as usize).await,
                clean,
                "after turn {turn} of {connections}"
            );
        }
    }
}

#[tokio::test]
async fn who_writes_alone_waits_for_the_tenants_other_writers_and_for_no_other_tenant() {
    let Ok(url) = std::env::var("PERNOEX_TEST_POSTGRES") else { return };
    let pool = Database::connect(connect_options(&Location::Postgres { url, connections: 4 }, true))
        .await
        .unwrap();
    // As many nodes: each has its own turns.
    let node = || Store::of(pool.clone(), pool.clone());
    let (mine, theirs) = (TenantId::new(), TenantId::new());
    let (release, held) = tokio::sync::oneshot::channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel::<()>();
    let first = node().tenant(mine);
    let writing = tokio::spawn(async move {
        let work = async |_: &TenantTx| {
            began.send(()).unwrap();
            held.await.unwrap();
            Ok::<_, StoreError>(())
        };
        first.write(work).await
    });
    begun.await.unwrap();
    let nothing = async |_: &TenantTx| Ok::<_, StoreError>(());
    node().tenant(mine).write(nothing).await.unwrap();
    node().tenant(theirs).write_alone(nothing).await.unwrap();
    let alone = node().tenant(mine);
    let mut waiting = tokio::spawn(async move { alone.write_alone(nothing).await });
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "beside another writer");
    release.send(()).unwrap();
    waiting.await.unwrap().unwrap();
    writing.await.unwrap().unwrap();
}
