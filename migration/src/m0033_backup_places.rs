//! Where each backup went, by a fingerprint: nothing of how to get in there.

use crate::table::run;

crate::migration!("m0033_backup_places", manager => {
    // Of those from before nothing is known: they are taken for ones of the place that is set.
    run(manager, "alter table backup_run add column place {bytes}").await
});
