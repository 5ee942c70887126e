//! Audit logs, followed in steps that nobody waits for.

use std::{collections::BTreeMap, sync::atomic::AtomicBool};

use super::{IsSigned, ask, within};
use crate::{
    Millis, Store, StoreError, TenantId, TenantTx,
    audit::{
        self,
        chain::{self, Broken, Checkpoint, Head, Walk},
    },
};

/// How long a log that was followed from its first entry is followed from where it ended then.
const WHOLE: Millis = 24 * 3_600_000;
/// How many entries a step reads.
const STRIDE: u64 = 500;
/// And how many signatures: each takes longer than an entry.
const SIGNATURES: u64 = 100;
/// Twice as long as a living log goes without a new signature.
const LATE: Millis = 2 * 3_600_000;

/// Up to where logs were found to hold, by who keeps this: the next look goes on from there, and once a day from the first entry.
#[derive(Debug, Default)]
pub struct FollowedLogs(BTreeMap<TenantId, (Head, Millis)>);

impl FollowedLogs {
    fn from(&self, tenant: TenantId, now: Millis) -> Option<(Head, Millis)> {
        self.0.get(&tenant).copied().filter(|(_, whole)| now - whole < WHOLE)
    }
}

/// What a log that holds is made of.
pub(super) struct Log {
    /// The number of its last entry.
    pub entries: i64,
    /// Signatures that were looked at.
    pub signed: i64,
    /// Entries that are so old that a living workspace's were signed, and are not: whoever can write the table could have made them up.
    pub late: i64,
    /// Whether nothing of it was ever signed, although it is that old.
    pub is_bare: bool,
}

/// Follows the log of a tenant, and says where it breaks.
pub(super) async fn follow(
    store: &Store,
    tenant: TenantId,
    now: Millis,
    stop: &AtomicBool,
    known: &mut FollowedLogs,
    is_signed: Option<IsSigned<'_>>,
) -> Result<Result<Log, Broken>, StoreError> {
    let (from, whole) = known.from(tenant, now).unwrap_or_else(|| (chain::origin(tenant), now));
    let followed = walked(store, tenant, from, stop, is_signed).await?;
    match &followed {
        Ok((head, _)) => known.0.insert(tenant, (*head, whole)),
        Err(_) => known.0.remove(&tenant),
    };
    let (head, signed) = match followed {
        Ok(held) => held,
        Err(broken) => return Ok(Err(broken)),
    };
    let (late, is_bare) = within(store, tenant, stop, async |tx| late(tx, now - LATE).await).await?;
    Ok(Ok(Log {
        entries: head.seq,
        signed,
        late,
        is_bare,
    }))
}

/// From `from` to its end, and how many signatures there are behind that.
async fn walked(
    store: &Store,
    tenant: TenantId,
    from: Head,
    stop: &AtomicBool,
    is_signed: Option<IsSigned<'_>>,
) -> Result<Result<(Head, i64), Broken>, StoreError> {
    let mut walk = Walk::behind(tenant, from);
    loop {
        match within(store, tenant, stop, async |tx| step(tx, from, &mut walk).await).await? {
            Ok(false) => {}
            Ok(true) => break,
            Err(broken) => return Ok(Err(broken)),
        }
    }
    if let Some(broken) = within(store, tenant, stop, async |tx| unsigned(tx, walk.head).await).await? {
        return Ok(Err(broken));
    }
    let signed = match is_signed {
        // What it ended with then may have been signed since.
        Some(is_signed) => signatures(store, tenant, from.seq - 1, stop, is_signed).await?,
        None => Ok(0),
    };
    Ok(signed.map(|signed| (walk.head, signed)))
}

