//! The command line.

use std::{io::Write, path::PathBuf};

use actors::{Fault, TenantId, identity::Desk, operators::Roster, sources::desk::IntegrationsDesk};
use clap::{Parser, Subcommand};

use crate::{
    Application, Clock, StartError, audit, backup, doctor, eval, healthcheck, installation, keys, package, report,
    settings::{SettingError, Settings, Source},
    telemetry::{self, Traces},
    verify,
};

/// Turns a product's documentation into an assistant its customers can ask.
///
/// Without a subcommand, serves. Everything has a default: the first start makes a data folder with a master key and an encrypted database, and prints the address to open.
///
/// Settings come from the environment (PERNOEX_LISTEN, DATABASE_URL, REDIS_URL, OPENAI_BASE_URL, ...; the README lists them) or from a TOML file.
#[derive(Parser)]
#[command(name = "pernoex", version)]
pub struct Command {
    /// A TOML file with settings. The environment overrides it. [default: pernoex.toml, if there is one]
    #[arg(long, global = true, env = "PERNOEX_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Run the server (the default).
    Serve,
    /// Bring the database's tables up to date and leave.
    Migrate,
    /// Look whether this installation is well, and say how to mend what is not. Changes nothing; works beside running servers. Ends with 1 if anything is a failure.
    Doctor {
        /// For programs: one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Hold an installation to what is said of its security: from outside at its address, with --inside at its rows, files and settings too. Changes nothing. Ends with 0 when everything holds that can be proven, 1 when a claim is broken, 2 when none is but something was not tried.
    Verify(Box<verify::Options>),
    /// Make a backup now: all rows as of one moment, sealed, and the key ring beside them. Works beside running servers.
    Backup {
        /// A folder, or s3://bucket/prefix, instead of PERNOEX_BACKUP_TO.
        #[arg(long, global = true, value_name = "PLACE")]
        at: Option<String>,
        #[command(subcommand)]
        action: Option<backup::Action>,
    },
    /// Put a backup into an installation that is empty. Needs the master key that it was made with, and nothing else of the old machine.
    Restore {
        /// As `pernoex backup list` shows it. [default: the latest]
        name: Option<String>,
        /// A folder, or s3://bucket/prefix, instead of PERNOEX_BACKUP_TO.
        #[arg(long, value_name = "PLACE")]
        at: Option<String>,
    },
    /// Ask the server on this machine whether it lives: 0 if it does. For containers.
    Healthcheck {
        /// Whether it is ready: its database and cache answer too.
        #[arg(long)]
        ready: bool,
    },
    /// Say who runs the installation: who sees how its actors are, and may reset them. Works beside a running server.
    #[command(subcommand)]
    Operator(OperatorAction),
    /// Help people who lost the way into their account, or who are not alone in it. Works beside a running server.
    #[command(subcommand)]
    Account(AccountAction),
    /// Burn what is connected to other services, as after a leak. Works beside running servers.
    #[command(subcommand)]
    Integrations(IntegrationsAction),
    /// Measure the ranking on a collection: a folder with corpus.jsonl, queries.jsonl and qrels.tsv. By the embedding model that is configured.
    Eval {
        #[arg(long)]
        corpus: PathBuf,
        /// Another collection, whose questions this one cannot answer.
        #[arg(long)]
        other: Option<PathBuf>,
    },
    /// Check an export of an audit log.
    #[command(subcommand)]
    Audit(audit::Action),
    /// The widget, for those who build it into their own pages.
    #[command(subcommand)]
    Widget(package::Action),
    /// Reports of vulnerabilities: take one in that came by mail, or write security.txt to be signed.
    #[command(subcommand)]
    Report(report::Action),
    /// Rotate, import or list keys. Works beside running servers.
    Keys {
        #[command(subcommand)]
        action: keys::Action,
    },
}

#[derive(Subcommand)]
enum AccountAction {
    /// Take away the authenticator app, the passkeys and the backup codes of the account with this e-mail address, and end its sessions. Their password is then enough: make sure first that it is them who ask.
    ResetSecondFactor {
        email: String,
        /// How you made sure, such as "showed their passport in a video call". It is written down with the act.
        #[arg(long, value_name = "HOW", value_parser = how)]
        checked: String,
    },
    /// End every session of the account with this e-mail address: who holds one must sign in anew. The ways in stay as they are.
    EndSessions { email: String },
}

/// A line that says something.
fn how(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err("say it in one line of at most 200 characters");
    }
    Ok(text.to_owned())
}

