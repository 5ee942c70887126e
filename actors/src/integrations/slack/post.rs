//! Posting an answer: once, as far as anybody can tell.

use entities::{
    inbound_event::End,
    job,
    slack::{
        answers::{self, Answer},
        installations::Standing,
    },
};
use zeroize::Zeroizing;

use super::{
    answer::NOT_CONNECTED,
    api::ApiError,
    text::{Told, posted},
};
use crate::{
    fault::Fault,
    integrations::{IntegrationActor, events::Pending},
    project::conversations::ShowConversation,
};

const UNCERTAIN: &str = "Nobody knows whether Slack took the answer, so it was not sent a second time.";

/// What came of posting.
enum Sent {
    /// The event, or its job, is seen to.
    SeenTo,
    TokenExpired,
}

impl IntegrationActor {
    /// Posts an answer that is stored, once as far as anybody can tell.
    pub(super) async fn send(&self, pending: Pending, answer: Answer) -> Result<(), Fault> {
        if answer.ts.is_some() {
            return self.end(pending, End::Done).await;
        }
        if answer.posting_at.is_some() {
            return self.end(pending, End::Failed(UNCERTAIN)).await;
        }
        let project = match self.projects().get(answer.project).await {
            Err(Fault::NotFound) => return self.end(pending, End::Ignored("The project is gone.")).await,
            project => project?,
        };
        let turns = match project.ask(ShowConversation(answer.conversation)).await {
            Ok((_, turns, _)) => turns,
            Err(Fault::NotFound) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        let Some(turn) = turns.into_iter().find(|turn| turn.id == answer.message) else {
            return self.end(pending, End::Ignored("The answer is gone.")).await;
        };
        let told = Told {
            message: answer.message,
            text: &turn.text,
            sources: &turn.citations,
            closest: &turn.closest,
        };
        let message = posted(&answer.thread.channel, &answer.thread.ts, &told);
        let mut anew = false;
        loop {
            let token = match self.token(answer.thread.installation, anew).await {
                Err(Fault::NotFound) => return self.end(pending, End::Failed(NOT_CONNECTED)).await,
                token => token?,
            };
            match self.post(pending, &answer, &token, &message).await? {
                Sent::TokenExpired if !anew => anew = true,
                Sent::TokenExpired => return self.end(pending, End::Failed("Slack refused: token_expired.")).await,
                Sent::SeenTo => return Ok(()),
            }
        }
    }

    async fn post(&self, pending: Pending, answer: &Answer, token: &Zeroizing<String>, message: &serde_json::Value) -> Result<Sent, Fault> {
        let (event, now) = (answer.event, self.now());
        // Written first: whoever comes after a crash must not answer again.
        if !self.db().write(async |tx| answers::set_posting(tx, event, Some(now)).await).await? {
            // It is on its way by another hand, which also ends the event.
            return Ok(Sent::SeenTo);
        }
        let error = match self.slack()?.api.post(token, message).await {
            Ok(ts) => {
                let now = self.now();
                self.db()
                    .write(async |tx| {
                        answers::set_posted(tx, event, &ts).await?;
                        pending.end(tx, End::Done, now).await
                    })
                    .await?;
                return Ok(Sent::SeenTo);
            }
            Err(error) => error,
        };
        tracing::warn!(%error, event = %event, "an answer was not posted");
        if error == ApiError::Unknown {
            self.end(pending, End::Failed(UNCERTAIN)).await?;
            return Ok(Sent::SeenTo);
        }
        // Certainly not posted.
        self.db().write(async |tx| answers::set_posting(tx, event, None).await).await?;
        match error {
            ApiError::Later(seconds) => {
                let at = self.now() + i64::try_from(seconds).unwrap_or(60) * 1000;
                let (job, work) = (pending.job, pending.job.work);
                self.db().write(async |tx| job::advance(tx, &job, work, at).await).await?;
                Ok(Sent::SeenTo)
            }
            ApiError::NotDone | ApiError::Unknown => Err(Fault::SlackUnavailable),
            ApiError::Refused(code) if code == "token_expired" => Ok(Sent::TokenExpired),
            error => {
                if error.ends_token() {
                    self.ended(answer.thread.installation, Standing::Revoked).await?;
                }
                self.end(pending, End::Failed(&format!("{error}."))).await?;
                Ok(Sent::SeenTo)
            }
        }
    }
}
