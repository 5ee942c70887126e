//! Signed in with an account that was given for it, and out again.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Account, Target, UNREACHED, doors::NOBODY};
use crate::claims::{Check, Outcome, Outcomes, Place};

const COOKIE: &str = "__Host-pernoex";

/// A session of the account.
struct Session {
    cookie: String,
    token: String,
}

fn set_cookie(answer: &Response) -> Option<String> {
    let mut set = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|cookie| cookie.to_str().ok());
    set.find(|cookie| cookie.starts_with(COOKIE)).map(str::to_owned)
}

/// The session and the cookie as it was set; or why there is none.
async fn sign_in(target: &Target, account: &Account) -> Result<(Session, String), Outcome> {
    let body = json!({ "email": account.email, "password": *account.password });
    let answer = target.request(Method::POST, "/api/v1/session").json(&body).send().await;
    let answer = answer.map_err(|_| UNREACHED)?;
    let (status, set) = (answer.status().as_u16(), set_cookie(&answer));
    let session: Value = answer.json().await.unwrap_or_default();
    match (status, set) {
        (200, Some(set)) => {
            let cookie = set.split(';').next().unwrap_or_default().to_owned();
            let token = session["csrf_token"].as_str().unwrap_or_default().to_owned();
            Ok((Session { cookie, token }, set))
        }
        (200, None) => Err(Outcome::Broken(format!("a sign-in sets no cookie that is called {COOKIE}"))),
        (202, _) => Err(Outcome::NotTried("the account has a second factor: give one without")),
        (401, _) => Err(Outcome::NotTried(
            "the account that was given cannot sign in: see its e-mail address and password",
        )),
        (429, _) => Err(Outcome::NotTried("too many sign-ins came from here lately: try it later")),
        (status, _) => Err(Outcome::Broken(format!("a sign-in is answered with {status}"))),
    }
}

pub(super) async fn run(target: &Target, account: &Account, found: &mut Outcomes) {
    let (session, set) = match sign_in(target, account).await {
        Ok(entered) => entered,
        Err(outcome) => {
            for check in Check::ALL.iter().filter(|check| check.place() == Place::Account) {
                found.insert(*check, outcome.clone());
            }
            return;
        }
    };
    found.insert(Check::SignIn, Outcome::Holds("the account signs in by its password".into()));
    found.insert(Check::Cookies, cookie(&set));
    found.insert(Check::Csrf, csrf(target, &session).await);
    found.insert(Check::Foreign, foreign(target, &session).await);
    found.insert(Check::SecondFactor, second_factor(target, &session).await);
    // The last, for it ends the session.
    found.insert(Check::SignOut, sign_out(target, &session).await);
}

/// What a `Set-Cookie` lacks.
fn cookie(set: &str) -> Outcome {
    let has = |name: &str| {
        let mut attributes = set.split(';').skip(1).map(str::trim);
        attributes.any(|one| one.eq_ignore_ascii_case(name))
    };
    let mut missing: Vec<&str> = ["HttpOnly", "Secure", "Path=/"].into_iter().filter(|name| !has(name)).collect();
    if !has("SameSite=Lax") && !has("SameSite=Strict") {
        missing.push("SameSite");
    }
    // Without a domain, it is of this host alone.
    let shared = set.split(';').any(|part| part.trim().to_ascii_lowercase().starts_with("domain="));
    match (missing.is_empty(), shared) {
        (true, false) => Outcome::Holds("HttpOnly, Secure, SameSite, of this host alone".into()),
        (true, true) => Outcome::Broken("the cookie is of a whole domain".into()),
        (false, _) => Outcome::Broken(format!("the cookie lacks {}", missing.join(", "))),
    }
}

/// Asked for by whoever is signed in, whatever their role: to go on in a workspace, and in none. If it is not refused for the token, it is
/// refused for that.
const CHANGE: &str = "/api/v1/session/workspace";

