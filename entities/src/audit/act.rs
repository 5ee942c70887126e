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
    SignedOut = "session.ended",
    /// From the list of sessions.
    SessionRevoked = "session.revoked",
    PasswordChanged = "account.password_changed",
    PasswordReset = "account.password_reset",
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
    DocumentUploaded = "document.uploaded",
    DocumentReplaced = "document.replaced",
    DocumentDeleted = "document.deleted",
    KeysRotated = "keys.rotated",
    LogExported = "audit.exported",
}
