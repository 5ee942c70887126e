//! Who may send a message, as types: a pass of role `R` carries messages whose [`Request::Needs`](crate::contain::Request)
//! `R` covers, and no others. What each role may do is one table, [`PERMISSIONS`]: messages and handlers name its rows, the
//! dashboard shows it.

use entities::tenants::Role;

/// A visitor at a widget: may ask, read their own conversation, and say whether an answer helped.
pub enum Visitor {}
pub enum Member {}
pub enum Admin {}
pub enum Owner {}
/// Somebody who belongs to the workspace, before anything that it asks of its members: reaches what is their own, and nothing of it.
pub enum Person {}
/// The server itself. No door makes a pass of this role.
pub enum System {}

/// That this role may do what `R` may.
pub trait Covers<R> {}

impl Covers<Visitor> for Visitor {}
impl Covers<Person> for Person {}
impl Covers<Member> for Member {}
impl Covers<Member> for Admin {}
impl Covers<Admin> for Admin {}
impl Covers<Member> for Owner {}
impl Covers<Admin> for Owner {}
impl Covers<Owner> for Owner {}

/// A role that a member of a tenant has, as a value to compare with.
pub trait Level: 'static {
    const LEAST: Role;
    /// Whether it opens something of the workspace, for which that may require a second factor.
    const OPENS_WORKSPACE: bool = true;
}

impl Level for Person {
    const LEAST: Role = Role::Member;
    const OPENS_WORKSPACE: bool = false;
}

impl Level for Member {
    const LEAST: Role = Role::Member;
}
impl Level for Admin {
    const LEAST: Role = Role::Admin;
}
impl Level for Owner {
    const LEAST: Role = Role::Owner;
}

/// A row of the table of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Stable.
    pub id: &'static str,
    /// For people.
    pub what: &'static str,
    pub includes: &'static [&'static str],
    /// The least role that may.
    pub least: Role,
}

/// Each row is a type to write behind `needs` and into a pass, and a line of [`PERMISSIONS`]: neither can say something else.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $least:ident, $id:literal, $what:literal: [$($part:literal),*];)*) => {
        $($(#[$doc])* pub type $name = $least;)*
        /// What each role may do, the most trusted work first.
        pub const PERMISSIONS: &[Permission] = &[
            $(Permission { id: $id, what: $what, includes: &[$($part),*], least: <$least as Level>::LEAST },)*
        ];
    };
}

permissions! {
    ManageBilling = Owner, "billing", "Billing": ["plan", "payment", "invoices"];
    ManageTeam = Owner, "team", "Team and workspace":
        ["invite people and revoke invitations", "change roles", "remove members", "end their sessions", "hand over ownership",
         "rename or delete the workspace", "require two-factor authentication"];
    ManageProjects = Admin, "projects", "Projects":
        ["create and delete", "settings", "API keys", "allowed domains", "integrations", "assign members", "audit log"];
    /// In the projects that a Member is assigned to; in every project for Admins and Owners.
    UseProjects = Member, "knowledge", "Work in projects":
        ["documents", "conversations", "analytics", "try a question"];
    OwnAccount = Person, "account", "Own account": ["password", "two-factor authentication", "passkeys", "sessions"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_grants_what_the_design_says() {
        let granted: Vec<_> = PERMISSIONS
            .iter()
            .map(|row| (row.id, [Role::Owner, Role::Admin, Role::Member].map(|role| role >= row.least)))
            .collect();
        assert_eq!(
            granted,
            [
                ("billing", [true, false, false]),
                ("team", [true, false, false]),
                ("projects", [true, true, false]),
                ("knowledge", [true, true, true]),
                ("account", [true, true, true]),
            ]
        );
    }
}
