//! Files in the data folder, the room beside them, and whether the keys in them open what is stored.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use actors::{Location, doctor::prove_keys};

use super::Finding;
use crate::{
    StartError,
    installation::{self, DATABASE_FILE},
    settings::{DatabaseSettings, Settings},
    vitals,
};

/// Whether others than its owner can do anything with it. `None` when it is not there.
fn is_exposed(path: &Path) -> Option<bool> {
    let found = std::fs::symlink_metadata(path).ok()?;
    Some(found.permissions().mode() & 0o077 != 0)
}

fn has_key_file(settings: &Settings) -> bool {
    settings.master_key.is_none() && settings.kms_command.is_none()
}

fn is_embedded(settings: &Settings) -> bool {
    matches!(settings.database, DatabaseSettings::Embedded)
}

fn ring(settings: &Settings) -> Option<PathBuf> {
    match &settings.key_ring {
        Some(folder) => Some(folder.clone()),
        None => is_embedded(settings).then(|| settings.data.join("keyring")),
    }
}

/// Where keys are, in files.
#[derive(Clone)]
pub(crate) struct Places {
    named: Vec<PathBuf>,
    ring: Option<PathBuf>,
    /// Holds them, where it does.
    data: Option<PathBuf>,
}

/// What a look at them found.
pub(crate) struct Files {
    pub looked_at: usize,
    pub missing: Vec<PathBuf>,
    /// Files and folders that others than their owner can do anything with.
    pub exposed: Vec<PathBuf>,
    pub ring: Option<(PathBuf, std::io::Error)>,
}

impl Places {
    pub(crate) fn of(settings: &Settings) -> Self {
        let mut named = Vec::new();
        if has_key_file(settings) {
            named.push(settings.data.join("master.key"));
        }
        if is_embedded(settings) {
            named.push(settings.data.join("database.key"));
        }
        let data = !named.is_empty();
        Self {
            named,
            ring: ring(settings),
            data: data.then(|| settings.data.clone()),
        }
    }

    pub(crate) fn look(&self) -> Files {
        let missing = self.named.iter().filter(|path| !path.exists()).cloned().collect();
        let (mut private, mut unread) = (self.named.clone(), None);
        if let Some(folder) = &self.ring {
            match std::fs::read_dir(folder) {
                Ok(entries) => {
                    private.extend(entries.flatten().map(|entry| entry.path()));
                    private.push(folder.clone());
                }
                Err(error) => unread = Some((folder.clone(), error)),
            }
        }
        private.extend(self.data.iter().filter(|data| data.exists()).cloned());
        Files {
            looked_at: private.len(),
            missing,
            exposed: private.into_iter().filter(|path| is_exposed(path) == Some(true)).collect(),
            ring: unread,
        }
    }
}

/// Whether the files that hold keys are there, and for nobody else's eyes.
pub fn files(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let found = Places::of(settings).look();
    if !found.missing.is_empty() {
        let missing: Vec<String> = found.missing.iter().map(|path| path.display().to_string()).collect();
        findings.push(Finding::failure(
            "files",
            format!("{} is not there", missing.join(", ")),
            "put it back from the copy that docs/operations.md asks for; of a new installation, start the server once",
        ));
    }
    if let Some((folder, error)) = found.ring {
        findings.push(Finding::failure(
            "files",
            format!("the key ring {} cannot be read ({error})", folder.display()),
            "mount or restore it: without it no content can be read",
        ));
    }
    if let Some(first) = found.exposed.first() {
        findings.push(Finding::failure(
            "files",
            format!(
                "{} of the files and folders of keys can be read by others, such as {}",
                found.exposed.len(),
                first.display()
            ),
            "chmod 600 the files and 700 the folders",
        ));
    }
    if findings.is_empty() {
        let found = match found.looked_at {
            0 => "no key is in a file".to_owned(),
            many => format!("{many} files and folders of keys are their owner's alone"),
        };
        findings.push(Finding::ok("files", found));
    }
    findings
}

const MIB: u64 = 1 << 20;

/// Room for what comes: a database that cannot grow refuses every write.
pub fn disk(settings: &Settings) -> Finding {
    let (check, mend) = ("disk", "free some, or make it larger");
    let Some(disk) = vitals::disk(&settings.data) else {
        return Finding::skipped(check, "the room below PERNOEX_DATA is not known");
    };
    let found = format!(
        "{} MiB of {} MiB are free below {}",
        disk.free / MIB,
        disk.size / MIB,
        settings.data.display()
    );
    // What is not on this disk needs little of it.
    let (least, little) = if is_embedded(settings) { (256, 2_048) } else { (16, 128) };
    match disk.free / MIB {
        free if free < least => Finding::failure(check, found, mend),
        free if free < little => Finding::warning(check, found, mend),
        _ => Finding::ok(check, found),
    }
}

/// Where the rows are. `None` when nothing was ever started here: looking must not make it.
///
/// # Errors
/// When the master key is missing, or does not open the key of an embedded database.
pub async fn location(settings: &Settings) -> Result<Option<Location>, StartError> {
    if is_embedded(settings) && !settings.data.join(DATABASE_FILE).exists() {
        return Ok(None);
    }
    if has_key_file(settings) && !settings.data.join("master.key").exists() {
        return Err(StartError::Input("there is no master key, and nothing opens without it"));
    }
    let (masters, _) = installation::masters_at_hand(settings)?;
    Ok(Some(installation::location(settings, &masters).await?))
}

/// Whether the master key and the key ring open the keys of every workspace.
pub async fn opened(settings: &Settings, location: &Location) -> Finding {
    let check = "keys";
    // Opening a ring makes its folder, and an empty one hides that it is missing.
    if ring(settings).is_some_and(|folder| !folder.is_dir()) {
        return Finding::skipped(check, "not tried without the key ring");
    }
    let opened = async {
        let (masters, _) = installation::masters_at_hand(settings)?;
        Ok::<_, StartError>(prove_keys(masters, installation::key_ring(settings)?, location).await?)
    };
    match opened.await {
        Err(error) => Finding::failure(
            check,
            error.to_string(),
            "put the master key and the key ring back that belong to this database (docs/keys.md)",
        ),
        Ok(None) => Finding::skipped(check, "no server was started on this database yet"),
        Ok(Some(proof)) => match proof.shut.first() {
            Some((tenant, error)) => Finding::failure(
                check,
                format!(
                    "the keys of {} workspaces do not open, such as {tenant}'s: {error}",
                    proof.shut.len()
                ),
                "restore the entries of the key ring that are missing (docs/keys.md)",
            ),
            None => {
                let part = if proof.is_part { ", of more that there are" } else { "" };
                Finding::ok(
                    check,
                    format!("those of {} workspaces and {} projects open{part}", proof.tenants, proof.projects),
                )
            }
        },
    }
}
