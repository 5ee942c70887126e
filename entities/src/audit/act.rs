//! What can be done, by stable ids.

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $id:literal),* $(,)?) => {
        /// A kind of act. Its id is stable: exports name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Act { $($(#[$doc])* $name),* }

        impl Act {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }
        }
    };
}

acts! {
    SignedIn = "session.begun",
    /// A wrong password or second factor, for an account that exists.
    SignInFailed = "session.failed",
    /// Who is signed in proved once more who they are, for what asks for it.
    Proved = "session.proved",
    /// A wrong password or second factor, of somebody who is signed in.
    ProofFailed = "session.proof_failed",
    SignedOut = "session.ended",
    /// From the list of sessions.
    SessionRevoked = "session.revoked",
    /// All of an account, by an operator; or those of a member in one workspace, by an Owner.
    SessionsEnded = "account.sessions_ended",
    PasswordChanged = "account.password_changed",
    /// The first one of an account that was opened by other ways.
    PasswordSet = "account.password_set",
    /// By whoever knows the address.
    ResetRequested = "account.reset_requested",
    PasswordReset = "account.password_reset",
    /// By a link that was mailed to the address.
    EmailVerified = "account.email_verified",
    EmailChangeRequested = "account.email_change_requested",
    EmailChanged = "account.email_changed",
    SecondFactorAdded = "account.second_factor_added",
    SecondFactorRemoved = "account.second_factor_removed",
    BackupCodesRenewed = "account.backup_codes_renewed",
    BackupCodeUsed = "account.backup_code_used",
    PasskeyAdded = "account.passkey_added",
    PasskeyRemoved = "account.passkey_removed",
    ProviderLinked = "account.provider_linked",
    ProviderUnlinked = "account.provider_unlinked",
    WorkspaceCreated = "workspace.created",
    WorkspaceRenamed = "workspace.renamed",
    WorkspaceDeletionScheduled = "workspace.deletion_scheduled",
    WorkspaceDeletionCancelled = "workspace.deletion_cancelled",
    WorkspaceDeleted = "workspace.deleted",
    SecondFactorRequired = "workspace.second_factor_required",
    SecondFactorWaived = "workspace.second_factor_waived",
    PasswordRuleChanged = "workspace.password_rule_changed",
    OwnershipHandedOver = "workspace.handed_over",
    MemberInvited = "invitation.created",
    InvitationRenewed = "invitation.renewed",
    InvitationRevoked = "invitation.revoked",
    InvitationAccepted = "invitation.accepted",
    RoleChanged = "member.role_changed",
    ProjectsAssigned = "member.projects_assigned",
    MemberRemoved = "member.removed",
    MemberLeft = "member.left",
    ProjectCreated = "project.created",
    ProjectRenamed = "project.renamed",
    ProjectDeleted = "project.deleted",
    WidgetChanged = "widget.changed",
    PublicKeyRotated = "widget.key_rotated",
    WidgetIdentityRotated = "widget.identity_rotated",
    WidgetIdentityRemoved = "widget.identity_removed",
    SynonymsChanged = "synonyms.changed",
    WebhookCreated = "webhook.created",
    WebhookChanged = "webhook.changed",
    WebhookDeleted = "webhook.deleted",
    WebhookSecretRotated = "webhook.secret_rotated",
    /// By the server: nothing got through for long.
    WebhookPaused = "webhook.paused",
    VoiceConnected = "voice.connected",
    VoiceSecretReplaced = "voice.secret_replaced",
    VoiceDisconnected = "voice.disconnected",
    DocumentUploaded = "document.uploaded",
    DocumentReplaced = "document.replaced",
    DocumentDeleted = "document.deleted",
    /// One thing that is done to many.
    DocumentsChanged = "document.many_changed",
    DocumentRestored = "document.restored",
    ConversationsExported = "conversation.exported",
    PrivacyChanged = "privacy.changed",
    /// By the server: they were older than the project keeps them.
    ConversationsDeleted = "privacy.conversations_deleted",
    VisitorExported = "privacy.visitor_exported",
    VisitorErased = "privacy.visitor_erased",
    CuratedCreated = "curated_answer.created",
    CuratedChanged = "curated_answer.changed",
    CuratedRestored = "curated_answer.restored",
    CuratedDeleted = "curated_answer.deleted",
    SlackConnected = "slack.connected",
    /// By somebody here, or at Slack.
    SlackDisconnected = "slack.disconnected",
    SlackChannelMapped = "slack.channel_mapped",
    SlackChannelUnmapped = "slack.channel_unmapped",
    SourceConnected = "source.connected",
    SourceChanged = "source.changed",
    SourceDisconnected = "source.disconnected",
    GrantConnected = "grant.connected",
    /// By somebody here, or at its provider.
    GrantDisconnected = "grant.disconnected",
    IntegrationsRevoked = "integrations.revoked",
    CheckoutBegun = "billing.checkout_begun",
    PortalOpened = "billing.portal_opened",
    PlanChanged = "billing.plan_changed",
    SubscriptionCancelled = "billing.cancelled",
    SubscriptionKept = "billing.kept",
    /// Stripe says so.
    SubscriptionChanged = "billing.subscription_changed",
    /// By the server: a workspace pays for one plan at a time.
    SecondSubscriptionEnded = "billing.second_ended",
    KeysRotated = "keys.rotated",
    LogExported = "audit.exported",
}
