//! Which answers were told of that did not help: each is told of once, however often somebody changes their mind.

use crate::table::run;

crate::migration!("m0020_told", manager => {
    run(manager, "alter table message add column told boolean not null default false").await
});
