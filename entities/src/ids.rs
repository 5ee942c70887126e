//! Identifiers: UUIDs that cannot be mistaken for one another. Version 7, so that they sort by age; none of them is a secret.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// One customer account: the unit of isolation. "Workspace" in the dashboard.
    TenantId
    /// A person who can sign in.
    AccountId
    ProjectId
    DocumentId
    ChunkId
    ConversationId
    MessageId
    /// What the team notes at a conversation.
    NoteId
    /// What the team means to do.
    TodoId
    JobId
    InvitationId
    CredentialId
    /// Where a provider sends something.
    EndpointId
    /// Something that a provider sent.
    EventId
    /// A Slack team that the app is installed in.
    SlackInstallationId
    /// Someone who asks through a widget; has no account.
    VisitorId
    /// Where webhooks go.
    WebhookId
    /// One event on its way to one receiver.
    DeliveryId
    /// Where knowledge comes from by itself.
    SourceId
    /// One sync of a source, in its history.
    SourceRunId
    /// That somebody let this workspace read what they keep at a provider.
    GrantId
    /// What became of something that was disconnected.
    ReceiptId
    /// Documents that belong together.
    CollectionId
    /// What a document was before.
    RevisionId
    /// One thing that is done to many documents.
    BatchId
    /// An answer that the team wrote.
    CuratedId
}
