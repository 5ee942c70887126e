use std::io::Write;

use clap::Parser;

fn main() {
    let status = pernoex::cli::run(pernoex::cli::Command::parse());
    let _ = std::io::stdout().flush();
    // Past the clean-up that libraries run at exit: SQLCipher's frees what a connection that is still being closed uses, and crashes.
    signal_hook::low_level::exit(status)
}