async fn csrf(target: &Target, session: &Session) -> Outcome {
    let ask = || {
        let request = target.request(Method::POST, CHANGE).json(&json!({}));
        request.header("cookie", &session.cookie)
    };
    for (what, request) in [
        ("without a token", ask()),
        ("with a made-up token", ask().header("x-csrf-token", "AAAA")),
        (
            "from another site",
            ask()
                .header("x-csrf-token", &session.token)
                .header("origin", "https://elsewhere.invalid"),
        ),
    ] {
        match target.json(request).await {
            None => return UNREACHED,
            Some((403, body)) if body["code"] == "csrf_failed" => {}
            // For their role, perhaps: of the token it says nothing.
            Some((403, _)) => return OTHERWISE,
            Some((status, _)) => return Outcome::Broken(format!("a change {what} is answered with {status}")),
        }
    }
    // If this were refused too, the refusals above would show nothing.
    match target.json(ask().header("x-csrf-token", &session.token)).await {
        None => UNREACHED,
        Some((403, body)) if body["code"] == "csrf_failed" => {
            Outcome::Broken("a change with the right token is refused for its token".into())
        }
        Some((401 | 403 | 429 | 500.., _)) => OTHERWISE,
        Some(_) => Outcome::Holds("without the session's token, and from another site, nothing changes".into()),
    }
}

const OTHERWISE: Outcome =
    Outcome::NotTried("a change is refused for another reason than its token: give an account that may make changes");

async fn foreign(target: &Target, session: &Session) -> Outcome {
    let given = target.foreign_project.map(|id| id.to_string());
    for project in std::iter::once(NOBODY).chain(given.as_deref()) {
        for path in ["", "/documents", "/conversations", "/widget"] {
            let request = target.request(Method::GET, &format!("/api/v1/projects/{project}{path}"));
            match target.json(request.header("cookie", &session.cookie)).await {
                None => return UNREACHED,
                Some((404, _)) => {}
                Some((429, _)) => return Outcome::NotTried("too much was asked from here lately: try it later"),
                Some((status, _)) => {
                    return Outcome::Broken(format!("a project that is not of the workspace is answered with {status}"));
                }
            }
        }
    }
    match given {
        // What nobody has is not found by who looks everywhere, either.
        None => Outcome::NotTried("give --foreign-project: the id of a project of another workspace than the account's"),
        Some(_) => Outcome::Holds("another workspace's project is not there, as if it were nobody's".into()),
    }
}

async fn second_factor(target: &Target, session: &Session) -> Outcome {
    let request = target.request(Method::GET, "/api/v1/account/second-factor");
    match target.json(request.header("cookie", &session.cookie)).await {
        None => UNREACHED,
        Some((200, _)) => Outcome::Holds("the account can have one".into()),
        Some((status, _)) => Outcome::Broken(format!("second factors are answered with {status}")),
    }
}

async fn sign_out(target: &Target, session: &Session) -> Outcome {
    let request = target
        .request(Method::DELETE, "/api/v1/session")
        .header("x-csrf-token", &session.token);
    match request
        .header("cookie", &session.cookie)
        .send()
        .await
        .map(|answer| answer.status().as_u16())
    {
        Ok(204) => {}
        Ok(status) => return Outcome::Broken(format!("signing out is answered with {status}")),
        Err(_) => return UNREACHED,
    }
    let again = target
        .request(Method::GET, "/api/v1/session")
        .header("cookie", &session.cookie)
        .send()
        .await;
    match again.map(|answer| answer.status().as_u16()) {
        Ok(401) => Outcome::Holds("the cookie from before opens nothing".into()),
        Ok(status) => Outcome::Broken(format!("after signing out, the cookie from before is answered with {status}")),
        Err(_) => UNREACHED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Status;

    #[test]
    fn a_cookie_that_lacks_one_protection_is_seen() {
        let whole = "__Host-pernoex=x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800";
        assert_eq!(cookie(whole).status(), Status::Holds);
        for (from, to) in [
            (" HttpOnly;", ""),
            (" Secure;", ""),
            ("SameSite=Lax", "SameSite=None"),
            ("Path=/;", "Path=/; Domain=example.com;"),
        ] {
            assert_eq!(cookie(&whole.replace(from, to)).status(), Status::Broken, "without {from}");
        }
    }
}
