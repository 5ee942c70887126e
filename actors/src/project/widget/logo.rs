//! The picture in the head of the widget. A few formats that draw and do nothing else, told by their first bytes and not by their name.

use entities::{
    audit::{self, Act, Target},
    projects,
    widget_logo::{self, WidgetLogo},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::WidgetSetup;
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Limit},
    project::ProjectActor,
    request,
    text::hex,
};

pub struct SetLogo {
    pub by: By,
    pub bytes: Vec<u8>,
}
pub struct RemoveLogo {
    pub by: By,
}
/// To a member, in the dashboard.
pub struct ShowLogo;
/// To a visitor of an allowed website.
pub struct VisitorLogo;

pub struct Logo {
    pub media_type: &'static str,
    pub bytes: Zeroizing<Vec<u8>>,
}

request! {
    SetLogo => WidgetSetup, needs ManageProjects, exclusive;
    RemoveLogo => WidgetSetup, needs ManageProjects, exclusive;
    ShowLogo => Logo, needs Member;
    VisitorLogo => Logo, needs Visitor;
}

/// Bytes.
pub const MOST_LOGO: usize = 64 << 10;

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', b'V', b'P', b'8', ..] => Some("image/webp"),
        _ => None,
    }
}

fn parse_logo(bytes: &[u8]) -> Result<&'static str, Fault> {
    let refuse = |code, reason: &str| Fault::Limit {
        code,
        reason: reason.to_owned(),
    };
    if bytes.is_empty() {
        return Err(refuse(Limit::EmptyFile, "The file is empty."));
    }
    if bytes.len() > MOST_LOGO {
        return Err(refuse(Limit::FileTooLarge, "The logo is larger than 64 KiB."));
    }
    media_type(bytes).ok_or_else(|| refuse(Limit::UnsupportedType, "Choose a PNG, JPEG or WebP picture."))
}

impl ProjectActor {
    async fn put_logo(&self, by: &By, logo: Option<(WidgetLogo, String)>) -> Result<WidgetSetup, Fault> {
        let (id, now) = (self.id(), self.now());
        let written = self.db().write(async |tx| {
            let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
            let mut look = project.look;
            look.logo = logo.as_ref().map(|(_, name)| name.clone());
            projects::set_look(tx, id, &look).await?;
            match logo {
                Some((logo, _)) => widget_logo::put(tx, id, logo).await?,
                None => widget_logo::delete(tx, id).await?,
            }
            let (target, details) = (Target::of("project", id, project.name), json!({ "logo": look.logo.is_some() }));
            audit::append(tx, by.did_with(Act::WidgetChanged, target, now, details)).await?;
            Ok::<_, Fault>(())
        });
        written.await?;
        self.setup().await
    }

    async fn logo(&self) -> Result<Logo, Fault> {
        let id = self.id();
        let found = self.db().read(async |tx| widget_logo::find(tx, id).await).await?;
        let found = found.ok_or(Fault::NotFound)?;
        let bytes = self.open("widget_logo", "sealed", id.uuid(), &found.sealed)?;
        // By what it is once more: whatever a row says, nothing else goes out as a picture.
        let media_type = media_type(&bytes).filter(|kind| *kind == found.media_type);
        Ok(Logo {
            media_type: media_type.ok_or(Fault::Internal("a logo that is no picture"))?,
            bytes,
        })
    }
}

impl Serve<SetLogo> for ProjectActor {
    async fn serve(&self, set: SetLogo) -> Result<WidgetSetup, Fault> {
        let media_type = parse_logo(&set.bytes)?.to_owned();
        let name = hex(&Sha256::digest(&set.bytes)[..8]);
        let sealed = self.seal("widget_logo", "sealed", self.id().uuid(), &set.bytes)?;
        self.put_logo(&set.by, Some((WidgetLogo { media_type, sealed }, name))).await
    }
}

impl Serve<RemoveLogo> for ProjectActor {
    async fn serve(&self, remove: RemoveLogo) -> Result<WidgetSetup, Fault> {
        self.put_logo(&remove.by, None).await
    }
}

impl Serve<ShowLogo> for ProjectActor {
    async fn serve(&self, _: ShowLogo) -> Result<Logo, Fault> {
        self.logo().await
    }
}

impl Serve<VisitorLogo> for ProjectActor {
    async fn serve(&self, _: VisitorLogo) -> Result<Logo, Fault> {
        self.logo().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_first_bytes() {
        assert_eq!(parse_logo(b"\x89PNG\r\n\x1a\n rest").unwrap(), "image/png");
        assert_eq!(parse_logo(b"\xff\xd8\xff\xe0 rest").unwrap(), "image/jpeg");
        assert_eq!(parse_logo(b"RIFF\x10\0\0\0WEBPVP8L rest").unwrap(), "image/webp");
        for bad in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a",
            b"\x89PNG",
            b"<html>",
            b"RIFF\x10\0\0\0WAVEfmt ",
        ] {
            assert!(parse_logo(bad).is_err(), "{bad:?}");
        }
        let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
        large.resize(MOST_LOGO + 1, 0);
        assert!(parse_logo(&large).is_err());
    }
}
