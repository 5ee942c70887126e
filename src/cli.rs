//! The command line.

use std::{io::Write, path::PathBuf};

use actors::{Fault, operators::Roster};
use clap::{Parser, Subcommand};

use crate::{
    Application, Clock, StartError, application, audit, eval, keys,
    settings::{Settings, Source},
    telemetry,
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
    /// Say who runs the installation: who sees how its actors are, and may reset them. Works beside a running server.
    #[command(subcommand)]
    Operator(OperatorAction),
    /// Help people who lost the way into their account. Works beside a running server.
    #[command(subcommand)]
    Account(AccountAction),
    /// Measure the ranking on a collection: a folder with corpus.jsonl, queries.jsonl and qrels.tsv.
    Eval {
        #[arg(long)]
        corpus: PathBuf,
    },
    /// Check an export of an audit log.
    #[command(subcommand)]
    Audit(audit::Action),
    /// Rotate, import or list keys. Works beside running servers.
    Keys {
        #[command(subcommand)]
        action: keys::Action,
    },
}

#[derive(Subcommand)]
enum AccountAction {
    /// Take away the authenticator app, the passkeys and the backup codes of the account with this e-mail address, and end its sessions. Their password is then enough: make sure first that it is them who ask.
    ResetSecondFactor { email: String },
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
    // Needs no settings, and is to work where there is no installation.
    if let Some(Action::Audit(action)) = &command.action {
        return audit::run(action);
    }
    let outcome = actix_web::rt::System::new().block_on(act(command));
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            complain(&error);
            1
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one line that says why nothing runs, before or without a log")]
fn complain(error: &StartError) {
    eprintln!("pernoex: {error}");
}

fn settings(file: Option<PathBuf>) -> Result<Settings, StartError> {
    let default = PathBuf::from("pernoex.toml");
    let file = file.or_else(|| default.exists().then_some(default));
    let source = Source::load(file.as_deref(), std::env::vars())?;
    Ok(Settings::from_source(&source)?)
}

async fn act(command: Command) -> Result<(), StartError> {
    let settings = settings(command.config)?;
    telemetry::init(&settings.log)?;
    match command.action.unwrap_or(Action::Serve) {
        // Done before the settings were read.
        Action::Audit(_) => Ok(()),
        Action::Serve => serve(&settings).await,
        Action::Migrate => {
            let (masters, _) = application::master_keys(&settings)?;
            let location = application::location(&settings, &masters).await?;
            application::migrate(&settings, &location).await?;
            println!("The database is up to date.");
            Ok(())
        }
        Action::Keys { action } => keys::run(&settings, action).await,
        Action::Operator(action) => operator(&settings, action).await,
        Action::Account(action) => account(&settings, action).await,
        Action::Eval { corpus } => eval::run(&corpus).await,
    }
}

async fn operator(settings: &Settings, action: OperatorAction) -> Result<(), StartError> {
    let (masters, _) = application::master_keys(settings)?;
    let location = application::location(settings, &masters).await?;
    application::migrate(settings, &location).await?;
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

async fn account(settings: &Settings, AccountAction::ResetSecondFactor { email }: AccountAction) -> Result<(), StartError> {
    let (masters, _) = application::master_keys(settings)?;
    let location = application::location(settings, &masters).await?;
    application::migrate(settings, &location).await?;
    let roster = Roster::open(&location, Clock::system()).await.map_err(StartError::Platform)?;
    let outcome = roster.reset_second_factor(&email).await;
    roster.close().await;
    match outcome {
        Ok(()) => {
            println!("{email} has no second factor any more, and every session is over.");
            Ok(())
        }
        Err(Fault::NotFound | Fault::Invalid { .. }) => Err(StartError::NoAccount { email }),
        Err(fault) => Err(StartError::Platform(fault)),
    }
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
