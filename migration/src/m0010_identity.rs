//! What an account is beyond an address and a password. Platform tables: they exist before a tenant is known, and hold nothing of one.

use crate::table::run;

crate::migration!("m0010_identity", manager => {
    // Sessions carry the epoch that they began in, and end when it passes: with the password, with the second factor, or all at once.
    run(manager, "alter table account add column epoch {big} not null default 0").await?;
    run(manager, "alter table account add column verified_at {big}").await?;
    // Whether there is a confirmed authenticator app or a passkey, so that a request need not look into two more tables.
    run(manager, "alter table account add column second_factor_at {big}").await?;

    run(manager, "alter table session add column epoch {big} not null default 0").await?;
    // When the person last proved who they are.
    run(manager, "alter table session add column proved_at {big} not null default 0").await?;
    run(manager, "alter table session add column seen_at {big} not null default 0").await?;
    // However busy, it ends here. Those from before the column end with the next request.
    run(manager, "alter table session add column ends_at {big} not null default 0").await?;
    run(manager, "alter table session add column agent text not null default ''").await?;
    run(manager, "alter table session add column address text not null default ''").await?;
    run(manager, "create index session_account on session (tenant_id, account_id)").await?;

    // From when on members need a second factor, and how long a password must be that is the only one.
    run(manager, "alter table workspace add column second_factor_from {big}").await?;
    run(manager, "alter table workspace add column password_length {int} not null default 12").await?;
    // When a workspace that is being deleted ends: for its members, and for who comes by a public key or an invitation, before a
    // tenant is known.
    run(manager, "alter table workspace add column ends_at {big}").await?;
    run(manager, "alter table tenant add column ends_at {big}").await?;

    // Links sent by mail, by the SHA-256 of their token. Single use.
    run(manager, "create table account_token (token_hash {bytes} primary key, \
        account_id {uuid} references account (id) on delete cascade, purpose text not null, email text not null, \
        sealed {bytes}, created_at {big} not null, expires_at {big} not null)").await?;
    run(manager, "create index account_token_account on account_token (account_id, purpose)").await?;

    // Mail that waits to be sent: sealed, because it carries such links.
    run(manager, "create table mail (id {uuid} primary key, sealed {bytes} not null, created_at {big} not null, \
        run_at {big} not null, attempts {int} not null default 0, locked_until {big} not null default 0, failure text)").await?;
    run(manager, "create index mail_due on mail (run_at)").await?;

    // The secret is sealed; `last_step` is the last time step whose code was taken.
    run(manager, "create table account_totp (account_id {uuid} primary key references account (id) on delete cascade, \
        sealed {bytes} not null, created_at {big} not null, confirmed_at {big}, last_step {big} not null default 0)").await?;
    run(manager, "create table account_backup_code (account_id {uuid} not null references account (id) on delete cascade, \
        code_hash {bytes} not null, used_at {big}, primary key (account_id, code_hash))").await?;
    // `credential` is JSON: a public key and a counter, no secret.
    run(manager, "create table account_passkey (id {uuid} primary key, \
        account_id {uuid} not null references account (id) on delete cascade, credential_id {bytes} not null unique, \
        credential text not null, name text not null, created_at {big} not null, used_at {big})").await?;
    run(manager, "create index account_passkey_account on account_passkey (account_id)").await?;

    // An account at Google or Apple. Apple's refresh token is sealed: it is needed to end the grant.
    run(manager, "create table account_identity (provider text not null, subject text not null, \
        account_id {uuid} not null references account (id) on delete cascade, email text not null, sealed {bytes}, \
        created_at {big} not null, primary key (provider, subject))").await?;
    run(manager, "create unique index account_identity_account on account_identity (account_id, provider)").await?;

    // What the server must remember between two requests of one sign-in or enrolment: by the hash of a ticket, sealed, single use.
    run(manager, "create table ceremony (ticket_hash {bytes} primary key, purpose text not null, account_id {uuid}, tries {int} not null default 0, \
        sealed {bytes} not null, expires_at {big} not null)").await?;
    run(manager, "create index ceremony_expiry on ceremony (expires_at)").await
});
