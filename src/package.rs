//! `pernoex widget package`: the widget as a package that npm can pack.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Subcommand;

use crate::routes::assets;

#[derive(Subcommand)]
pub enum Action {
    /// Write the widget as an ES module with types into a folder, for npm to pack: package.json, index.js, index.d.ts, README.md, LICENSE.
    Package { folder: PathBuf },
}

/// The folder as npm names its files, with this server's version.
fn files() -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    let missing = |name: &str| io::Error::new(io::ErrorKind::NotFound, format!("{name} is not in this binary"));
    let module = assets::widget_module().ok_or_else(|| missing("index.js"))?;
    let mut files = vec![("index.js", module.into_bytes())];
    for name in ["package.json", "index.d.ts", "README.md", "LICENSE"] {
        files.push((name, assets::package_file(name).ok_or_else(|| missing(name))?));
    }
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    for (_, bytes) in files.iter_mut().filter(|(name, _)| *name == "package.json") {
        *bytes = String::from_utf8_lossy(bytes)
            .replace("\"version\": \"0.0.0\"", &version)
            .into_bytes();
    }
    Ok(files)
}

fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, bytes) in files()? {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

/// The status to exit with.
#[expect(clippy::print_stderr, reason = "the one line that says why nothing was written")]
pub(crate) fn run(Action::Package { folder }: &Action) -> i32 {
    match write(folder) {
        Ok(()) => {
            println!("The package is in {}. Run npm pack there.", folder.display());
            0
        }
        Err(error) => {
            eprintln!("pernoex: the package could not be written: {error}");
            1
        }
    }
}
