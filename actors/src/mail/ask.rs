//! What was asked for, and nobody was told whether it can be had, becomes letters: here, away from whoever waits for an answer.

use entities::{
    AccountId, Millis, PlatformTx,
    account::Account,
    account_token::{self, Purpose, Token},
    accounts,
    audit::{Act, Note},
};

use super::{Kind, Message, Outbox};
use crate::{
    audit::member,
    fault::Fault,
    identity::links::{LinkToken, PendingSignUp, life_ms},
};

/// What came of looking into a message.
pub(super) struct Looked {
    pub letters: Vec<Message>,
    /// For the logs of the account's workspaces, once everything else is written.
    pub note: Option<(AccountId, Note)>,
}

impl From<Vec<Message>> for Looked {
    fn from(letters: Vec<Message>) -> Self {
        Self { letters, note: None }
    }
}

impl Outbox {
    /// The letters that `message`, which was written at `at`, comes to: none, if it asks for what is not there.
    pub(super) async fn look_into(&self, tx: &PlatformTx, message: Message, at: Millis) -> Result<Looked, Fault> {
        let letter = |to: String, kind| Message::Letter { to, kind };
        let mut noted = None;
        let letters = match message {
            Message::ResetAsked { email, address } => match accounts::by_email(tx, &email).await? {
                None => Vec::new(),
                Some(found) => {
                    let token = self.link(tx, &found, Purpose::Reset, &found.email).await?;
                    let note = Note {
                        at,
                        // Whoever knows the address.
                        actor: None,
                        address,
                        act: Act::ResetRequested,
                        target: member(found.id, found.email),
                        done: true,
                        details: serde_json::Value::Null,
                    };
                    noted = Some((found.id, note));
                    vec![letter(email, Kind::Reset { token: token.into_text() })]
                }
            },
            Message::VerificationAsked { account } => match accounts::by_id(tx, account).await? {
                Some(found) if found.verified_at.is_none() => {
                    let token = self.link(tx, &found, Purpose::Verify, &found.email).await?;
                    vec![letter(found.email, Kind::Verify { token: token.into_text() })]
                }
                _ => Vec::new(),
            },
            Message::SignUpAsked {
                email,
                password_hash,
                workspace,
            } => {
                if accounts::by_email(tx, &email).await?.is_some() {
                    return Ok(Looked::from(vec![letter(email, Kind::HasAccount)]));
                }
                let token = LinkToken::generate();
                let pending = PendingSignUp { password_hash, workspace };
                let (now, hash) = (self.clock.now(), token.hash());
                account_token::end_sign_ups(tx, &email).await?;
                let row = Token {
                    sealed: Some(pending.seal(&self.keeper, &hash)?),
                    ..row(&token, None, Purpose::SignUp, &email, now)
                };
                account_token::insert(tx, row, now).await?;
                vec![letter(email, Kind::SignUp { token: token.into_text() })]
            }
            Message::EmailChangeAsked { account, email } => {
                let Some(found) = accounts::by_id(tx, account).await? else {
                    return Ok(Looked::from(Vec::new()));
                };
                accounts::lock(tx, account).await?;
                account_token::end(tx, account, &[Purpose::LeftEmail, Purpose::TookEmail, Purpose::TakeEmail]).await?;
                let leave = self.link(tx, &found, Purpose::LeaveEmail, &email).await?;
                let kind = Kind::LeaveEmail {
                    token: leave.into_text(),
                    email: email.clone(),
                };
                // The old address hears the same, whether or not the new one can be had.
                let mut letters = vec![letter(found.email.clone(), kind)];
                letters.push(match accounts::by_email(tx, &email).await? {
                    Some(_) => letter(email, Kind::HasAccount),
                    None => {
                        let take = self.link(tx, &found, Purpose::TakeEmail, &email).await?;
                        letter(email, Kind::TakeEmail { token: take.into_text() })
                    }
                });
                letters
            }
            ready @ Message::Letter { .. } => vec![ready],
        };
        Ok(Looked { letters, note: noted })
    }

    /// A new link of this purpose; older ones end.
    async fn link(&self, tx: &PlatformTx, account: &Account, purpose: Purpose, email: &str) -> Result<LinkToken, Fault> {
        let (token, now) = (LinkToken::generate(), self.clock.now());
        // The account first, as whoever follows a link takes it.
        accounts::lock(tx, account.id).await?;
        account_token::end(tx, account.id, &[purpose]).await?;
        account_token::insert(tx, row(&token, Some(account.id), purpose, email, now), now).await?;
        Ok(token)
    }
}

fn row(token: &LinkToken, account: Option<AccountId>, purpose: Purpose, email: &str, now: Millis) -> Token {
    Token {
        hash: token.hash(),
        account,
        purpose,
        email: email.to_owned(),
        sealed: None,
        expires_at: now.saturating_add(life_ms(purpose)),
    }
}
