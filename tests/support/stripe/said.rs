//! What Stripe answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{BEGUN, State};

pub(super) type Form = BTreeMap<String, String>;

pub(super) fn refusal(code: &str, status: u16) -> (u16, Value) {
    (
        status,
        json!({ "error": { "type": "invalid_request_error", "code": code, "message": "no" } }),
    )
}

/// A page of those of a customer, or of a subscription.
fn listed<'a>(list: impl Iterator<Item = &'a Value>, form: &Form, most: usize) -> (u16, Value) {
    let asked = |name: &str| form.get(name).map(String::as_str);
    let wanted = |one: &&Value| {
        let same = |name: &str| asked(name).is_none_or(|value| one[name] == value);
        same("customer") && same("subscription") && asked("status").is_none_or(|status| status == "all" || one["status"] == status)
    };
    let mut found: Vec<&Value> = list.filter(wanted).collect();
    if let Some(after) = asked("starting_after") {
        let at = found.iter().position(|one| one["id"] == after).unwrap();
        found.drain(..=at);
    }
    // As many as it likes where nobody says: ten.
    let most = most.min(asked("limit").map_or(10, |limit| limit.parse().unwrap()));
    let page: Vec<&Value> = found.iter().take(most).copied().collect();
    (200, json!({ "object": "list", "has_more": found.len() > page.len(), "data": page }))
}

fn open_checkout(state: &mut State, base: &str, form: &Form) -> (u16, Value) {
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    if !state.customers.iter().any(|one| one["id"] == of("customer").as_str()) {
        return refusal("resource_missing", 400);
    }
    let id = state.id("cs");
    let pages = state.pages.clone().unwrap_or(base.to_owned());
    state.checkouts.push(json!({
        "id": id, "object": "checkout.session", "customer": of("customer"), "price": of("line_items[0][price]"), "status": "open",
        "metadata": { "tenant_id": of("subscription_data[metadata][tenant_id]") }, "url": format!("{pages}/pay/{id}"),
    }));
    (200, state.checkouts.last().unwrap().clone())
}

fn expire(state: &mut State, id: &str) -> (u16, Value) {
    match state.checkouts.iter_mut().find(|one| one["id"] == id) {
        Some(one) if one["status"] == "open" => {
            one["status"] = json!("expired");
            (200, one.clone())
        }
        Some(_) => refusal("checkout_session_not_open", 400),
        None => refusal("resource_missing", 404),
    }
}

/// Another price, or an end. What is more is charged at once if that is asked for.
fn change(state: &mut State, id: &str, form: &Form) -> Option<(u16, Value)> {
    let is = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
    let price = form.get("items[0][price]");
    let declined = state.declined.clone().filter(|_| price.is_some());
    if let Some(code) = &declined
        && is("payment_behavior", "error_if_incomplete")
    {
        return Some(refusal(code, 402));
    }
    if price.is_some() && is("proration_behavior", "always_invoice") {
        let customer = state.subscriptions.get(id)?["customer"].clone();
        let (invoice, status) = (state.id("in"), if declined.is_some() { "open" } else { "paid" });
        state.invoices.push(json!({
            "id": invoice, "object": "invoice", "customer": customer, "subscription": id, "number": "A-0002", "status": status, "total": 5100,
            "currency": "eur", "created": BEGUN,
        }));
    }
    let changed = state.change(id, "customer.subscription.updated", |one| {
        if let Some(price) = price {
            let items = one["items"]["data"].as_array_mut().unwrap();
            let item = items.iter_mut().find(|item| is("items[0][id]", item["id"].as_str().unwrap()));
            item.unwrap()["price"]["id"] = json!(price);
        }
        if declined.is_some() {
            one["status"] = json!("past_due");
        }
        if let Some(ends) = form.get("cancel_at_period_end") {
            one["cancel_at_period_end"] = json!(ends == "true");
        }
    });
    changed.map(|changed| (200, changed))
}

fn end(state: &mut State, id: &str) -> Option<(u16, Value)> {
    if state.subscriptions.get(id)?["status"] == "canceled" {
        return None;
    }
    let ended = state.change(id, "customer.subscription.deleted", |one| one["status"] = json!("canceled"));
    ended.map(|ended| (200, ended))
}

pub(super) fn said(state: &mut State, base: &str, (method, path): (&str, &str), form: &Form) -> (u16, Value) {
    let of = |name: &str| form.get(name).cloned().unwrap_or_default();
    let most = state.page.unwrap_or(100);
    match (method, path) {
        ("POST", "/v1/customers") => {
            let made = json!({ "id": state.id("cus"), "object": "customer", "email": of("email") });
            state.customers.push(made.clone());
            (200, made)
        }
        ("POST", "/v1/checkout/sessions") => open_checkout(state, base, form),
        ("GET", "/v1/checkout/sessions") => listed(state.checkouts.iter().rev(), form, most),
        ("POST", "/v1/billing_portal/sessions") => (200, json!({ "id": "bps_1", "url": format!("{base}/portal/{}", of("customer")) })),
        ("GET", "/v1/subscriptions") => {
            let all = form.contains_key("status");
            let known = state.subscriptions.values().filter(|one| all || one["status"] != "canceled");
            listed(known, form, most)
        }
        ("GET", "/v1/invoices") => listed(state.invoices.iter().rev(), form, most),
        (method, path) => {
            if let Some(id) = path
                .strip_prefix("/v1/checkout/sessions/")
                .and_then(|rest| rest.strip_suffix("/expire"))
            {
                return expire(state, id);
            }
            let id = path.strip_prefix("/v1/subscriptions/").unwrap_or_default();
            let found = match method {
                "GET" => state.subscriptions.get(id).map(|one| (200, one.clone())),
                "DELETE" => end(state, id),
                _ => change(state, id, form),
            };
            found.unwrap_or_else(|| refusal("resource_missing", 404))
        }
    }
}
