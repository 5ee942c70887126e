//! Seeing to what Slack sent: a question is answered in its thread, a thumb is noted, an end is an end.

use entities::{
    ConversationId, Millis, ProjectId, SlackInstallationId, StoreError, VisitorId,
    inbound_event::End,
    slack::{
        answers::{self, Answer, Thread},
        channels::{self, Channel as Place, OTHERS},
        installations::{self, Installation, Standing},
    },
};

use super::{
    events::{Heard, Judgement, Question, heard},
    text::{plain, said},
    tokens::end_in,
};
use crate::{
    fault::Fault,
    integrations::{IntegrationActor, derived, events::Pending},
    limits::Rule,
    project::{
        channels::{AskFrom, Channel},
        conversations::Feedback,
    },
    sources::slack::ThreadChanged,
};

const NO_PROJECT: &str = "I don't know yet which knowledge to answer from here. An admin can choose a project for this channel in Pernoex, \
    on the workspace's Slack page.";
const ASK_ME: &str = "Ask me a question, and I will look for the answer in the documentation.";
pub(super) const NOT_CONNECTED: &str = "The team is not connected any more.";

/// The conversation that a thread is in one project: another, when the channel asks another project from now on.
fn conversation(thread: &Thread, project: ProjectId) -> ConversationId {
    let (installation, project) = (thread.installation.uuid(), project.uuid());
    let parts: [&[u8]; 5] = [
        b"pernoex slack thread v1",
        installation.as_bytes(),
        project.as_bytes(),
        thread.channel.as_bytes(),
        thread.ts.as_bytes(),
    ];
    derived(&parts).into()
}

fn visitor(installation: SlackInstallationId, user: &str) -> VisitorId {
    derived(&[b"pernoex slack user v1", installation.uuid().as_bytes(), user.as_bytes()]).into()
}

impl IntegrationActor {
    /// Sees to one thing that `team` sent.
    pub(in crate::integrations) async fn hear_slack(&self, pending: Pending, payload: &[u8]) -> Result<(), Fault> {
        let team = super::events::team(payload);
        let found = match &team {
            Some(team) => self.db().read(async |tx| installations::find_by_team(tx, team).await).await?,
            None => None,
        };
        let Some(installation) = found.filter(|found| found.standing == Standing::Connected) else {
            return self.end(pending, End::Ignored(NOT_CONNECTED)).await;
        };
        let (id, now) = (installation.id, self.now());
        match heard(payload, &installation.bot_user) {
            Heard::Nothing(why) => self.end(pending, End::Ignored(why)).await,
            Heard::Asked(question) => self.asked(pending, &installation, question).await,
            Heard::Judged {
                judgement,
                user,
                channel,
                thread,
            } => {
                let thread = Thread {
                    installation: id,
                    channel,
                    ts: thread,
                };
                self.judged(pending, judgement, &user, &thread).await
            }
            Heard::Changed { channel, thread, deleted } => {
                let changed = ThreadChanged {
                    team: &installation.team,
                    channel: &channel,
                    thread: &thread,
                    deleted,
                };
                match self.thread_changed(&changed).await? {
                    true => self.end(pending, End::Done).await,
                    false => self.end(pending, End::Ignored("No source of knowledge has this thread.")).await,
                }
            }
            Heard::Shut { channel } => match self.channel_shut(&installation.team, &channel).await? {
                true => self.end(pending, End::Done).await,
                false => self.end(pending, End::Ignored("No source of knowledge has this channel.")).await,
            },
            Heard::Uninstalled { at } => self.over(pending, &installation, Standing::Uninstalled, at, now).await,
            Heard::Revoked { bots, at } if bots.contains(&installation.bot_user) => {
                self.over(pending, &installation, Standing::Revoked, at, now).await
            }
            Heard::Revoked { .. } => self.end(pending, End::Ignored("It is about other tokens.")).await,
        }
    }

