//! What changes how an account opens: it asks for each of the account's factors, not for one of them.

use pernoex::{doors::Asked, routes};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE, answer, app, app_with, ask, code_of, set_up_app};
use crate::support::{As, Call, Person, factors::code_at};

/// What each route that asks for one of `asked` answers to this person: its problem's code, and which proof is missing.
async fn missing(person: &Person, asked: &[Asked]) -> Vec<(String, Value, Value)> {
    let who = As {
        cookie: person.cookie.clone(),
        csrf: person.csrf.clone(),
        ..As::default()
    };
    let mut found = Vec::new();
    for route in routes::api().iter().filter(|route| asked.contains(&route.asked())) {
        let mut any = |_: &str| uuid::Uuid::nil().to_string();
        let call = Call::to(route.method.as_str(), route.path, &mut any);
        let problem: Value = call.send(&person.client, &person.url, &who).await.json().await.unwrap();
        let name = format!("{} {}", route.method, route.path);
        found.push((name, problem["code"].clone(), problem["proof"].clone()));
    }
    found
}

async fn prove_by_code(person: &mut Person, code: String) {
    let (status, session) = person.post("/session/proof", json!({ "code": code })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    person.took(&session);
}

#[tokio::test]
async fn how_an_account_opens_changes_only_after_a_fresh_proof_of_each_of_its_factors() {
    let (app, clock) = app_with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let whole = [Asked::Each, Asked::Second];

    clock.advance(11 * MINUTE);
    ada.prove().await;
    let refused = missing(&ada, &whole).await;
    let names: Vec<_> = refused.iter().map(|(name, ..)| name.as_str()).collect();
    for grave in [
        "DELETE /account/identities/{provider}",
        "DELETE /account/passkeys/{passkey}",
        "DELETE /account/totp",
        "POST /account/backup-codes",
        "POST /account/email",
        "POST /account/identities",
        "POST /account/identities/{provider}/link",
        "POST /account/passkeys/options",
        "POST /account/password",
        "POST /account/totp",
        "PUT /account/password",
    ] {
        assert!(names.contains(&grave), "{grave} asks for less: {names:?}");
    }
    for (name, code, proof) in refused {
        assert_eq!(
            (code, proof),
            (json!("step_up_needed"), json!("second_factor")),
            "{name} after the password alone"
        );
    }

    clock.advance(11 * MINUTE);
    prove_by_code(&mut ada, code_at(&own.secret, clock.now())).await;
    for (name, code, proof) in missing(&ada, &[Asked::Each]).await {
        assert_eq!(
            (code, proof),
            (json!("step_up_needed"), json!("first_factor")),
            "{name} after a code alone"
        );
    }
    // What is grave in another way takes either.
    let length = json!({ "characters": 15 });
    assert_eq!(ada.put("/workspace/password-length", length).await.0, StatusCode::NO_CONTENT);

    // One after the other, in either order.
    ada.prove().await;
    let (status, asked) = ada.post("/account/passkeys/options", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{asked}");
    // Each grows old by itself.
    clock.advance(6 * MINUTE);
    prove_by_code(&mut ada, code_at(&own.secret, clock.now())).await;
    clock.advance(6 * MINUTE);
    let refused = ada.post("/account/backup-codes", json!({})).await;
    assert_eq!(
        (code_of(&refused), &refused.1["proof"]),
        ((403, "step_up_needed"), &json!("first_factor"))
    );
}

#[tokio::test]
async fn a_sign_in_with_both_factors_and_a_factor_that_was_just_set_up_are_fresh_proofs() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    // Whoever set the app up showed a code of it.
    assert_eq!(ada.post("/account/passkeys/options", json!({})).await.0, StatusCode::OK);

    let mut phone = app.nobody();
    let asked = ask(&mut phone, &ada.email).await;
    let code = json!({ "code": code_at(&own.secret, clock.now()) });
    assert_eq!(answer(&mut phone, &asked["ticket"], code).await.0, StatusCode::OK);
    assert_eq!(phone.post("/account/backup-codes", json!({})).await.0, StatusCode::OK);
    // Another session of theirs knows nothing of it.
    clock.advance(10 * MINUTE);
    let refused = ada.post("/account/backup-codes", json!({})).await;
    assert_eq!(code_of(&refused), (403, "step_up_needed"));
}
