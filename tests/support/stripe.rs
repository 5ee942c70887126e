//! Stripe, at the network's edge: customers, checkouts, subscriptions that move on, invoices, and signed messages that are sent when a test
//! says so, late and twice.

mod said;
mod sender;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::form_urlencoded;

use self::said::{Form, refusal, said};
pub use self::sender::{Sender, signature};
use super::TestApp;

pub const KEY: &str = "sk_test_a-secret-key-of-stripe";
pub const SIGNING: &str = "whsec_a-signing-secret-of-stripe";
pub const PLANS: &str = r#"{"free":{"name":"Free","projects":1,"members":2,"documents":2,"answers":3},
    "paid":[{"name":"Team","price":"price_team","projects":5,"members":10,"documents":50,"answers":100},
            {"name":"Large","price":"price_large"},
            {"name":"Classic","price":"price_classic","projects":2,"members":2,"documents":2,"answers":3,"offered":false}]}"#;

/// Plans that limit nothing.
pub const UNLIMITED: &str = r#"{"free":{"name":"Free"},"paid":[{"name":"Team","price":"price_team"}]}"#;

/// 1 January 2030: what is told here in seconds begins there.
pub const BEGUN: i64 = 1_893_456_000;
pub const MONTH: i64 = 30 * 86_400;

/// A call that was made of it.
#[derive(Clone, Debug)]
pub struct Called {
    /// Such as `POST /v1/customers`.
    pub what: String,
    pub form: Form,
}

#[derive(Default)]
struct State {
    calls: Vec<Called>,
    /// What was said with an idempotency key, and what was answered.
    once: BTreeMap<String, (Form, Value)>,
    key: Option<String>,
    customers: Vec<Value>,
    checkouts: Vec<Value>,
    subscriptions: BTreeMap<String, Value>,
    invoices: Vec<Value>,
    events: Vec<Value>,
    /// Calls that it does not answer yet.
    away: usize,
    /// Of this kind it does so many, and the answer is lost.
    lost: Option<(String, usize)>,
    /// Calls of this kind wait.
    held: Option<String>,
    /// The most on a page of a list.
    page: Option<usize>,
    /// Why the card is refused.
    declined: Option<String>,
    /// Where the pages are that people are sent to, if not here.
    pages: Option<String>,
    made: usize,
}

impl State {
    fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_{}{}", self.made, uuid::Uuid::new_v4().simple())
    }

    /// Notes that something happened.
    fn happened(&mut self, kind: &str, object: &Value) {
        let id = self.id("evt");
        self.events
            .push(json!({ "id": id, "object": "event", "type": kind, "created": BEGUN, "data": { "object": object } }));
    }

    fn change(&mut self, id: &str, kind: &str, with: impl FnOnce(&mut Value)) -> Option<Value> {
        let subscription = self.subscriptions.get_mut(id)?;
        with(subscription);
        let now = subscription.clone();
        self.happened(kind, &now);
        Some(now)
    }

    /// What a payment makes.
    fn subscribe(&mut self, base: &str, checkout: &Value, status: &str) -> String {
        let (id, item, invoice) = (self.id("sub"), self.id("si"), self.id("in"));
        let trial = (status == "trialing").then_some(BEGUN + MONTH);
        let created = BEGUN + i64::try_from(self.subscriptions.len()).unwrap();
        let subscription = json!({
            "id": id, "object": "subscription", "customer": checkout["customer"], "status": status, "created": created,
            "current_period_start": BEGUN, "current_period_end": BEGUN + MONTH, "trial_end": trial, "cancel_at": null, "cancel_at_period_end": false,
            "items": { "object": "list", "data": [{ "id": item, "price": { "id": checkout["price"] } }] },
            "latest_invoice": { "id": invoice, "created": BEGUN }, "metadata": checkout["metadata"],
        });
        self.subscriptions.insert(id.clone(), subscription.clone());
        self.happened("customer.subscription.created", &subscription);
        let paid = json!({
            "id": invoice, "object": "invoice", "customer": checkout["customer"], "subscription": id, "number": "A-0001", "status": "paid",
            "total": 4900, "currency": "eur", "created": BEGUN, "hosted_invoice_url": format!("{base}/invoice/{invoice}"),
        });
        self.invoices.push(paid.clone());
        self.happened("invoice.paid", &paid);
        let done = json!({ "id": checkout["id"], "object": "checkout.session", "customer": checkout["customer"], "subscription": id });
        self.happened("checkout.session.completed", &done);
        id
    }
}