    /// The connection is over, unless it was made anew since.
    async fn over(&self, pending: Pending, of: &Installation, how: Standing, at: Millis, now: Millis) -> Result<(), Fault> {
        // Slack's times are whole seconds.
        if at / 1000 < of.installed_at / 1000 {
            return self.end(pending, End::Ignored("It is about an earlier connection.")).await;
        }
        self.db()
            .write(async |tx| {
                if pending.end(tx, End::Done, now).await? {
                    end_in(tx, of.id, how, now).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
    }

    async fn asked(&self, pending: Pending, of: &Installation, question: Question) -> Result<(), Fault> {
        let thread = Thread {
            installation: of.id,
            channel: question.channel.clone(),
            ts: question.thread.clone(),
        };
        let (known, speaks, place, others) = self
            .db()
            .read(async |tx| {
                Ok::<_, Fault>((
                    answers::find(tx, pending.event).await?,
                    answers::speaks_in(tx, &thread).await?,
                    channels::find(tx, of.id, &thread.channel).await?,
                    channels::find(tx, of.id, OTHERS).await?,
                ))
            })
            .await?;
        if let Some(answer) = known {
            return self.send(pending, answer).await;
        }
        // Where channels are knowledge, their messages are heard whether or not replies are to be answered.
        let settings = self.slack()?.api.settings();
        let replies = settings.thread_replies || !settings.sources;
        if !(question.addressed || speaks && replies) {
            return self.end(pending, End::Ignored("It was not said to the app.")).await;
        }
        let project = place
            .as_ref()
            .and_then(|place| place.project)
            .or(others.and_then(|others| others.project));
        let project = match project {
            Some(id) => match self.projects().get(id).await {
                Ok(project) => Some((id, project)),
                Err(Fault::NotFound) => None,
                Err(fault) => return Err(fault),
            },
            None => None,
        };
        let Some((id, project)) = project else {
            if place.is_none() && !question.direct {
                self.note_channel(&thread).await?;
            }
            return self
                .hint(pending, &thread, "No project is chosen for the channel.", NO_PROJECT)
                .await;
        };
        let ask = AskFrom {
            channel: Channel::Slack,
            question: plain(&question.text, &of.bot_user),
            thread: Some(conversation(&thread, id)),
            visitor: Some(visitor(of.id, &question.user)),
            once: Some(pending.event),
        };
        if ask.question.is_empty() {
            return self.hint(pending, &thread, "It holds no question.", ASK_ME).await;
        }
        self.slack()?.limits.check(Rule::SLACK_TEAM, &of.id.to_string()).await?;
        let answered = match project.ask(ask).await {
            Ok(answered) => answered,
            Err(Fault::Invalid { reason, .. }) => {
                return self
                    .hint(pending, &thread, "It is no question that can be answered.", &reason)
                    .await;
            }
            Err(fault) => return Err(fault),
        };
        let (now, answer) = (
            self.now(),
            Answer {
                event: pending.event,
                thread,
                project: id,
                conversation: answered.conversation,
                message: answered.message,
                posting_at: None,
                ts: None,
            },
        );
        self.db()
            .write(async |tx| {
                answers::insert(tx, &answer, now).await?;
                installations::heard(tx, of.id, now).await
            })
            .await?;
        self.send(pending, answer).await
    }

    /// Lets admins choose a project for a channel in which somebody asked.
    async fn note_channel(&self, thread: &Thread) -> Result<(), Fault> {
        let seen = Place {
            installation: thread.installation,
            channel: thread.channel.clone(),
            name: String::new(),
            project: None,
            seen_at: self.now(),
        };
        match self.db().write(async |tx| channels::note(tx, &seen).await).await {
            // An admin chose a project at this very moment, or another question came first.
            Err(StoreError::Conflict) => Ok(()),
            noted => Ok(noted?),
        }
    }

    /// Ends the event, and says something that is not worth saying twice: it is not tried again.
    async fn hint(&self, pending: Pending, thread: &Thread, why: &str, text: &str) -> Result<(), Fault> {
        self.end(pending, End::Ignored(why)).await?;
        if let Ok(token) = self.token(thread.installation, false).await {
            let message = said(&thread.channel, &thread.ts, &super::text::escape(text));
            if let Err(error) = self.slack()?.api.post(&token, &message).await {
                tracing::warn!(%error, "a hint did not reach Slack");
            }
        }
        Ok(())
    }

    async fn judged(&self, pending: Pending, judgement: Judgement, user: &str, thread: &Thread) -> Result<(), Fault> {
        let Judgement { message, helpful } = judgement;
        let found = self
            .db()
            .read(async |tx| answers::of_message(tx, thread.installation, message).await)
            .await?;
        // The answer was given in this very place.
        let Some(answer) = found.filter(|answer| answer.thread.channel == thread.channel) else {
            return self.end(pending, End::Ignored("There is no such answer.")).await;
        };
        let feedback = Feedback {
            message,
            helpful: Some(helpful),
        };
        let noted = match self.projects().get(answer.project).await {
            Ok(project) => project.ask(feedback).await,
            Err(fault) => Err(fault),
        };
        match noted {
            Ok(()) => {}
            Err(Fault::NotFound) => return self.end(pending, End::Ignored("The answer is gone.")).await,
            Err(fault) => return Err(fault),
        }
        self.end(pending, End::Done).await?;
        let text = match helpful {
            true => "Thank you. This answer is marked as helpful.",
            false => "Thank you. This answer is marked as not helpful, and the team can see it.",
        };
        if let Ok(token) = self.token(thread.installation, false).await {
            let mut whisper = said(&answer.thread.channel, &answer.thread.ts, text);
            whisper["user"] = user.into();
            if let Err(error) = self.slack()?.api.whisper(&token, &whisper).await {
                tracing::warn!(%error, "a thank-you did not reach Slack");
            }
        }
        Ok(())
    }
}
