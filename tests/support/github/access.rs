//! Who may: people who agree, the App and where it is installed, and what tokens are good for.

use std::collections::BTreeSet;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use rsa::{pkcs1v15, signature::Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    APP_CLIENT, Code, Installation, Repository, SECRET, State, Whose,
    served::{Served, missing, unauthorized},
};
use crate::support::provider::{Reply, Request};

impl Served<'_> {
    /// Whether it is the App that asks, by a proof of this moment.
    fn is_app(&self, authorization: &str) -> bool {
        let Some(token) = authorization.strip_prefix("Bearer ") else {
            return false;
        };
        let parts: Vec<&str> = token.split('.').collect();
        let [head, claims, signature] = parts[..] else { return false };
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let key = pkcs1v15::VerifyingKey::<rsa::sha2::Sha256>::new(self.public.clone());
        let Ok(signature) = pkcs1v15::Signature::try_from(decode(signature).as_slice()) else {
            return false;
        };
        if key.verify(format!("{head}.{claims}").as_bytes(), &signature).is_err() {
            return false;
        }
        let claims: Value = serde_json::from_slice(&decode(claims)).unwrap_or_default();
        let (now, iat, exp) = (self.clock.now() / 1000, claims["iat"].as_i64(), claims["exp"].as_i64());
        let of_now = iat.is_some_and(|iat| iat <= now) && exp.is_some_and(|exp| exp > now && exp - iat.unwrap_or(0) <= 600);
        claims["iss"] == APP_CLIENT && of_now
    }

    pub(super) fn exchange(&self, state: &mut State, call: &Request) -> Reply {
        let refuse = |error: &str| {
            Reply::json(
                200,
                &json!({ "error": error, "error_description": "The code passed is incorrect or expired." }),
            )
        };
        let of = |name: &str| call.field(name);
        if of("client_secret") != SECRET {
            return refuse("incorrect_client_credentials");
        }
        // Good for one use, whatever comes of it.
        let Some(code) = state.codes.remove(of("code")) else {
            return refuse("bad_verification_code");
        };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier").as_bytes()));
        if code.client != of("client_id") || challenge != code.challenge {
            return refuse("bad_verification_code");
        }
        if code.redirect != of("redirect_uri") {
            return refuse("redirect_uri_mismatch");
        }
        let token = format!("gho_{}", uuid::Uuid::new_v4().simple());
        let whose = Whose::Person {
            login: code.login,
            client: code.client,
        };
        state.tokens.insert(token.clone(), whose);
        Reply::json(200, &json!({ "access_token": token, "token_type": "bearer", "scope": "repo,gist" }))
    }

    pub(super) fn end(&self, state: &mut State, call: &Request, client: &str, whole: bool) -> Reply {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{client}:{SECRET}")));
        if call.authorization != basic {
            return unauthorized();
        }
        let token = call.body["access_token"].as_str().unwrap_or_default();
        let Some(whose) = state.tokens.get(token).cloned() else {
            return Reply::json(422, &json!({ "message": "Validation Failed" }));
        };
        if whole {
            state.tokens.retain(|_, other| *other != whose);
        } else {
            state.tokens.remove(token);
        }
        Reply::json(204, &Value::Null)
    }

    pub(super) fn app(&self, state: &mut State, call: &Request, id: &str, rest: &[&str]) -> Reply {
        if !self.is_app(&call.authorization) {
            return Reply::json(401, &json!({ "message": "A JSON web token could not be decoded" }));
        }
        let Some(id) = id.parse::<u64>().ok().filter(|id| state.installations.contains_key(id)) else {
            return missing();
        };
        let installation = state.installations[&id].clone();
        match (call.method.as_str(), rest) {
            ("GET", []) => Reply::json(200, &self.shown(id, &installation)),
            ("DELETE", []) => {
                state.installations.remove(&id);
                state
                    .tokens
                    .retain(|_, whose| !matches!(whose, Whose::Installation { id: of, .. } if *of == id));
                Reply::json(204, &Value::Null)
            }
            ("POST", ["access_tokens"]) => {
                let ids: BTreeSet<u64> = installation
                    .repositories
                    .iter()
                    .filter_map(|name| state.repositories.get(name))
                    .map(|repository| repository.id)
                    .collect();
                let only: Option<Vec<u64>> = call.body["repository_ids"]
                    .as_array()
                    .map(|asked| asked.iter().filter_map(Value::as_u64).collect());
                if only
                    .as_ref()
                    .is_some_and(|only| only.is_empty() || only.iter().any(|one| !ids.contains(one)))
                {
                    return Reply::json(
                        422,
                        &json!({ "message": "There is at least one repository that does not exist or is not accessible" }),
                    );
                }
                assert_eq!(call.body["permissions"]["contents"], "read");
                let token = format!("ghs_{}", uuid::Uuid::new_v4().simple());
                state.tokens.insert(token.clone(), Whose::Installation { id, only });
                let ends = chrono::DateTime::from_timestamp_millis(self.clock.now() + 3_600_000).unwrap();
                Reply::json(
                    201,
                    &json!({ "token": token, "expires_at": ends.format("%Y-%m-%dT%H:%M:%SZ").to_string() }),
                )
            }
            _ => missing(),
        }
    }

    pub(super) fn shown(&self, id: u64, installation: &Installation) -> Value {
        let (account, login) = &installation.account;
        json!({
            "id": id, "account": { "id": account, "login": login }, "html_url": format!("{}/settings/installations/{id}", self.url),
            "permissions": { "contents": "read", "metadata": "read", "issues": "read", "discussions": "read", "emails": "read" },
            "suspended_at": installation.suspended.then_some("2026-01-01T00:00:00Z"), "repository_selection": "selected",
        })
    }

    /// The repositories that a token reaches.
    pub(super) fn reached(&self, state: &State, whose: &Whose) -> Vec<Value> {
        let may = |name: &String, repository: &Repository| match whose {
            Whose::Person { login, .. } => repository.seen_by.contains(login),
            Whose::Installation { id, only } => {
                let installed = state.installations.get(id).is_some_and(|at| at.repositories.contains(name));
                installed && only.as_ref().is_none_or(|only| only.contains(&repository.id))
            }
        };
        let reached = state.repositories.iter().filter(|(name, repository)| may(name, repository));
        let shown = reached.map(|(name, repository)| json!({ "id": repository.id, "full_name": name, "html_url": format!("{}/{name}", self.url), "private": true }));
        shown.collect()
    }
}

/// Somebody is signed in, and agrees at once.
pub(super) fn agreed_at_once(state: &mut State, call: &Request) -> Reply {
    let asked = &call.query;
    let (code, login) = (uuid::Uuid::new_v4().simple().to_string(), "ada".to_owned());
    let next = 100 + u64::try_from(state.people.len()).unwrap();
    let person = *state.people.entry(login.clone()).or_insert(next);
    // Leaving takes the App out of an account: whoever comes again has put it back.
    state.installations.entry(7).or_insert_with(|| Installation {
        account: (person, login.clone()),
        repositories: Default::default(),
        suspended: false,
    });
    let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &asked["state"]);
    let agreed = Code {
        login,
        client: asked["client_id"].clone(),
        redirect: asked["redirect_uri"].clone(),
        challenge: asked["code_challenge"].clone(),
    };
    state.codes.insert(code, agreed);
    Reply::redirect(&back)
}