/// Looks at the signature of each head after number `seq`. How many there are; or the first that does not hold.
async fn signatures(
    store: &Store,
    tenant: TenantId,
    mut seq: i64,
    stop: &AtomicBool,
    is_signed: IsSigned<'_>,
) -> Result<Result<i64, Broken>, StoreError> {
    let mut looked_at = 0;
    loop {
        let some = within(store, tenant, stop, async |tx| audit::checkpoints(tx, seq, SIGNATURES).await).await?;
        let Some(last) = some.last() else { return Ok(Ok(looked_at)) };
        seq = last.seq;
        for Checkpoint { seq, hash, at, signature } in &some {
            let head = Head { seq: *seq, hash: *hash };
            if !is_signed(&Checkpoint::message(tenant, head, *at), signature) {
                return Ok(Err(Broken::Unsigned(*seq)));
            }
            looked_at += 1;
        }
    }
}

/// How many entries from before `since` are behind all that was signed, and whether nothing was and there are some.
async fn late(tx: &TenantTx, since: Millis) -> Result<(i64, bool), StoreError> {
    let sql = "select (select count(*) from audit where tenant_id = $1 and at < $2 and seq > coalesce((select max(seq) from audit_checkpoint \
        where tenant_id = $1), 0)), (select count(*) from audit_checkpoint where tenant_id = $1)";
    let rows = ask(tx.raw(), sql, vec![tx.tenant().uuid().into(), since.into()]).await?;
    let Some(row) = rows.first() else { return Ok((0, false)) };
    let (late, signed): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok((late, late > 0 && signed == 0))
}

/// What a log that holds in itself cannot show: that it is as long as it was. A workspace begins with an entry, and signed heads say what
/// came after.
async fn unsigned(tx: &TenantTx, reached: Head) -> Result<Option<Broken>, StoreError> {
    if reached.seq == 0 {
        return Ok(Some(Broken::Short { expected: 1, found: 0 }));
    }
    let sql = "select signed.seq, audit.hash is null as is_gone from audit_checkpoint as signed \
        left join audit on audit.tenant_id = signed.tenant_id and audit.seq = signed.seq \
        where signed.tenant_id = $1 and (audit.hash is null or audit.hash <> signed.hash) order by signed.seq limit 1";
    let rows = ask(tx.raw(), sql, vec![tx.tenant().uuid().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (seq, is_gone): (i64, bool) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok(Some(match is_gone {
        true => Broken::Short {
            expected: seq,
            found: reached.seq,
        },
        false => Broken::Diverged(seq),
    }))
}

/// Whether it came to the end. What is added meanwhile may be seen or not, and is no fault either way.
async fn step(tx: &TenantTx, from: Head, walk: &mut Walk) -> Result<Result<bool, Broken>, StoreError> {
    let kept = async || Ok::<_, StoreError>(audit::head(tx).await?.unwrap_or_else(|| chain::origin(tx.tenant())));
    let before = kept().await?;
    let entries = audit::after(tx, walk.head.seq, STRIDE).await?;
    for entry in &entries {
        if let Err(broken) = walk.step(entry) {
            return Ok(Err(broken));
        }
        if entry.seq == before.seq && entry.hash != before.hash {
            return Ok(Err(Broken::Link(before.seq + 1)));
        }
    }
    if entries.len() as u64 == STRIDE {
        return Ok(Ok(false));
    }
    let (reached, after) = (walk.head.seq, kept().await?);
    let short = |expected, found| Ok(Err(Broken::Short { expected, found }));
    match after {
        after if after.seq < from.seq => short(from.seq, after.seq),
        after if after.seq < reached => Ok(Err(Broken::Link(after.seq + 1))),
        _ if reached < before.seq => short(before.seq, reached),
        after if after.seq == reached && after.hash != walk.head.hash => Ok(Err(Broken::Link(after.seq + 1))),
        _ => Ok(Ok(true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_followed_from_its_first_entry_once_a_day() {
        let tenant = TenantId::from(uuid::Uuid::now_v7());
        let mut known = FollowedLogs::default();
        assert_eq!(known.from(tenant, 0), None);
        let head = chain::origin(tenant);
        known.0.insert(tenant, (head, 1_000));
        assert_eq!(known.from(tenant, 999 + WHOLE), Some((head, 1_000)));
        assert_eq!(known.from(tenant, 1_000 + WHOLE), None);
    }
}
