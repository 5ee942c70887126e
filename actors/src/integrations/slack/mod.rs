//! Slack: a team installs the app from the dashboard, and what people there ask is answered in their threads.

mod admin;
mod answer;
mod api;
mod channels;
mod events;
#[cfg(test)]
mod events_tests;
mod install;
mod post;
mod settings;
mod text;
mod tokens;

pub use admin::{ConnectSlack, DisconnectSlack, InstallationCard, ListSlack, SlackCard, SlackDelivery};
pub use channels::{PutSlackChannel, RemoveSlackChannel};
pub use entities::slack::channels::Channel as SlackChannel;
pub use events::{Incoming, read_action, read_event};
pub use install::{Agreed, Begun, Browser, Grant, Return, SlackApp};
pub use settings::{SlackSettings, manifest};
pub(crate) use tokens::grants;

/// Who sends its events, as they are stored.
pub const SOURCE: &str = "slack";
