//! Authorities of the tests' own, and certificates by them.

use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, as files.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

fn day(from_now: i64) -> time::OffsetDateTime {
    let today = Utc::now().date_naive();
    let days = Days::new(from_now.unsigned_abs());
    let day = if from_now < 0 { today - days } else { today + days };
    date_time_ymd(day.year(), u8::try_from(day.month()).unwrap(), u8::try_from(day.day()).unwrap())
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = day(-400);
        params.not_after = day(3650);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn issue(&self, names: &[&str]) -> Issued {
        self.issue_for(names, (-1, 90))
    }

    /// Valid from one day to another, counted from today.
    pub fn issue_for(&self, names: &[&str], (from, to): (i64, i64)) -> Issued {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, names[0]);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = day(from);
        params.not_after = day(to);
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Issued {
    /// Both files in `folder`, each put in its place in one go, as those who renew do.
    pub fn put(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let put = |name: &str, text: &str| {
            let (new, path) = (folder.join(format!("{name}.new")), folder.join(name));
            std::fs::write(&new, text).unwrap();
            std::fs::rename(new, &path).unwrap();
            path
        };
        let paths = (put("chain.pem", &self.certificate), put("key.pem", &self.key));
        std::fs::set_permissions(&paths.1, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        paths
    }
}
