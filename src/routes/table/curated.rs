//! Answers that the team writes, and what models do for the others.

use super::{Door::Session, Route, delete, get, patch, post};
use crate::routes::{
    dashboard::{curated, embedding},
    views as v,
};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get(
            "/projects/{project}/curated-answers",
            curated::list,
            Session,
            "The team's own answers, the latest change first",
        )
        .gives::<v::CuratedAnswers>(200),
        post("/projects/{project}/curated-answers", curated::create, Session, "Write an answer")
            .takes::<v::CuratedBody>()
            .gives::<v::CuratedView>(201),
        post(
            "/projects/{project}/curated-answers/preview",
            curated::preview,
            Session,
            "What an answer would say",
        )
        .takes::<v::CuratedDraft>()
        .gives::<v::CuratedPreview>(200),
        get(
            "/projects/{project}/curated-answers/{curated}",
            curated::show,
            Session,
            "An answer of the team with its revisions, the latest first",
        )
        .gives::<v::CuratedPage>(200),
        patch(
            "/projects/{project}/curated-answers/{curated}",
            curated::change,
            Session,
            "Change an answer of the team; what it says is kept as a revision",
        )
        .takes::<v::CuratedPatch>()
        .gives::<v::CuratedView>(200),
        delete(
            "/projects/{project}/curated-answers/{curated}",
            curated::delete,
            Session,
            "Delete an answer of the team with its revisions",
        )
        .empty(),
        post(
            "/projects/{project}/curated-answers/{curated}/revisions/{revision}/restore",
            curated::restore,
            Session,
            "Have an answer of the team say again what an earlier revision said",
        )
        .gives::<v::CuratedView>(200),
        get(
            "/projects/{project}/model-use",
            curated::model_use,
            Session,
            "What the language model read and wrote, by day",
        )
        .asks(&["days"])
        .gives::<v::ModelUseView>(200),
        get(
            "/projects/{project}/embedding",
            embedding::show,
            Session,
            "By which model passages are found, and how far another one is that is to take over",
        )
        .gives::<v::EmbeddingView>(200),
    ]
}
