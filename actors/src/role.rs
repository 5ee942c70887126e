//! Who may send a message, as types: a pass of role `R` carries messages whose [`Request::Needs`](crate::contain::Request)
//! `R` covers, and no others.

/// A visitor at a widget: may ask, read their own conversation, and say whether an answer helped.
pub enum Visitor {}
pub enum Member {}
pub enum Admin {}
pub enum Owner {}
/// The server itself. No door makes a pass of this role.
pub enum System {}

/// That this role may do what `R` may.
pub trait Covers<R> {}

impl Covers<Visitor> for Visitor {}
impl Covers<Member> for Member {}
impl Covers<Member> for Admin {}
impl Covers<Admin> for Admin {}
impl Covers<Member> for Owner {}
impl Covers<Admin> for Owner {}
impl Covers<Owner> for Owner {}

/// A role that a member of a tenant has, as a value to compare with.
pub trait Level: 'static {
    const LEAST: entities::tenants::Role;
}

impl Level for Member {
    const LEAST: entities::tenants::Role = entities::tenants::Role::Member;
}
impl Level for Admin {
    const LEAST: entities::tenants::Role = entities::tenants::Role::Admin;
}
impl Level for Owner {
    const LEAST: entities::tenants::Role = entities::tenants::Role::Owner;
}
