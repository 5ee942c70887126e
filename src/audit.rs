//! `pernoex audit`: checks an export of an audit log, on any machine.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
};

use actors::audit::export;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Action {
    /// Check an export in JSON lines (one in CSV is for spreadsheets, and cannot be checked): that no entry was altered, left out, moved or added. Needs neither a data folder nor a database.
    Verify {
        file: PathBuf,
        /// The public key that must have signed it, as the dashboard shows it. Without it, the key that the file names is believed.
        #[arg(long)]
        key: Option<String>,
    },
}

fn count(n: impl std::fmt::Display, one: &str, many: &str) -> String {
    let n = n.to_string();
    format!("{n} {}", if n == "1" { one } else { many })
}

/// Runs it to its end: the status to exit with, 0 when it holds, 1 when it does not, 2 when it cannot be checked. Says the first thing that does not
/// hold.
#[must_use]
pub fn run(action: &Action) -> i32 {
    let Action::Verify { file, key } = action;
    let out = &mut std::io::stdout();
    let mut read = match File::open(file) {
        Ok(read) => BufReader::new(read),
        Err(error) => {
            let _ = writeln!(out, "{} cannot be read: {error}", file.display());
            return 1;
        }
    };
    // Nothing is known against it: it leaves out what the chain is made of.
    if read.fill_buf().is_ok_and(|start| start.starts_with(export::CSV_HEADER.as_bytes())) {
        let _ = writeln!(
            out,
            "This export is in CSV, for spreadsheets, and cannot be checked: export JSON lines instead."
        );
        return 2;
    }
    match export::verify(read, key.as_deref()) {
        Ok(found) => {
            let _ = writeln!(
                out,
                "The log of \"{}\" ({}) holds: {}, {}, the last of {}.",
                found.name,
                found.workspace,
                count(found.entries, "entry", "entries"),
                count(found.checkpoints, "checkpoint", "checkpoints"),
                found.until
            );
            let believed = if key.is_some() {
                ""
            } else {
                " Compare it with the one that the dashboard shows."
            };
            let _ = writeln!(out, "Signed by {}.{believed}", found.public_key);
            0
        }
        Err(broken) => {
            let _ = writeln!(out, "The log does not hold. {broken}.");
            1
        }
    }
}