#[derive(Subcommand)]
enum IntegrationsAction {
    /// Disconnect every account, every Slack workspace and every source: their tokens are deleted here, and ended at the providers for as long as that takes. Running servers do it at once, otherwise the next start does.
    RevokeAll {
        /// Of this workspace only.
        #[arg(long)]
        workspace: Option<TenantId>,
        /// Delete the documents that came from sources too, instead of keeping them as they are.
        #[arg(long)]
        delete_documents: bool,
    },
}

#[derive(Subcommand)]
enum OperatorAction {
    /// Make the account with this e-mail address an operator's.
    Grant { email: String },
    /// Take that back.
    Revoke { email: String },
    /// Show the operators.
    List,
}

/// Runs the command to its end: the status to exit with.
#[must_use]
pub fn run(command: Command) -> i32 {
    // Before anything makes a client or a server of TLS. Fails only when one was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Needs no settings, and is to work where there is no installation.
    if let Some(Action::Audit(action)) = &command.action {
        return audit::run(action);
    }
    if let Some(Action::Widget(action)) = &command.action {
        return package::run(action);
    }
    if let Some(Action::Doctor { json }) = command.action {
        let settings = settings(command.config);
        return actix_web::rt::System::new().block_on(doctor::run(settings, json));
    }
    if let Some(Action::Report(action)) = command.action {
        let settings = settings(command.config);
        return actix_web::rt::System::new().block_on(report::run(settings, action));
    }
    if let Some(Action::Verify(options)) = command.action {
        let settings = settings(command.config);
        return actix_web::rt::System::new().block_on(verify::run(settings, *options));
    }
    let mut traces = None;
    let outcome = actix_web::rt::System::new().block_on(act(command, &mut traces));
    if let Some(traces) = traces {
        traces.close();
    }
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            complain(&error);
            1
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one line that says why nothing runs, before or without a log")]
pub(crate) fn complain(error: &StartError) {
    eprintln!("pernoex: {error}");
}

fn settings(file: Option<PathBuf>) -> Result<Settings, SettingError> {
    let default = PathBuf::from("pernoex.toml");
    let file = file.or_else(|| default.exists().then_some(default));
    let source = Source::load(file.as_deref(), std::env::vars())?;
    Settings::from_source(&source)
}

async fn act(command: Command, traces: &mut Option<Traces>) -> Result<(), StartError> {
    let settings = settings(command.config)?;
    let action = command.action.unwrap_or(Action::Serve);
    let serves = matches!(action, Action::Serve);
    *traces = telemetry::init(&settings.log, settings.traces.as_ref().filter(|_| serves))?;
    match action {
        // Done before the settings were read.
        Action::Audit(_) | Action::Widget(_) | Action::Doctor { .. } | Action::Report(_) | Action::Verify(_) => Ok(()),
        Action::Healthcheck { ready } => {
            let host = settings.tls.as_ref().map(|tls| tls.host.as_str());
            healthcheck::run(settings.listen, host, ready).map_err(StartError::Unwell)
        }
        Action::Serve => serve(&settings).await,
        Action::Migrate => {
            let (masters, _) = installation::master_keys(&settings)?;
            let location = installation::location(&settings, &masters).await?;
            installation::migrate(&settings, &location).await?;
            println!("The database is up to date.");
            Ok(())
        }
        Action::Backup { at, action } => backup::run(&settings, at.as_deref(), action).await,
        Action::Restore { name, at } => backup::restore(&settings, at.as_deref(), name.as_deref()).await,
        Action::Keys { action } => keys::run(&settings, action).await,
        Action::Operator(action) => operator(&settings, action).await,
        Action::Account(action) => account(&settings, action).await,
        Action::Integrations(action) => integrations(&settings, action).await,
        Action::Eval { corpus, other } => eval::run(&corpus, other.as_deref(), settings.embeddings.for_actors()).await,
    }
}

async fn operator(settings: &Settings, action: OperatorAction) -> Result<(), StartError> {
    let (masters, _) = installation::master_keys(settings)?;
    let location = installation::location(settings, &masters).await?;
    installation::migrate(settings, &location).await?;
    let roster = Roster::open(&location, Clock::system()).await.map_err(StartError::Platform)?;
    let outcome = match &action {
        OperatorAction::Grant { email } => roster
            .grant(email)
            .await
            .map(|()| println!("{email} is an operator. The page is /operator, after signing in.")),
        OperatorAction::Revoke { email } => roster.revoke(email).await.map(|()| println!("{email} is no operator.")),
        OperatorAction::List => roster.list().await.map(|operators| {
            if operators.is_empty() {
                println!("There are no operators.");
            }
            for (email, since) in operators {
                let since = chrono::DateTime::from_timestamp_millis(since).unwrap_or_default();
                println!("{email}  since {}", since.format("%Y-%m-%d %H:%M UTC"));
            }
        }),
    };
    roster.close().await;
    match (outcome, action) {
        (Err(Fault::NotFound | Fault::Invalid { .. }), OperatorAction::Grant { email } | OperatorAction::Revoke { email }) => {
            Err(StartError::NoAccount { email })
        }
        (outcome, _) => outcome.map_err(StartError::Platform),
    }
}

async fn account(settings: &Settings, action: AccountAction) -> Result<(), StartError> {
    let (masters, location) = keys::installation(settings).await?;
    installation::migrate(settings, &location).await?;
    let desk = Desk::open(masters, installation::key_ring(settings)?, &location, Clock::system()).await?;
    let outcome = match &action {
        AccountAction::ResetSecondFactor { email, checked } => desk
            .reset_second_factor(email, checked)
            .await
            .map(|()| println!("{email} has no second factor any more, and every session is over.")),
        AccountAction::EndSessions { email } => desk
            .end_sessions(email)
            .await
            .map(|()| println!("Every session of {email} is over.")),
    };
    desk.close().await;
    let (AccountAction::ResetSecondFactor { email, .. } | AccountAction::EndSessions { email }) = action;
    match outcome {
        Err(Fault::NotFound | Fault::Invalid { .. }) => Err(StartError::NoAccount { email }),
        outcome => outcome.map_err(StartError::Platform),
    }
}

async fn integrations(settings: &Settings, action: IntegrationsAction) -> Result<(), StartError> {
    let (_, location) = keys::installation(settings).await?;
    installation::migrate(settings, &location).await?;
    let desk = IntegrationsDesk::open(&location, Clock::system())
        .await
        .map_err(StartError::Platform)?;
    let IntegrationsAction::RevokeAll {
        workspace,
        delete_documents,
    } = action;
    let outcome = desk.revoke_all(workspace, delete_documents).await;
    desk.close().await;
    match outcome {
        Ok(1) => {
            println!("The integrations of 1 workspace are to be revoked: the servers of this installation do it now, or when they start.")
        }
        Ok(count) => println!(
            "The integrations of {count} workspaces are to be revoked: the servers of this installation do it now, or when they start."
        ),
        Err(Fault::NotFound) => return Err(StartError::Input("there is no workspace with this id")),
        Err(fault) => return Err(StartError::Platform(fault)),
    }
    println!("Each workspace's page of connections shows what became of them.");
    Ok(())
}

/// For people who watch. A server whose output nobody reads any more goes on.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn serve(settings: &Settings) -> Result<(), StartError> {
    let application = Application::start(settings, Clock::system()).await?;
    let address = application.address();
    let url = match &settings.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        // Browsers keep secure cookies for localhost without TLS.
        None if address.ip().is_loopback() => format!("http://localhost:{}", address.port()),
        None => format!("http://{address}"),
    };
    say(format_args!("Pernoex listens on {address}. Open {url}"));
    if let Some(redirect) = application.redirect_address() {
        say(format_args!("Who comes to {redirect} without TLS is sent there."));
    }
    if application.is_first_run() {
        let key = settings.data.join("master.key");
        say("This is a new installation. Sign up in the browser, create a project, add documents, ask.");
        say(format_args!(
            "Keep copies of {}, database.key and keyring in a safe place: without them nothing that is stored can be read.",
            key.display()
        ));
    }
    application.run().await?;
    say("Stopped.");
    Ok(())
}
