//! Which project a channel asks.

use entities::{
    ProjectId, SlackInstallationId,
    audit::{self, Act},
    projects,
    slack::{
        channels::{self, Channel, OTHERS},
        installations,
    },
};
use serde_json::json;

use super::admin::{short, target};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid},
    integrations::IntegrationActor,
    request,
};

/// Says which project a channel asks.
pub struct PutSlackChannel {
    pub by: By,
    pub installation: SlackInstallationId,
    /// Its id, a link to it, or [`OTHERS`].
    pub channel: String,
    /// What people here call it.
    pub name: String,
    pub project: ProjectId,
}
pub struct RemoveSlackChannel {
    pub by: By,
    pub installation: SlackInstallationId,
    pub channel: String,
}

request! {
    PutSlackChannel => (), needs ManageProjects, exclusive;
    RemoveSlackChannel => (), needs ManageProjects, exclusive;
}

/// Channels of one team that are named.
const MOST_CHANNELS: usize = 500;

/// The id of a channel out of what somebody pasted: the id itself, or a link such as `https://acme.slack.com/archives/C0123/p1`.
fn parse_channel(text: &str) -> Option<String> {
    let text = text.trim();
    if text == OTHERS {
        return Some(OTHERS.to_owned());
    }
    let id = match text.split_once("/archives/") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
        None => text,
    };
    let is_id = (2..=40).contains(&id.len())
        && id.starts_with(['C', 'D', 'G'])
        && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_id.then(|| id.to_owned())
}

impl Serve<PutSlackChannel> for IntegrationActor {
    async fn serve(&self, put: PutSlackChannel) -> Result<(), Fault> {
        let refuse = |reason| Fault::invalid(Invalid::SlackChannel, "channel", reason);
        let channel =
            parse_channel(&put.channel).ok_or_else(|| refuse("Paste the channel's link, or its ID from the end of its details."))?;
        let name = short(put.name.trim().trim_start_matches('#'));
        let now = self.now();
        self.db()
            .write(async |tx| {
                let found = installations::find(tx, put.installation).await?.ok_or(Fault::NotFound)?;
                let Some(project) = projects::find(tx, put.project).await? else {
                    return Err(Fault::invalid(Invalid::UnknownProject, "project", "There is no such project."));
                };
                let known = channels::list(tx).await?;
                let own = known.iter().filter(|one| one.installation == put.installation);
                if own.clone().count() >= MOST_CHANNELS && !own.clone().any(|one| one.channel == channel) {
                    return Err(refuse("That is more channels than one team can have here."));
                }
                let mapped = Channel {
                    installation: put.installation,
                    channel: channel.clone(),
                    name,
                    project: Some(put.project),
                    seen_at: now,
                };
                channels::put(tx, &mapped).await?;
                let details = json!({ "channel": channel, "project": project.name });
                audit::append(tx, put.by.did_with(Act::SlackChannelMapped, target(&found), now, details)).await?;
                Ok(())
            })
            .await
    }
}

impl Serve<RemoveSlackChannel> for IntegrationActor {
    async fn serve(&self, remove: RemoveSlackChannel) -> Result<(), Fault> {
        // What can be no channel is none.
        parse_channel(&remove.channel).ok_or(Fault::NotFound)?;
        let now = self.now();
        self.db()
            .write(async |tx| {
                let found = installations::find(tx, remove.installation).await?.ok_or(Fault::NotFound)?;
                if !channels::remove(tx, remove.installation, &remove.channel).await? {
                    return Err(Fault::NotFound);
                }
                let details = json!({ "channel": remove.channel });
                audit::append(tx, remove.by.did_with(Act::SlackChannelUnmapped, target(&found), now, details)).await?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::parse_channel;

    #[test]
    fn a_channel_is_named_by_its_id_or_its_link() {
        for (pasted, id) in [
            ("C0123ABC", Some("C0123ABC")),
            (" https://acme.slack.com/archives/C0123ABC ", Some("C0123ABC")),
            ("https://acme.slack.com/archives/C0123ABC/p1700000000?thread_ts=1", Some("C0123ABC")),
            ("*", Some("*")),
            ("#general", None),
            ("general", None),
            ("C0123abc", None),
            ("", None),
        ] {
            assert_eq!(parse_channel(pasted).as_deref(), id, "{pasted}");
        }
    }
}
