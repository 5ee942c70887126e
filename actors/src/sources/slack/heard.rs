//! What Slack says of a thread that is stored here: the next sync would notice it too, and later.

use entities::{
    source::{self, Source},
    source_item::Which,
};

use super::SlackConfig;
use crate::{fault::Fault, integrations::IntegrationActor, project::ChangedAtSource, sources::connector::Kind};

/// Something that was said in a thread was deleted or edited.
pub(crate) struct ThreadChanged<'a> {
    /// Slack's own ids.
    pub team: &'a str,
    pub channel: &'a str,
    /// The thread's first message.
    pub thread: &'a str,
    pub deleted: bool,
}

impl IntegrationActor {
    /// The sources that a channel of a team was chosen for.
    async fn readers_of(&self, team: &str, channel: &str) -> Result<Vec<Source>, Fault> {
        let mut readers = Vec::new();
        for found in self.db().read(async |tx| source::of_team(tx, team).await).await? {
            if found.kind != Kind::Slack.as_str() || found.leaving {
                continue;
            }
            let config: SlackConfig = serde_json::from_str(&found.config).map_err(|_| Fault::Internal("source config"))?;
            if config.channels.iter().any(|chosen| chosen.id == channel) {
                readers.push(found);
            }
        }
        Ok(readers)
    }

    /// Lets go at once of what was said in a channel that is not for the app any more. `false` when no source has something of it.
    pub(crate) async fn channel_shut(&self, team: &str, channel: &str) -> Result<bool, Fault> {
        let mut known = false;
        for source in self.readers_of(team, channel).await? {
            known |= self.let_go_at_once(&source, Which::Beginning(vec![format!("{channel}/")])).await?;
        }
        if known {
            self.ring_outward();
        }
        Ok(known)
    }

    /// Lets go of the thread at once where something of it was deleted, and has it read anew. `false` when no source has it.
    pub(crate) async fn thread_changed(&self, changed: &ThreadChanged<'_>) -> Result<bool, Fault> {
        let mut known = false;
        for found in self.readers_of(changed.team, changed.channel).await? {
            let told = ChangedAtSource {
                source: found.id,
                item: format!("{}/{}", changed.channel, changed.thread),
                deleted: changed.deleted,
            };
            match self.projects().get(found.project).await {
                Ok(project) => known |= project.ask(told).await?,
                // It was deleted meanwhile.
                Err(Fault::NotFound) => {}
                Err(fault) => return Err(fault),
            }
        }
        if known && changed.deleted {
            self.ring_outward();
        }
        Ok(known)
    }
}
