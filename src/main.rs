use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    pernoex::cli::run(pernoex::cli::Command::parse())
}
