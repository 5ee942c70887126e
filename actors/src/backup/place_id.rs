//! How it is told where a backup went, without a word of the place itself.

use entities::backup::PlaceId;
use sha2::{Digest, Sha256};

use super::PlaceSettings;

impl PlaceSettings {
    /// Of what leads there, and not of what lets one in. A folder is told by its path as it is written, so that it is the same one whether its
    /// volume is mounted or not.
    #[must_use]
    pub fn id(&self) -> PlaceId {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        match self {
            Self::Folder(folder) => {
                add(b"folder");
                let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
                // Without what says nothing, such as a slash at the end.
                for part in whole.components() {
                    add(part.as_os_str().as_encoded_bytes());
                }
            }
            Self::S3(settings) => {
                add(b"s3");
                let store = settings.endpoint.origin().ascii_serialization();
                for part in [&*store, settings.endpoint.path(), &settings.bucket, &settings.prefix] {
                    add(part.as_bytes());
                }
            }
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::S3Settings;

    #[test]
    fn a_place_is_known_again_however_it_is_written_and_whoever_may_enter() {
        let folder = |path: &str| PlaceSettings::Folder(path.into()).id();
        let bucket = |endpoint: &str, bucket: &str, prefix: &str, key: &str| {
            let settings = S3Settings {
                endpoint: endpoint.parse().unwrap(),
                region: "us-east-1".into(),
                bucket: bucket.into(),
                prefix: prefix.into(),
                path_style: key.is_empty(),
                access_key: key.into(),
                secret_key: key.to_owned().into(),
                session_token: None,
            };
            PlaceSettings::S3(Box::new(settings)).id()
        };
        let here = std::env::current_dir().unwrap().join("kept");
        for (one, other) in [
            (folder("/backups"), folder("/backups/./")),
            (folder("kept"), folder(here.to_str().unwrap())),
            (
                bucket("https://s3.example.com", "a", "b/", "hunter1"),
                bucket("https://s3.example.com:443/", "a", "b/", ""),
            ),
        ] {
            assert_eq!(one, other);
        }
        let all = [
            folder("/backups"),
            folder("/backup/s"),
            folder("s3"),
            bucket("https://s3.example.com", "ab", "", ""),
            bucket("https://s3.example.com", "a", "b/", ""),
            bucket("https://s3.example.net", "ab", "", ""),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
    }
}
