//! What rows show, in words.

use actors::{
    claims::{Evidence, Roles, Rows},
    disclosure::Kept as Promise,
    doctor::Inspection,
};

use super::{UNREAD, untold};
use crate::claims::{Check, Given, Outcome, Outcomes};

/// Below this, a bcrypt hash is guessed too fast.
const LEAST_COST: u32 = 10;

const PART: Outcome = Outcome::Unproven("only some of the workspaces were looked at: there are more than one look takes");

/// What was found of the workspaces that were looked at, said of all.
fn of_all(evidence: &Evidence, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Holds(_) if evidence.is_part => PART,
        outcome => outcome,
    }
}

/// What was found of rows, check by check.
pub(super) fn all(given: &Given, seen: &Rows, found: &mut Outcomes) {
    let evidence = &seen.evidence;
    found.insert(Check::Passwords, passwords(evidence, given.bcrypt_cost));
    found.insert(
        Check::Sessions,
        of_all(
            evidence,
            none(
                evidence.bare_sessions,
                format!("{} sessions, each by the hash of its id", evidence.sessions),
                "sessions are stored by something else than a hash",
            ),
        ),
    );
    found.insert(
        Check::Links,
        none(
            evidence.bare_links,
            "only hashes are stored".into(),
            "links or codes are stored as something else than a hash",
        ),
    );
    found.insert(
        Check::Invitations,
        of_all(
            evidence,
            none(
                evidence.endless_invitations,
                "each ends by itself".into(),
                "invitations are good for longer than 30 days",
            ),
        ),
    );
    found.insert(Check::Members, of_all(evidence, members(&evidence.roles)));
    found.insert(Check::KeptTokens, of_all(evidence, tokens(evidence)));
    found.insert(Check::Credentials, credentials(evidence, evidence.credentials));
    let connected = usize::try_from(evidence.connected).unwrap_or_default();
    found.insert(Check::Connected, credentials(evidence, connected));
    found.insert(Check::Sealed, sealed(evidence));
    found.insert(Check::AuditChain, of_all(evidence, chains(evidence)));
    match &seen.promises {
        Ok(promises) => {
            found.insert(Check::Promises, promise(promises.acknowledgement));
            found.insert(Check::Timelines, promise(promises.timeline));
        }
        Err(error) => {
            found.insert(Check::Promises, untold(error));
            found.insert(Check::Timelines, UNREAD);
        }
    }
}

fn none(wrong: i64, right: String, what: &str) -> Outcome {
    match wrong {
        0 => Outcome::Holds(right),
        many => Outcome::Broken(format!("{many} {what}")),
    }
}

fn passwords(evidence: &Evidence, set: u32) -> Outcome {
    let found = &evidence.passwords;
    if found.foreign > 0 {
        return Outcome::Broken(format!(
            "{} of {} passwords are stored as something else than bcrypt",
            found.foreign, found.hashes
        ));
    }
    if set < LEAST_COST {
        return Outcome::Broken(format!(
            "PERNOEX_BCRYPT_COST is {set}, which is guessed too fast: at least {LEAST_COST}"
        ));
    }
    match found.lowest_cost {
        Some(cost) if cost < LEAST_COST => Outcome::Broken(format!(
            "some hashes are of cost {cost}: they are made anew when their owners sign in"
        )),
        Some(cost) => Outcome::Holds(format!("{} hashes, all bcrypt, of cost {cost} or more", found.hashes)),
        None => Outcome::Unproven("there is no password yet"),
    }
}

fn sealed(evidence: &Evidence) -> Outcome {
    let part = if evidence.is_part { ", of some of the workspaces" } else { "" };
    match (evidence.readable.is_empty(), evidence.cells) {
        (true, 0) => Outcome::Unproven("nothing is stored yet"),
        (true, cells) => Outcome::Holds(format!("{cells} cells{part}: each is sealed")),
        (false, cells) => {
            let readable: Vec<String> = evidence
                .readable
                .iter()
                .map(|(column, many)| format!("{many} in {column}"))
                .collect();
            Outcome::Broken(format!("of {cells} cells{part}, some are not sealed: {}", readable.join(", ")))
        }
    }
}

pub(super) fn walls(inspection: Option<&Inspection>, evidence: &Evidence) -> Outcome {
    let Some(inspection) = inspection else {
        return Outcome::Unproven(
            "the embedded database has no row-level security: one customer is told from another by the program's types alone, which tests hold",
        );
    };
    let list = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
    let wrong: Vec<String> = [
        list("row-level security is not forced on", &inspection.unwalled),
        list("the role of DATABASE_URL is too powerful", &inspection.powers),
        list("rows are shown to nobody in particular by", &evidence.open_tables),
        list("policies are not as they were made", &evidence.foreign_policies),
    ]
    .into_iter()
    .flatten()
    .collect();
    match wrong.is_empty() {
        true => Outcome::Holds("row-level security is forced on every table of customers, and nothing is shown without one".into()),
        false => Outcome::Broken(wrong.join("; ")),
    }
}

