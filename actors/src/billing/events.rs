//! What Stripe sends. It is taken as a hint that something changed: what is stored of it is which subscription to look at.

use serde::{Deserialize, Serialize};

use super::told::Named;

/// What a signed message asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Something about a subscription of this customer's.
    Event {
        external_id: String,
        customer: String,
        payload: Vec<u8>,
    },
    /// Nothing here.
    Nothing,
    /// An event of the kind that holds no object, which belongs to another address.
    Thin,
}

/// What is kept of an event until it is seen to.
#[derive(Serialize, Deserialize)]
pub(super) struct Hint {
    pub subscription: String,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(default)]
    object: String,
    r#type: String,
    /// Read when it is known what it is of: what means nothing here may be of any shape.
    #[serde(default)]
    data: serde_json::Value,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    customer: Option<Named>,
    subscription: Option<Named>,
    parent: Option<Parent>,
}

impl Object {
    /// Where later versions have it.
    fn nested(&self) -> Option<&Named> {
        self.parent.as_ref()?.subscription_details.as_ref()?.subscription.as_ref()
    }
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    subscription: Option<Named>,
}

/// Ids are put into paths.
fn id(named: &str) -> Option<String> {
    let fine = !named.is_empty() && named.len() <= 255 && named.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fine.then(|| named.to_owned())
}

/// `None` for what is not of Stripe's shape.
#[must_use]
pub fn read_event(body: &[u8]) -> Option<Incoming> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    if envelope.object.starts_with("v2.") {
        return Some(Incoming::Thin);
    }
    let about: fn(&Object) -> Option<&str> = match envelope.r#type.as_str() {
        kind if kind.starts_with("customer.subscription.") => |object| object.id.as_deref(),
        "checkout.session.completed" => |object| object.subscription.as_ref().map(Named::id),
        kind if kind.starts_with("invoice.") => |object| object.subscription.as_ref().or_else(|| object.nested()).map(Named::id),
        _ => return Some(Incoming::Nothing),
    };
    let object = serde_json::from_value::<Data>(envelope.data).ok()?.object;
    let subscription = about(&object);
    let (Some(subscription), Some(customer)) = (subscription.and_then(id), object.customer.as_ref().and_then(|named| id(named.id())))
    else {
        return Some(Incoming::Nothing);
    };
    Some(Incoming::Event {
        external_id: id(&envelope.id)?,
        customer,
        payload: serde_json::to_vec(&Hint { subscription }).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Incoming> {
        read_event(text.as_bytes())
    }

    #[test]
    fn of_an_event_only_the_ids_are_kept() {
        let event = |kind: &str, object: &str| format!(r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{object}}}}}"#);
        let wanted = Some(Incoming::Event {
            external_id: "evt_1".into(),
            customer: "cus_1".into(),
            payload: br#"{"subscription":"sub_1"}"#.to_vec(),
        });
        for (kind, object) in [
            (
                "customer.subscription.updated",
                r#"{"id":"sub_1","customer":"cus_1","status":"active","metadata":{"tenant_id":"another"}}"#,
            ),
            (
                "checkout.session.completed",
                r#"{"id":"cs_1","customer":"cus_1","subscription":"sub_1"}"#,
            ),
            (
                "invoice.paid",
                r#"{"id":"in_1","customer":{"id":"cus_1"},"subscription":{"id":"sub_1"}}"#,
            ),
            (
                "invoice.payment_failed",
                r#"{"id":"in_1","customer":"cus_1","parent":{"subscription_details":{"subscription":"sub_1"}}}"#,
            ),
        ] {
            assert_eq!(read(&event(kind, object)), wanted, "{kind}");
        }
        for (kind, object) in [
            ("customer.created", r#"{"id":"cus_1"}"#),
            ("a.later.kind", r#"{"id":7,"customer":{"of":"another shape"},"parent":[]}"#),
            ("a.later.kind", "null"),
            ("invoice.paid", r#"{"id":"in_1","customer":"cus_1","subscription":null}"#),
            ("customer.subscription.updated", r#"{"id":"../customers","customer":"cus_1"}"#),
        ] {
            assert_eq!(read(&event(kind, object)), Some(Incoming::Nothing), "{kind}");
        }
        let thin = r#"{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error","related_object":{}}"#;
        assert_eq!(read(thin), Some(Incoming::Thin));
        let bare = r#"{"id":"evt_1","object":"event","type":"a.later.kind","data":["of another shape"]}"#;
        assert_eq!(read(bare), Some(Incoming::Nothing));
        for text in ["", "[]", "null", r#"{"id":"evt_1"}"#, r#"{"id":"a/b","type":"invoice.paid"}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
