//! How long the passwords are that workspaces may ask for, and from when on a member's sessions count.

use crate::table::run;

crate::migration!("m0016_people", manager => {
    // Whether the password has the fifteen characters of one that may be the only factor; never how many it has. Those from before are
    // looked at when their owner signs in.
    run(manager, "alter table account add column password_long boolean not null default false").await?;
    // Sessions of a member whose last proof of who they are is older are over here, whichever workspace they began in.
    run(manager, "alter table member add column sessions_from {big} not null default 0").await
});
