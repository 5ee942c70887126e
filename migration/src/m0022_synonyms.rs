//! Words that mean the same in a project, sealed with its key.

use crate::table::run;

crate::migration!("m0022_synonyms", manager => {
    run(manager, "alter table project add column synonyms {bytes}").await
});
