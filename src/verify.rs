//! `pernoex verify`: holds an installation to what is said of it, and says for each claim what came of it.

mod report;

use std::{net::SocketAddr, path::PathBuf, sync::atomic::AtomicBool};

use actors::{
    Location,
    audit::public_key,
    claims::{FollowedLogs, has_project},
    clock::Clock,
    doctor::prove_sealed,
};
use clap::Args;
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    StartError,
    claims::{
        self, Check, Given, Outcome, Outcomes, Place, Status,
        outside::{self, Account, Target},
    },
    cli::complain,
    doctor::keys,
    installation,
    settings::{SettingError, Settings},
};

#[derive(Args)]
pub struct Options {
    /// The address that browsers use. [default: PERNOEX_PUBLIC_URL]
    #[arg(long)]
    url: Option<Url>,
    /// Look at rows, files and settings too: on a machine of the installation, with its settings.
    #[arg(long)]
    inside: bool,
    /// For programs: one JSON document.
    #[arg(long)]
    json: bool,
    /// The e-mail address of an account that is there for this: its session begins and ends. Its password comes from PERNOEX_VERIFY_PASSWORD or --password-file.
    #[arg(long, env = "PERNOEX_VERIFY_EMAIL")]
    email: Option<String>,
    /// A file with that account's password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A project's public key, as the line for its website has it.
    #[arg(long, value_name = "KEY", env = "PERNOEX_VERIFY_WIDGET_KEY")]
    widget_key: Option<String>,
    /// The address of a voice agent, as the dashboard shows it: messages that nobody signed are sent there.
    #[arg(long, value_name = "URL", env = "PERNOEX_VERIFY_VOICE_AGENT")]
    voice_agent: Option<String>,
    /// The id of a project of another workspace than that account's: it must not be there for it.
    #[arg(long, value_name = "ID", env = "PERNOEX_VERIFY_FOREIGN_PROJECT")]
    foreign_project: Option<Uuid>,
    /// Authorities whose certificates are taken instead of those that this machine trusts: PEM.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Connect there instead of where the name leads: one node behind a balancer.
    #[arg(long, value_name = "ADDRESS:PORT")]
    connect: Option<SocketAddr>,
}

const PASSWORD: &str = "PERNOEX_VERIFY_PASSWORD";

/// An id that nobody has is not found by a broken server either.
const NO_SUCH: Outcome = Outcome::Unproven(
    "the id of --foreign-project is not there for the account, but was not seen to be a project's: give --inside and the id of a project that exists",
);

/// Nothing is broken, and something could not be looked at.
const INCOMPLETE: i32 = 2;

/// Looks, and prints what came of it. The status to exit with: 0 when everything holds that can be proven, 1 when a claim is broken, and 2 when
/// none is and something was not tried.
pub async fn run(settings: Result<Settings, SettingError>, options: Options) -> i32 {
    // Fails only when it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let looked = match target(settings.as_ref().ok(), &options) {
        Ok(target) => look(settings, &options, target.as_ref()).await.map(|found| (found, target)),
        Err(error) => Err(error),
    };
    match looked {
        Ok((found, target)) => {
            let report = report::of(&found, target.as_ref().map(Target::address));
            // A reader that closes the pipe has seen enough.
            let _ = report::print(&mut std::io::stdout().lock(), &report, options.json);
            match report.status {
                Status::Broken => 1,
                Status::NotTried => INCOMPLETE,
                Status::Holds | Status::Unproven => 0,
            }
        }
        Err(error) => {
            complain(&error);
            INCOMPLETE
        }
    }
}

fn read(path: &std::path::Path) -> Result<Zeroizing<Vec<u8>>, StartError> {
    let unread = |source| StartError::DataFolder {
        path: path.display().to_string(),
        source,
    };
    Ok(Zeroizing::new(std::fs::read(path).map_err(unread)?))
}

/// What to ask, if an address is known.
fn target(settings: Option<&Settings>, options: &Options) -> Result<Option<Target>, StartError> {
    let Some(url) = options.url.clone().or_else(|| settings?.public_url.clone()) else {
        return Ok(None);
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(StartError::Input("--url must be a web address such as https://support.example.com"));
    }
    let ca = options.ca_file.as_deref().map(read).transpose()?;
    let mut target = Target::new(url, ca.as_ref().map(|ca| ca.as_slice()), options.connect).map_err(StartError::Input)?;
    target.widget_key.clone_from(&options.widget_key);
    target.voice_agent = options.voice_agent.as_deref().map(voice_path).transpose()?;
    target.foreign_project = options.foreign_project;
    if let Some(settings) = settings.filter(|_| options.inside) {
        target.ports = claims::ports(settings);
    }
    if let Some(email) = &options.email {
        target.account = Some(Account {
            email: email.clone(),
            password: password(options)?,
        });
    }
    Ok(Some(target))
}

