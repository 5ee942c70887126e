//! Two embeddings of a chunk side by side, so that another model can take over without a gap.

use crate::table::run;

crate::migration!("m0028_embeddings", manager => {
    run(manager, "alter table chunk add column embedding_other {bytes}").await?;
    // JSON of what made both, and which of them questions are compared with. Nothing: the first, made by the built-in model.
    run(manager, "alter table project add column embeddings text").await?;
    // By what everything was last asked to be embedded. Nothing: never by another than the built-in model.
    run(manager, "alter table installation add column embeddings text").await
});
