//! The rows of the route table that have to do with providers: what they send, and how a workspace sets them up.

use super::{
    Door::{self, Session, Webhook},
    Route,
    dashboard::{billing, connections, slack, voice},
    providers, slack as from_slack, stripe as from_stripe,
    table::{delete, get, post, put},
    told, views as v, webhooks,
};

pub(super) fn integrations() -> Vec<Route> {
    vec![
        post(
            "/webhooks/apple/sign-in",
            providers::apple_notification,
            Webhook,
            "What Apple says of somebody's account there",
        )
        .takes::<v::AppleNotification>()
        .empty(),
        post(
            "/webhooks/voice/{endpoint}",
            webhooks::voice_call,
            Webhook,
            "A voice agent's call, when it is over",
        )
        .empty(),
        post(
            "/webhooks/voice/{endpoint}/question",
            webhooks::voice_question,
            Webhook,
            "A voice agent's question, in the middle of a call",
        ),
        get("/projects/{project}/voice", voice::list, Session, "The project's voice agents").gives::<v::VoiceAgents>(200),
        post("/projects/{project}/voice", voice::connect, Session, "Connect a voice agent")
            .takes::<v::VoiceConnection>()
            .fresh()
            .gives::<v::VoiceConnected>(201),
        post(
            "/projects/{project}/voice/{agent}/secret",
            voice::replace_secret,
            Session,
            "Put another secret in place; the one before is good for a day more",
        )
        .takes::<v::VoiceSecret>()
        .fresh()
        .gives::<v::VoiceConnected>(200),
        post(
            "/projects/{project}/voice/{agent}/events/{event}/retry",
            voice::retry,
            Session,
            "Try again what a voice agent sent and could not be seen to",
        )
        .empty(),
        delete(
            "/projects/{project}/voice/{agent}",
            voice::disconnect,
            Session,
            "Disconnect a voice agent",
        )
        .fresh()
        .empty(),
    ]
}

pub(super) fn slack() -> Vec<Route> {
    use Door::Callback;
    vec![
        get("/slack", slack::show, Session, "Slack teams, their channels, and what came in").gives::<v::SlackView>(200),
        post("/slack/install", slack::begin, Session, "Go to Slack to install the app")
            .fresh()
            .gives::<v::ProviderAway>(200),
        get("/slack/callback", slack::back, Callback, "Come back from Slack")
            .asks(&["state", "code", "error"])
            .leads_on(),
        post("/slack/teams", slack::connect, Session, "Connect the team that Slack agreed for")
            .takes::<v::SlackTicket>()
            .gives::<v::SlackTeamView>(201),
        delete("/slack/teams/{team}", slack::disconnect, Session, "Disconnect a Slack team")
            .fresh()
            .empty(),
        put(
            "/slack/teams/{team}/channels",
            slack::put_channel,
            Session,
            "Say which project a channel asks",
        )
        .takes::<v::SlackChannelBody>()
        .empty(),
        delete(
            "/slack/teams/{team}/channels/{channel}",
            slack::remove_channel,
            Session,
            "Take a channel off its project",
        )
        .empty(),
        post(
            "/slack/events/{event}/retry",
            slack::retry,
            Session,
            "Try again what Slack sent and could not be seen to",
        )
        .empty(),
        post("/webhooks/slack/events", from_slack::events, Webhook, "What happens in Slack").empty(),
        post("/webhooks/slack/actions", from_slack::actions, Webhook, "Buttons pressed in Slack").empty(),
    ]
}

pub(super) fn connections() -> Vec<Route> {
    use Door::Callback;
    vec![
        get(
            "/integrations",
            connections::list,
            Session,
            "Accounts elsewhere that may be read, and what became of those that were let go of",
        )
        .gives::<v::Integrations>(200),
        get(
            "/integrations/receipts",
            connections::receipts,
            Session,
            "What became of what was disconnected, or gone at its provider; the latest first",
        )
        .asks(&["before"])
        .gives::<v::Receipts>(200),
        post(
            "/webhooks/github",
            told::github,
            Webhook,
            "What happens at GitHub, as its App is told",
        )
        .empty(),
        post("/webhooks/notion", told::notion, Webhook, "What happens at Notion").empty(),
        post(
            "/integrations/{kind}/connect",
            connections::begin,
            Session,
            "Go to a provider of knowledge to connect an account",
        )
        .fresh()
        .gives::<v::ProviderAway>(200),
        get(
            "/integrations/{kind}/callback",
            connections::back,
            Callback,
            "Come back from a provider of knowledge",
        )
        .asks(&["state", "code", "error", "setup_action"])
        .leads_on(),
        post(
            "/integrations/grants",
            connections::connect,
            Session,
            "Connect what a provider agreed to",
        )
        .takes::<v::GrantTicket>()
        .gives::<v::Grants>(201),
        delete(
            "/integrations/grants/{grant}",
            connections::disconnect,
            Session,
            "Disconnect an account, and every source that is read with it",
        )
        .takes::<v::Leaving>()
        .fresh()
        .gives::<v::ReceiptView>(202),
        post(
            "/integrations/revoke-all",
            connections::revoke_all,
            Session,
            "Revoke every integration of the workspace",
        )
        .takes::<v::Leaving>()
        .fresh()
        .gives::<v::Receipts>(202),
    ]
}

pub(super) fn billing() -> Vec<Route> {
    vec![
        get(
            "/billing",
            billing::show,
            Session,
            "The plan, what is used of it, and what there is to choose",
        )
        .gives::<v::BillingView>(200),
        get("/billing/usage", billing::usage, Session, "What is used of the plan").gives::<v::UsageView>(200),
        get("/billing/invoices", billing::invoices, Session, "Invoices, as Stripe lists them").gives::<v::Invoices>(200),
        post("/billing/checkout", billing::checkout, Session, "Go to Stripe to pay for a plan")
            .takes::<v::PlanChoice>()
            .fresh()
            .gives::<v::ProviderAway>(200),
        post(
            "/billing/portal",
            billing::portal,
            Session,
            "Go to Stripe to see to cards and receipts",
        )
        .fresh()
        .gives::<v::ProviderAway>(200),
        put("/billing/plan", billing::change, Session, "Change to another paid plan")
            .takes::<v::PlanChoice>()
            .fresh()
            .empty(),
        post(
            "/billing/cancel",
            billing::cancel,
            Session,
            "End the subscription when what is paid for is over",
        )
        .fresh()
        .empty(),
        post("/billing/keep", billing::keep, Session, "Keep a subscription that was to end")
            .fresh()
            .empty(),
        post("/webhooks/stripe", from_stripe::events, Webhook, "What happens at Stripe").empty(),
    ]
}