/// Of the address, for it is asked at the host that is verified.
fn voice_path(address: &str) -> Result<String, StartError> {
    let url = Url::parse(address).ok();
    let path = url.as_ref().map(|url| url.path().trim_end_matches("/question"));
    path.filter(|path| path.starts_with("/webhooks/voice/"))
        .map(str::to_owned)
        .ok_or(StartError::Input(
            "--voice-agent must be the address of a voice agent, as the dashboard shows it",
        ))
}

fn password(options: &Options) -> Result<Zeroizing<String>, StartError> {
    let text = match &options.password_file {
        Some(file) => {
            let bytes = read(file)?;
            Zeroizing::new(
                std::str::from_utf8(&bytes)
                    .map(str::to_owned)
                    .map_err(|_| StartError::Input("the file of the password is no text"))?,
            )
        }
        None => Zeroizing::new(std::env::var(PASSWORD).unwrap_or_default()),
    };
    let password = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    match password.is_empty() {
        true => Err(StartError::Input(
            "the account's password is missing: set PERNOEX_VERIFY_PASSWORD, or name its file by --password-file",
        )),
        false => Ok(password),
    }
}

async fn look(settings: Result<Settings, SettingError>, options: &Options, target: Option<&Target>) -> Result<Outcomes, StartError> {
    let mut found = match target {
        Some(target) => outside::run(target).await,
        None => outside::nowhere(),
    };
    let foreign = options
        .foreign_project
        .filter(|_| matches!(found.get(&Check::Foreign), Some(Outcome::Holds(_))));
    if !options.inside {
        if foreign.is_some() {
            found.insert(Check::Foreign, NO_SUCH);
        }
        let inside = Check::ALL
            .iter()
            .filter(|check| matches!(check.place(), Place::Inside | Place::Build));
        found.extend(inside.map(|check| (*check, Outcome::NotTried("give --inside, on a machine of the installation"))));
        return Ok(found);
    }
    let settings = settings?;
    let location = match keys::location(&settings).await {
        Ok(None) => {
            return Err(StartError::Input(
                "there is no installation here yet: start the server once, or set PERNOEX_DATA",
            ));
        }
        Ok(found) => found,
        // What needs no key is looked at all the same: that the key is exposed may be why it is not used.
        Err(error) => {
            complain(&error);
            None
        }
    };
    if let Some(project) = foreign {
        let there = match &location {
            Some(location) => has_project(location, project).await.unwrap_or_else(|error| {
                complain(&StartError::from(actors::KeyError::from(error)));
                false
            }),
            None => false,
        };
        if !there {
            found.insert(Check::Foreign, NO_SUCH);
        }
    }
    let audit_key = match &location {
        Some(location) => audit_key(&settings, location).await,
        None => None,
    };
    let given = Given::of(&settings, location.as_ref()).signed_by(audit_key);
    found.extend(claims::look(&given, Clock::system().now(), &AtomicBool::new(false), &mut FollowedLogs::default()).await);
    if let (Some(location), Some(Outcome::Holds(seen))) = (&location, found.get(&Check::Sealed)) {
        let (outcome, of_credentials) = opened(&settings, location, seen.clone()).await;
        // Of credentials it is said apart, where it is one that does not open.
        for check in [Check::Credentials, Check::Connected] {
            if of_credentials && matches!(found.get(&check), Some(Outcome::Holds(_))) {
                found.insert(check, outcome.clone());
            }
        }
        found.insert(Check::Sealed, outcome);
    }
    Ok(found)
}

/// By what signatures of audit logs are verified: without it, the rest is looked at all the same.
async fn audit_key(settings: &Settings, location: &Location) -> Option<String> {
    let key = async {
        let masters = installation::masters_that_are_there(settings)?;
        Ok::<_, StartError>(public_key(masters, installation::key_ring(settings)?, location).await?)
    };
    key.await.unwrap_or_else(|error| {
        complain(&error);
        None
    })
}

/// As [`prove_sealed`] names them.
const CREDENTIAL: &str = "a credential";

/// What looks sealed may be noise: who has the keys opens some of it. `seen` is what was found without them. Also
/// whether a credential is among what does not open.
async fn opened(settings: &Settings, location: &Location, seen: String) -> (Outcome, bool) {
    let proof = async {
        let masters = installation::masters_that_are_there(settings)?;
        Ok::<_, StartError>(prove_sealed(masters, installation::key_ring(settings)?, location).await?)
    };
    match proof.await {
        Ok(proof) => {
            let outcome = match proof.shut.first() {
                Some((tenant, table)) => Outcome::Broken(format!(
                    "in {} workspaces something does not open that looks sealed, such as in {table} of {tenant}",
                    proof.shut.len()
                )),
                None => Outcome::Holds(format!("{seen}; {} were opened", proof.cells)),
            };
            (outcome, proof.shut.iter().any(|(_, table)| *table == CREDENTIAL))
        }
        Err(error) => {
            complain(&error);
            let why = "the cells look sealed, and the keys that open them cannot be used: pernoex doctor says why";
            (Outcome::NotTried(why), false)
        }
    }
}
