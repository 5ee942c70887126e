//! The database and Redis: reached, in time, and held by the walls that are promised.

use std::net::IpAddr;

use actors::{
    Location, Millis,
    doctor::{Inspection, inspect, inspect_cache},
};
use url::Url;

use super::Finding;
use crate::settings::{DatabaseSettings, Settings};

/// Whether `url` leads nowhere but to this machine, on which nobody listens in.
pub(crate) fn is_here(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    // Of PostgreSQL, what is behind the ? counts, whatever stands before it: a folder is that of a socket.
    let is_postgres = matches!(url.scheme(), "postgres" | "postgresql");
    let parameters = url
        .query_pairs()
        .filter(|(name, _)| is_postgres && matches!(&**name, "host" | "hostaddr"));
    let others: Vec<_> = parameters.map(|(_, host)| host).collect();
    let named = url.host_str().unwrap_or_default();
    match others.iter().any(|host| host.starts_with('/')) {
        true => true,
        false => is_loopback(others.last().map_or(named, |host| host)),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let is_name = matches!(&*host, "" | "localhost") || host.starts_with("%2f");
    is_name || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Beyond this, codes of authenticator apps begin to fail; and beyond the next, signed messages.
const SLOW_MS: i64 = 5_000;
const WRONG_MS: i64 = 60_000;

fn clock(check: &'static str, whose: &str, theirs: Millis, ours: Millis) -> Finding {
    let apart = (theirs - ours).abs();
    let found = format!("{whose} clock and this machine's are {}.{:03} s apart", apart / 1000, apart % 1000);
    let mend = "keep both on time, by chrony or systemd-timesyncd";
    match apart {
        apart if apart > WRONG_MS => Finding::failure(check, found, mend),
        apart if apart > SLOW_MS => Finding::warning(check, found, mend),
        _ => Finding::ok(check, found),
    }
}

pub async fn database(settings: &Settings, location: &Location, now: Millis) -> Vec<Finding> {
    match inspect(location).await {
        Ok(found) => {
            let mut findings = vec![reached(settings, &found)];
            findings.extend(found.now.map(|theirs| clock("clock", "the database's", theirs, now)));
            findings.push(tables(settings, location, &found).await);
            findings.extend(rights(settings, &found));
            findings
        }
        Err(error) => {
            let mend = match settings.database {
                DatabaseSettings::Embedded => {
                    "see that the disk has room (check disk above); otherwise database.key, master.key and pernoex.db must be of one installation: restore them together"
                }
                DatabaseSettings::Postgres { .. } => {
                    "see that the server runs and that DATABASE_URL names its host, role, password and database (with sslmode=verify-full, DATABASE_CA_FILE for an authority of its own)"
                }
            };
            vec![Finding::failure("database", error.to_string(), mend)]
        }
    }
}

fn reached(settings: &Settings, found: &Inspection) -> Finding {
    let check = "database";
    if let Some(damage) = found.damage.first() {
        let found = format!("{}: the file is damaged ({damage})", found.version);
        return Finding::failure(check, found, "stop the server and restore the last backup (docs/operations.md)");
    }
    if found.is_read_only {
        let found = format!("{} answers, but is a standby and takes no writes", found.version);
        return Finding::failure(check, found, "let DATABASE_URL lead to the primary");
    }
    if let (DatabaseSettings::Postgres { url, .. }, Some(false)) = (&settings.database, found.is_encrypted)
        && !is_here(url.expose())
    {
        let found = format!("{} answers, over the network and without TLS", found.version);
        let mend = "add ?sslmode=verify-full to DATABASE_URL (and DATABASE_CA_FILE for an authority of its own)";
        return Finding::warning(check, found, mend);
    }
    if let DatabaseSettings::Postgres { url, .. } = &settings.database
        && !is_here(url.expose())
        && !url.expose().contains("sslmode=verify-full")
    {
        let why = settings
            .unverified_tls
            .as_ref()
            .map(|why| format!(" (PERNOEX_UNVERIFIED_TLS: {why})"));
        let found = format!(
            "{} answers by TLS, but whose certificate it shows is not checked{}",
            found.version,
            why.unwrap_or_default()
        );
        let mend = "add ?sslmode=verify-full to DATABASE_URL (and DATABASE_CA_FILE for an authority of its own)";
        return Finding::warning(check, found, mend);
    }
    if let (DatabaseSettings::Postgres { connections, .. }, Some((used, most))) = (&settings.database, found.connections) {
        let text = format!("{} answers; {used} of its {most} connections are in use", found.version);
        // This node may not have taken its own yet.
        if used + i64::from(*connections) > most {
            return Finding::warning(check, text, "lower DATABASE_CONNECTIONS, or raise max_connections there");
        }
        return Finding::ok(check, text);
    }
    Finding::ok(check, format!("{} answers", found.version))
}

async fn tables(settings: &Settings, location: &Location, found: &Inspection) -> Finding {
    let check = "tables";
    let mend = "run pernoex migrate, with MIGRATION_DATABASE_URL on PostgreSQL";
    if !found.is_migrated {
        return Finding::failure(check, "there are none", mend);
    }
    let privileged = match &settings.database {
        DatabaseSettings::Embedded => None,
        DatabaseSettings::Postgres { migration_url: None, .. } => {
            return Finding::skipped(check, "which version they have, only the role of MIGRATION_DATABASE_URL may see");
        }
        DatabaseSettings::Postgres {
            migration_url: Some(url), ..
        } => Some(Location::Postgres {
            url: url.expose().to_owned(),
            connections: 1,
        }),
    };
    match migration::pending(privileged.as_ref().unwrap_or(location)).await {
        Ok(missing) if missing.is_empty() => Finding::ok(check, "they are of this version"),
        Ok(missing) => Finding::failure(
            check,
            format!("{} changes are missing, from {} on", missing.len(), missing[0]),
            mend,
        ),
        Err(error) => Finding::failure(
            check,
            error.to_string(),
            "start the version of pernoex that belongs to the tables, or a later one",
        ),
    }
}

/// The second wall: what our role may not do, and the policy before each tenant's rows.
fn rights(settings: &Settings, found: &Inspection) -> Vec<Finding> {
    if matches!(settings.database, DatabaseSettings::Embedded) || !found.is_migrated {
        return Vec::new();
    }
    let mend = "let pernoex migrate make the role of DATABASE_URL: one that owns nothing, beside that of MIGRATION_DATABASE_URL";
    let rights = if !found.powers.is_empty() {
        Finding::failure(
            "rights",
            format!("the role of DATABASE_URL is too powerful: {}", found.powers.join(", ")),
            mend,
        )
    } else if !found.barred.is_empty() {
        let found = format!("the role of DATABASE_URL may not use {}", found.barred.join(", "));
        Finding::failure("rights", found, "run pernoex migrate again, with the same DATABASE_URL")
    } else {
        Finding::ok("rights", "the role of DATABASE_URL owns nothing and bypasses nothing")
    };
    let walls = if found.unwalled.is_empty() {
        Finding::ok("rls", "row-level security is forced on every tenant's table")
    } else {
        let found = format!("row-level security is not forced on {}", found.unwalled.join(", "));
        Finding::failure(
            "rls",
            found,
            "restore what pernoex migrate made: alter table … enable row level security, and alter table … force row level security",
        )
    };
    vec![rights, walls]
}

pub async fn cache(settings: &Settings, now: Millis) -> Vec<Finding> {
    let check = "redis";
    let Some(redis) = &settings.redis else {
        return vec![match settings.database {
            DatabaseSettings::Embedded => Finding::ok(check, "not needed by one node"),
            DatabaseSettings::Postgres { .. } => Finding::skipped(check, "REDIS_URL is not set: right for one node, wrong for several"),
        }];
    };
    let found = match inspect_cache(&redis.for_actors()).await {
        Ok(found) => found,
        Err(fault) => {
            let mend = "see that it runs and that REDIS_URL names its host, port and password (rediss:// for TLS, and REDIS_CA for an authority of its own)";
            return vec![Finding::failure(check, fault.to_string(), mend)];
        }
    };
    let (version, policy) = (&found.version, &found.policy);
    let finding = if found.is_replica {
        let mend = "let REDIS_URL lead to the primary";
        Finding::failure(
            check,
            format!("Redis {version} answers, but is a replica and takes no writes"),
            mend,
        )
    } else if policy.as_str() != "noeviction" {
        let text = format!("Redis {version} answers; when it is full it forgets limits (maxmemory-policy {policy})");
        Finding::warning(
            check,
            text,
            "set maxmemory-policy noeviction: limits are then refused rather than forgotten",
        )
    } else if redis.url.expose().starts_with("redis://") && !is_here(redis.url.expose()) {
        let text = format!("Redis {version} answers, over the network and without TLS");
        Finding::warning(check, text, "use rediss:// with a certificate that this machine trusts")
    } else if redis.url.expose().contains('#') {
        let why = settings.unverified_tls.as_deref().unwrap_or_default();
        let text = format!("Redis {version} answers by TLS, but whose certificate it shows is not checked (PERNOEX_UNVERIFIED_TLS: {why})");
        Finding::warning(check, text, "take away what is behind the # in REDIS_URL")
    } else {
        let most = match found.most_bytes {
            0 => "no limit of memory".to_owned(),
            bytes => format!("{} MiB at most", bytes >> 20),
        };
        Finding::ok(check, format!("Redis {version} answers; {policy}, {most}"))
    };
    vec![finding, clock("clock", "Redis'", found.now, now)]
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn clocks_that_differ_are_told_in_time() {
        for (theirs, verdict) in [
            (0, Verdict::Ok),
            (-4_999, Verdict::Ok),
            (5_001, Verdict::Warning),
            (-60_001, Verdict::Failure),
        ] {
            assert_eq!(
                clock("clock", "the database's", 1_000_000 + theirs, 1_000_000).verdict,
                verdict,
                "{theirs}"
            );
        }
    }

    #[test]
    fn only_this_machine_is_here() {
        for (url, here) in [
            ("postgres://app@127.0.0.1:5432/p", true),
            ("postgres://app@localhost/p", true),
            ("postgres:///p?host=/run/postgresql", true),
            ("redis://[::1]:6379", true),
            ("postgres://app@db.example.com/p", false),
            ("redis://10.0.0.1", false),
            ("postgres://app@%2Frun%2Fpostgresql/p", true),
            ("postgres://app@127.corp.example/p", false),
            ("postgres://app@localhost/p?host=db.corp", false),
            ("postgres://app@127.0.0.1/p?hostaddr=10.0.0.1", false),
            ("postgres://app@db.corp/p?host=127.0.0.1", true),
            ("redis://db.corp/?host=/run", false),
            ("postgres://app@db.corp/p?host=/run/postgresql", true),
        ] {
            assert_eq!(is_here(url), here, "{url}");
        }
    }

    #[test]
    fn a_role_that_may_too_much_is_a_failure_and_says_what() {
        let source = crate::settings::Source::load(
            None,
            [("DATABASE_URL".to_owned(), "postgres://a@127.0.0.1/p".to_owned())].into_iter(),
        );
        let settings = Settings::from_source(&source.unwrap()).unwrap();
        let well = Inspection {
            is_migrated: true,
            ..Inspection::default()
        };
        let verdicts = |found: &Inspection| rights(&settings, found).iter().map(|one| one.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts(&well), [Verdict::Ok, Verdict::Ok]);
        let bad = Inspection {
            powers: vec!["superuser".into(), "owner of document".into()],
            unwalled: vec!["document".into()],
            ..well
        };
        assert_eq!(verdicts(&bad), [Verdict::Failure, Verdict::Failure]);
        assert!(rights(&settings, &bad)[0].found.contains("owner of document"));
    }
}
