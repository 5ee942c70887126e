//! How passwords are stored.

use sea_orm::DatabaseTransaction;

use super::{Passwords, ask};
use crate::StoreError;

/// By kind, and without the hashes themselves.
pub(super) async fn passwords(tx: &DatabaseTransaction) -> Result<Passwords, StoreError> {
    let sql = "select substr(password_hash, 1, 7) as head, cast(length(password_hash) as bigint) as size, count(*) as n \
        from account where password_hash <> '' group by 1, 2";
    let mut found = Passwords::default();
    for row in ask(tx, sql, vec![]).await? {
        let (head, size, n): (String, i64, i64) = (row.try_get("", "head")?, row.try_get("", "size")?, row.try_get("", "n")?);
        found.hashes += n;
        match bcrypt_cost(&head).filter(|_| size == 60) {
            Some(cost) => found.lowest_cost = Some(found.lowest_cost.map_or(cost, |lowest| lowest.min(cost))),
            None => found.foreign += n,
        }
    }
    Ok(found)
}

/// Of a hash that begins like `$2b$12$`.
fn bcrypt_cost(head: &str) -> Option<u32> {
    let rest = head.strip_prefix("$2b$").or_else(|| head.strip_prefix("$2y$"))?;
    rest.strip_suffix('$')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bcrypt_hash_says_its_cost() {
        assert_eq!(bcrypt_cost("$2b$12$"), Some(12));
        for other in ["$argon2", "{SHA}ab", "$2b$1x$", "hunter2", ""] {
            assert_eq!(bcrypt_cost(other), None, "{other}");
        }
    }
}