pub struct Stripe {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Stripe {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let (shared, base) = (state.clone(), url.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, base) = (shared.clone(), base.clone());
                tokio::spawn(async move {
                    let _ = answer(stream, &state, &base).await;
                });
            }
        });
        Self { url, state }
    }

    /// By which a server knows it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("STRIPE_SECRET_KEY", KEY.into()),
            ("STRIPE_WEBHOOK_SECRET", SIGNING.into()),
            ("STRIPE_URL", self.url.clone()),
            ("PERNOEX_PLANS", PLANS.into()),
        ]
    }

    /// A server with this Stripe, and settings of its own.
    pub async fn app(&self, clock: pernoex::Clock, more: &[(&str, &str)]) -> TestApp {
        let own = self.settings();
        let mut settings: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.extend(more);
        TestApp::start_with(clock, &settings).await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The account's secret key is this one.
    pub fn knows(&self, key: &str) {
        self.lock().key = Some(key.to_owned());
    }

    /// Does not answer the next `calls`.
    pub fn is_away(&self, calls: usize) {
        self.lock().away = calls;
    }

    /// Does the next `calls` of this kind, and the answers are lost on the way.
    pub fn loses(&self, what: &str, calls: usize) {
        self.lock().lost = Some((what.to_owned(), calls));
    }

    /// Takes its time over calls of this kind, until told otherwise.
    pub fn holds(&self, what: Option<&str>) {
        self.lock().held = what.map(str::to_owned);
    }

    /// Puts no more than so many on a page of a list.
    pub fn lists_at_most(&self, page: usize) {
        self.lock().page = Some(page);
    }

    /// Refuses the card from now on.
    pub fn declines(&self, code: &str) {
        self.lock().declined = Some(code.to_owned());
    }

    /// Takes the card again.
    pub fn accepts(&self) {
        self.lock().declined = None;
    }

    /// Has its pages at a domain of the account's own.
    pub fn shows_pages_at(&self, address: &str) {
        self.lock().pages = Some(address.to_owned());
    }

    /// Whether what an address leads to can still be paid.
    pub fn is_open(&self, address: &str) -> bool {
        let session = address.rsplit('/').next().unwrap();
        self.lock()
            .checkouts
            .iter()
            .any(|one| one["id"] == session && one["status"] == "open")
    }

    pub fn calls(&self, what: &str) -> Vec<Called> {
        self.lock().calls.iter().filter(|call| call.what == what).cloned().collect()
    }

    /// What happened since the last time.
    pub fn events(&self) -> Vec<Value> {
        std::mem::take(&mut self.lock().events)
    }

    /// Somebody pays at the address that a checkout leads to; the id of the subscription.
    pub fn pay(&self, address: &str, status: &str) -> String {
        let mut state = self.lock();
        let session = address.rsplit('/').next().unwrap();
        let checkout = state.checkouts.iter_mut().find(|one| one["id"] == session).unwrap();
        assert_eq!(checkout["status"], "open", "it can be paid once, and in time");
        checkout["status"] = json!("complete");
        let checkout = checkout.clone();
        state.subscribe(&self.url, &checkout, status)
    }

    /// A subscription that somebody set up by hand, beside what checkouts make.
    pub fn sells(&self, customer: &str, price: &str) -> String {
        let checkout = json!({ "id": "none", "customer": customer, "price": price, "metadata": {} });
        let mut state = self.lock();
        state.subscribe(&self.url, &checkout, "active")
    }

    /// The customers that it has.
    pub fn customers(&self) -> Vec<Value> {
        self.lock().customers.clone()
    }

    /// The subscription moves on.
    pub fn moves_on(&self, id: &str, with: Value) -> Value {
        let mut state = self.lock();
        let kind = match with["status"] == "canceled" {
            true => "customer.subscription.deleted",
            false => "customer.subscription.updated",
        };
        let merge = |subscription: &mut Value| {
            for (name, value) in with.as_object().unwrap() {
                match name.as_str() {
                    "price" => subscription["items"]["data"][0]["price"]["id"] = value.clone(),
                    name => subscription[name] = value.clone(),
                }
            }
        };
        let now = state.change(id, kind, merge).unwrap();
        match with["status"].as_str() {
            Some("past_due") => {
                let mut failed = json!({ "object": "invoice", "customer": now["customer"], "subscription": id, "status": "open" });
                failed["id"] = now["latest_invoice"]["id"].clone();
                failed["created"] = now["latest_invoice"]["created"].clone();
                if !state
                    .invoices
                    .iter()
                    .any(|one| one["id"] == failed["id"] && one["subscription"] == id)
                {
                    state.invoices.push(failed.clone());
                }
                state.happened("invoice.payment_failed", &failed);
            }
            Some("active") => {
                let owed = state
                    .invoices
                    .iter_mut()
                    .filter(|one| one["subscription"] == id && one["status"] == "open");
                owed.for_each(|one| one["status"] = json!("paid"));
            }
            _ => {}
        }
        now
    }

    /// Adds an invoice whose page is at `address`.
    pub fn bills(&self, customer: &str, address: &str) {
        let mut state = self.lock();
        let invoice = json!({
            "id": "in_2", "object": "invoice", "customer": customer, "number": null, "status": "open", "total": 100, "currency": "eur",
            "created": BEGUN, "hosted_invoice_url": address,
        });
        state.invoices.push(invoice);
    }

    pub fn subscription(&self, id: &str) -> Value {
        self.lock().subscriptions[id].clone()
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    found.unwrap_or_default()
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>, base: &str) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length: usize = header(&head, "content-length").parse().unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let mut line = head.split_whitespace();
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let given = if method == "POST" { &bytes[end + 4..] } else { query.as_bytes() };
    let form: Form = form_urlencoded::parse(given).into_owned().collect();
    let what = format!("{method} {path}");
    state.lock().unwrap().calls.push(Called {
        what: what.clone(),
        form: form.clone(),
    });
    while state.lock().unwrap().held.as_ref() == Some(&what) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (status, told) = {
        let mut state = state.lock().unwrap();
        if state.away > 0 {
            state.away -= 1;
            return Ok(());
        }
        let once = header(&head, "idempotency-key").to_owned();
        let bearer = format!("Bearer {}", state.key.as_deref().unwrap_or(KEY));
        if header(&head, "authorization") != bearer {
            refusal("api_key_expired", 401)
        } else if header(&head, "stripe-version") != "2024-06-20" || (method == "POST" && once.is_empty()) {
            refusal("parameter_missing", 400)
        } else if let Some((before, same)) = state.once.get(&once) {
            match *before == form {
                true => (200, same.clone()),
                false => refusal("idempotency_error", 400),
            }
        } else {
            let told = said(&mut state, base, (method, path), &form);
            if !once.is_empty() && told.0 == 200 {
                state.once.insert(once, (form.clone(), told.1.clone()));
            }
            told
        }
    };
    {
        let mut state = state.lock().unwrap();
        if let Some((of, calls)) = &mut state.lost
            && *of == what
            && *calls > 0
        {
            *calls -= 1;
            return Ok(());
        }
    }
    let text = told.to_string();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
