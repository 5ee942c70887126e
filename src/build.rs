//! Notes by which compiler the program is built, for who asks it later. Not as a name of ours: cargo hands it to what it runs, as a setting would be.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output();
    let version = said.ok().and_then(|said| String::from_utf8(said.stdout).ok()).unwrap_or_default();
    // Such as `rustc 1.95.0 (…)`.
    let version = version.split_whitespace().nth(1).unwrap_or("unknown");
    println!("cargo::rustc-env=BUILT_BY_RUST={version}");
}
