//! When somebody last proved each of their factors in a session.

use crate::table::run;

crate::migration!("m0032_proofs", manager => {
    // What opens an account by itself, and what is asked for besides. Of sessions from before nothing is known: they are asked anew.
    run(manager, "alter table session add column first_proof_at {big} not null default 0").await?;
    run(manager, "alter table session add column second_proof_at {big} not null default 0").await
});
