//! `pernoex report`: what a mail server hands over becomes a report, and `security.txt` is written for whoever signs it.

use std::{
    io::{Read, Write},
    path::PathBuf,
};

use actors::{
    clock::Clock,
    disclosure::{Desk, Filed, MOST_OF_MAIL, security_txt::unsigned},
};
use clap::Subcommand;

use crate::{
    StartError,
    application::own_origin,
    cli::complain,
    installation, keys,
    settings::{SettingError, Settings},
    telemetry,
};

#[derive(Subcommand)]
pub enum Action {
    /// File a report from a raw mail, as an alias or a mail server pipes it in: 0 when it was filed, or need not be; 75 when it is to be handed over again later. Works beside a running server, which sends the receipt.
    Import {
        /// The file with the mail; - for standard input.
        #[arg(long, value_name = "FILE")]
        eml: PathBuf,
    },
    /// Print security.txt as it would be served now, to be clear-signed elsewhere.
    SecurityTxt,
}

/// As mail servers know it from `sysexits.h`: keep the message, and try again.
const AGAIN: i32 = 75;

/// The status to exit with.
pub async fn run(settings: Result<Settings, SettingError>, action: Action) -> i32 {
    match act(settings, action).await {
        Ok(status) => status,
        Err(error) => {
            complain(&error);
            // Whatever stands in the way, a mail must not be lost to it, nor bounce to whoever reported.
            AGAIN
        }
    }
}

async fn act(settings: Result<Settings, SettingError>, action: Action) -> Result<i32, StartError> {
    let settings = settings?;
    telemetry::init(&settings.log, None)?;
    match action {
        Action::SecurityTxt => {
            let origin = own_origin(&settings, settings.listen);
            let text = unsigned(&settings.disclosure, &origin, Clock::system().now());
            let _ = std::io::stdout().write_all(text.as_bytes());
            Ok(0)
        }
        Action::Import { eml } => import(&settings, &eml).await,
    }
}

fn read(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    let most = MOST_OF_MAIL as u64 + 1;
    match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(most).read_to_end(&mut raw)?,
        false => std::fs::File::open(path)?.take(most).read_to_end(&mut raw)?,
    };
    Ok(raw)
}

async fn import(settings: &Settings, path: &std::path::Path) -> Result<i32, StartError> {
    let raw = read(path).map_err(|_| StartError::Input("the mail cannot be read"))?;
    if raw.len() > MOST_OF_MAIL {
        println!("Not filed: the mail has more than {} MiB.", MOST_OF_MAIL >> 20);
        // To be bounced: its sender is to know.
        return Ok(69);
    }
    let (masters, location) = keys::installation(settings).await?;
    installation::migrate(settings, &location).await?;
    let parts = (masters, installation::key_ring(settings)?, &location);
    let desk = Desk::open(parts, Clock::system(), settings.disclosure.clone(), &settings.mail.from).await?;
    let filed = desk.file(&raw).await;
    desk.close().await;
    Ok(match filed.map_err(StartError::Platform)? {
        Filed::Report(reference) => {
            println!("Filed as {reference}.");
            0
        }
        Filed::Known => {
            println!("Not filed: this mail came before.");
            0
        }
        Filed::Machine(why) => {
            println!("Not filed: {why}.");
            0
        }
        Filed::Later => {
            println!("Not filed yet: too many came within an hour.");
            AGAIN
        }
    })
}
