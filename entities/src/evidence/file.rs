//! The embedded file itself.

use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, RuntimeErr, Statement};

/// Whether an embedded file can be read by who has no key; `None` where that could not be found out. Asked by SQLite itself: a process that
/// opens and closes the file in another way loses the locks of its own connections.
pub async fn opens_without_key(path: &Path) -> Option<bool> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=ro", path.display()));
    options.max_connections(1).sqlx_logging(false);
    let database = match Database::connect(options).await {
        Ok(database) => database,
        Err(error) => return is_no_database(&error).then_some(false),
    };
    let question = Statement::from_string(DbBackend::Sqlite, "select count(*) from sqlite_master");
    let read = database.query_one_raw(question).await;
    let _ = database.close().await;
    match read {
        // An empty file opens to everybody, and says nothing.
        Ok(row) => (row?.try_get_by_index::<i64>(0).ok()? > 0).then_some(true),
        Err(error) => is_no_database(&error).then_some(false),
    }
}

/// `SQLITE_NOTADB`: what is in the file is no database to who has no key. Any other error says nothing of keys.
fn is_no_database(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    error.as_database_error().and_then(|error| error.code()).as_deref() == Some("26")
}