fn chains(evidence: &Evidence) -> Outcome {
    let mut wrong = Vec::new();
    if let Some((tenant, broken)) = evidence.broken_logs.first() {
        let many = evidence.broken_logs.len();
        wrong.push(format!(
            "the audit logs of {many} workspaces do not hold, such as {tenant}'s: {broken}"
        ));
    }
    if !evidence.open_logs.is_empty() {
        wrong.push(format!(
            "what keeps them from being rewritten is gone: {}",
            evidence.open_logs.join(", ")
        ));
    }
    match (wrong.is_empty(), evidence.signed) {
        (true, Some(_)) if !evidence.bare_logs.is_empty() => Outcome::Unproven(
            "each entry is in its chain, but of some logs nothing was ever signed: who can write the table could have made them up",
        ),
        (true, Some(signed)) => Outcome::Holds(format!(
            "{} entries in {} logs, each in its chain and up to what was signed; {signed} signatures hold{}",
            evidence.entries,
            evidence.tenants,
            match evidence.late_entries {
                0 => String::new(),
                late => format!("; {late} entries are older than two hours and not signed yet: a server that was killed leaves some"),
            }
        )),
        (true, None) => Outcome::NotTried(
            "each entry is in its chain and up to what was signed, but not who signed: the keys that tell cannot be used, pernoex doctor says why",
        ),
        (false, _) => Outcome::Broken(wrong.join("; ")),
    }
}

fn members(roles: &Roles) -> Outcome {
    let some = |many: i64, what: &str| (many > 0).then(|| format!("{many} {what}"));
    let ownerless = roles.ownerless.first().map(|tenant| {
        let many = roles.ownerless.len();
        format!("{many} workspaces have no Owner, such as {tenant}")
    });
    let wrong: Vec<String> = [
        some(roles.unknown, "members or invitations have a role that there is none of"),
        ownerless,
        some(roles.astray, "assignments are of no member, or to no project, of their workspace"),
    ]
    .into_iter()
    .flatten()
    .collect();
    match wrong.is_empty() {
        true => Outcome::Holds(format!(
            "{} members, each with one of the three roles; no workspace without an Owner",
            roles.members
        )),
        false => Outcome::Broken(wrong.join("; ")),
    }
}

fn tokens(evidence: &Evidence) -> Outcome {
    match (evidence.kept_tokens, evidence.left_credentials, evidence.connections) {
        (0, 0, 0) => Outcome::Unproven("nothing was connected yet"),
        (0, 0, _) => Outcome::Holds("what was disconnected has no token".into()),
        (0, left, _) => Outcome::Broken(format!("{left} credentials are left that nothing refers to")),
        (kept, _, _) => Outcome::Broken(format!("{kept} connections ended and still have a token")),
    }
}

/// Those of `many` credentials, by what was seen of all.
fn credentials(evidence: &Evidence, many: usize) -> Outcome {
    match (evidence.readable.get("credential.sealed"), many) {
        (_, 0) => Outcome::Unproven("none is stored yet"),
        (Some(clear), _) => Outcome::Broken(format!("of {} credentials, {clear} are not sealed", evidence.credentials)),
        (None, many) => Outcome::Holds(format!("{many} credentials, in a table whose cells are sealed")),
    }
}

fn promise(found: Promise) -> Outcome {
    let before = match found.late {
        0 => String::new(),
        late => format!("; {late} times it was late before"),
    };
    match found.overdue {
        0 => Outcome::Holds(format!("no report waits for longer than is promised{before}")),
        overdue => Outcome::Broken(format!("{overdue} reports wait for longer than is promised{before}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claims::Status,
        settings::{Settings, Source},
    };

    #[test]
    fn what_was_seen_of_some_workspaces_is_not_said_of_all() {
        let settings = Source::load(None, std::iter::empty()).and_then(|source| Settings::from_source(&source));
        let given = Given::of(&settings.unwrap(), None);
        let of = |evidence: Evidence| {
            let mut found = Outcomes::new();
            let rows = Rows {
                evidence,
                backups: Ok(actors::backup::LastRuns::default()),
                promises: Ok(actors::disclosure::Promises::default()),
            };
            all(&given, &rows, &mut found);
            [Check::Sessions, Check::Invitations, Check::KeptTokens, Check::AuditChain].map(|check| found[&check].status())
        };
        let whole = Evidence {
            connections: 1,
            signed: Some(0),
            ..Evidence::default()
        };
        assert_eq!(of(whole.clone()), [Status::Holds; 4]);
        let bare = Evidence {
            bare_logs: vec![actors::TenantId::new()],
            ..whole.clone()
        };
        assert_eq!(of(bare)[3], Status::Unproven, "of nothing that was signed");
        let blind = Evidence {
            signed: None,
            ..whole.clone()
        };
        assert_eq!(of(blind)[3], Status::NotTried, "who signed was not looked at");
        let part = Evidence { is_part: true, ..whole };
        assert_eq!(of(part.clone()), [Status::Unproven; 4]);
        let broken = Evidence { bare_sessions: 1, ..part };
        assert_eq!(of(broken)[0], Status::Broken, "what is wrong in some is wrong");
    }
}
