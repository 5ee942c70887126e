//! What an installation is made of: its master keys, its database, its key ring, and the tables.

use std::time::Duration;

use actors::{KmsSettings, Location, MasterKeys, RingPlace, RingSettings};
use migration::ApplicationRole;
use url::Url;

use crate::{
    StartError,
    settings::{DatabaseSettings, IN_FILE, NAMES, Secret, SettingError, Settings},
};

/// How long the key service may take.
const KMS_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens or makes the master key. Tells whether it was made just now.
///
/// # Errors
/// When it cannot be read, made or used.
pub fn master_keys(settings: &Settings) -> Result<(MasterKeys, bool), StartError> {
    if settings.master_key.is_none() {
        let folder = &settings.data;
        let unusable = |source| StartError::DataFolder {
            path: folder.display().to_string(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(unusable)?;
        }
    }
    masters_at_hand(settings)
}

/// As [`master_keys`], in a data folder that is left as it is.
///
/// # Errors
/// As there.
pub(crate) fn masters_at_hand(settings: &Settings) -> Result<(MasterKeys, bool), StartError> {
    let kms = settings.kms_command.as_ref().map(|command| KmsSettings {
        command: command.clone(),
        hidden: NAMES
            .iter()
            .flat_map(|name| [(*name).to_owned(), format!("{name}{IN_FILE}")])
            .collect(),
        timeout: KMS_TIMEOUT,
    });
    if let Some(text) = &settings.master_key {
        let given = MasterKeys::given(text.expose(), kms).map_err(StartError::MasterKeySetting)?;
        return Ok((given, false));
    }
    let folder = &settings.data;
    let path = folder.join("master.key");
    // A new key beside an old database would lock its rows away: stop before that looks like an empty installation.
    if kms.is_none() && !path.exists() && folder.join(DATABASE_FILE).exists() {
        let reason = format!(
            "is missing, but {} is there: put master.key back",
            folder.join(DATABASE_FILE).display()
        );
        return Err(SettingError::new(&path.display().to_string(), reason).into());
    }
    Ok(MasterKeys::load_or_create(&path, kms)?)
}

pub(crate) const DATABASE_FILE: &str = "pernoex.db";

/// Where the rows are, as the server itself reaches them.
///
/// # Errors
/// When the key of the embedded database cannot be opened.
pub async fn location(settings: &Settings, masters: &MasterKeys) -> Result<Location, StartError> {
    Ok(match &settings.database {
        DatabaseSettings::Embedded => {
            let path = settings.data.join(DATABASE_FILE);
            let key = actors::database_key(&path, masters).await?;
            Location::Embedded { path, key }
        }
        DatabaseSettings::Postgres { url, connections, .. } => Location::Postgres {
            url: url.expose().to_owned(),
            connections: *connections,
        },
    })
}

/// Where the shares of keys are, and how long those of replaced keys stay.
///
/// # Errors
/// When a folder is named that is not there: made anew it would be an empty one, and nothing would open.
pub fn key_ring(settings: &Settings) -> Result<RingSettings, StartError> {
    let place = match (&settings.key_ring, &settings.database) {
        (Some(folder), _) if folder.is_dir() => RingPlace::Folder(folder.clone()),
        (Some(_), _) => {
            let reason = "names no folder: mount it, or make it for a new installation";
            return Err(SettingError::new("PERNOEX_KEY_RING", reason).into());
        }
        (None, DatabaseSettings::Embedded) => RingPlace::Folder(settings.data.join("keyring")),
        (None, DatabaseSettings::Postgres { .. }) => RingPlace::Database,
    };
    Ok(RingSettings {
        place,
        retention: settings.key_retention,
    })
}

/// Brings the tables up to date, if this process may.
///
/// # Errors
/// When it may and cannot.
pub async fn migrate(settings: &Settings, location: &Location) -> Result<(), StartError> {
    match &settings.database {
        DatabaseSettings::Embedded => {
            std::fs::create_dir_all(&settings.data).map_err(|source| StartError::DataFolder {
                path: settings.data.display().to_string(),
                source,
            })?;
            migration::run(location, None).await?;
        }
        DatabaseSettings::Postgres { migration_url: None, .. } => {}
        DatabaseSettings::Postgres {
            url,
            migration_url: Some(migration_url),
            backup_url,
            ..
        } => {
            let privileged = Location::Postgres {
                url: migration_url.expose().to_owned(),
                connections: 2,
            };
            let application = role("DATABASE_URL", url)?;
            migration::run(&privileged, Some(&application))
                .await
                .map_err(StartError::MigrationSetting)?;
            if let Some(url) = backup_url {
                let reader = role("DATABASE_BACKUP_URL", url)?;
                migration::admit_backups(&privileged, &reader)
                    .await
                    .map_err(StartError::MigrationSetting)?;
            }
        }
    }
    Ok(())
}

fn role(name: &str, url: &Secret) -> Result<ApplicationRole, StartError> {
    let url = Url::parse(url.expose()).map_err(|_| SettingError::new(name, "is not a valid address"))?;
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    Ok(ApplicationRole {
        name: plain(url.username()),
        password: plain(url.password().unwrap_or_default()),
    })
}

/// The master keys, where nothing is to be made: a new one would open nothing.
///
/// # Errors
/// When there are none.
pub(crate) fn masters_that_are_there(settings: &Settings) -> Result<MasterKeys, StartError> {
    let has_file = settings.data.join("master.key").exists();
    if settings.master_key.is_none() && settings.kms_command.is_none() && !has_file {
        return Err(StartError::Input(
            "there is no master key here, and a backup opens with its own alone: put it into the data folder as master.key (mode 0600), or set PERNOEX_MASTER_KEY",
        ));
    }
    Ok(masters_at_hand(settings)?.0)
}

/// Where the owner of the tables connects to.
pub(crate) fn privileged(settings: &Settings) -> Option<Location> {
    match &settings.database {
        DatabaseSettings::Postgres {
            migration_url: Some(url), ..
        } => Some(Location::Postgres {
            url: url.expose().to_owned(),
            connections: 2,
        }),
        _ => None,
    }
}
