#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn passage(text: &str) -> Chunk {
    Chunk {
        heading: vec!["Part".into()],
        text: text.into(),
        page: None,
    }
}

/// A vector that points along one dimension, and a little along the next.
fn vector(dimension: usize) -> Vector {
    let mut exact = [0.0; DIMENSIONS];
    exact[dimension % DIMENSIONS] = 1.0;
    exact[(dimension + 1) % DIMENSIONS] = 0.1;
    Vector::quantise(&exact)
}

fn sample() -> Index {
    let mut index = Index::new();
    index.add(
        id(1),
        "Billing",
        Some("https://d.example/b"),
        vec![
            (id(11), passage("Refunds are paid within five days."), Some(vector(0))),
            (id(12), passage("Invoices are sent every month."), Some(vector(10))),
        ],
    );
    index.add(
        id(2),
        "Security",
        None,
        vec![(id(21), passage("Passwords are hashed with bcrypt."), None)],
    );
    index
}

type Chunks = Vec<(Uuid, Chunk, Option<Vector>)>;

#[test]
fn words_find_what_has_no_vector_and_meaning_what_has_other_words() {
    let index = sample();
    assert_eq!((index.len(), index.vectors(), index.documents()), (3, 2, 2));
    assert_eq!(index.search("hashed passwords", Some(&vector(200)), 1)[0].chunk, id(21));
    assert_eq!(index.search("money back", Some(&vector(0)), 1)[0].chunk, id(11));
    let hit = &index.search("Refund", None, 5)[0];
    assert_eq!((hit.chunk, hit.title.as_str(), hit.cosine), (id(11), "Billing", None));
    assert!((hit.coverage - 1.0).abs() < 1e-6 && hit.score > 0.0 && hit.score <= 1.0);
}

#[test]
fn a_title_counts_and_can_be_changed() {
    let mut index = sample();
    assert_eq!(index.search("billing", None, 5).len(), 2);
    index.set_title(id(1), "Payments");
    index.set_source_url(id(1), None);
    assert!(index.search("billing", None, 5).is_empty());
    let hit = &index.search("payments", None, 5)[0];
    assert_eq!((hit.title.as_str(), hit.source_url.as_deref()), ("Payments", None));
}

#[test]
fn what_is_removed_is_forgotten() {
    let mut index = sample();
    index.remove(id(1));
    assert_eq!((index.len(), index.vectors(), index.documents()), (1, 0, 1));
    assert!(
        index
            .search("refunds invoices billing", Some(&vector(0)), 5)
            .iter()
            .all(|hit| hit.document == id(2))
    );
    assert!(index.values.iter().all(|value| *value == 0));
    let terms = &index.search("refund", None, 5);
    assert!(terms.is_empty());
    index.remove(id(2));
    assert!(index.is_empty());
    assert!(index.memory_bytes() < 1_000);
}

#[test]
fn a_slip_of_the_finger_is_forgiven() {
    assert_eq!(sample().search("refnuds", None, 5)[0].chunk, id(11));
    assert_eq!(sample().search("pasword", None, 5)[0].chunk, id(21));
}

#[test]
fn a_poor_single_hit_does_not_look_perfect() {
    let mut index = Index::new();
    index.add(
        id(1),
        "Billing",
        None,
        vec![(id(11), passage("Refunds are paid within five days."), Some(vector(0)))],
    );
    let found = index.search("How do five astronauts brew coffee on Mars", Some(&vector(200)), 5);
    assert!(found.iter().all(|hit| hit.score < 0.25), "{found:?}");
}

#[test]
fn an_earlier_version_is_replaced_and_odd_calls_do_no_harm() {
    let mut index = sample();
    index.add(
        id(1),
        "Billing",
        None,
        vec![(id(13), passage("New text."), None), (id(21), passage("Stolen id."), None)],
    );
    assert_eq!(index.len(), 2);
    index.set_vector(id(99), vector(0));
    index.remove(id(99));
    index.set_title(id(99), "x");
    assert!(index.search("", None, 5).is_empty());
    assert!(index.search("text", None, 0).is_empty());
    index.search(&"word ".repeat(10_000), Some(&vector(1)), usize::MAX);
}

/// After any changes, the index answers as one that was built from what is left.
#[test]
fn changes_leave_the_same_index_as_building_it_anew() {
    let mut state = 7u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"];
    let mut index = Index::new();
    let mut left: HashMap<u128, (String, Chunks)> = HashMap::new();
    for round in 0..200u128 {
        let document = u128::from(random(12)) + 1;
        if random(3) == 0 {
            index.remove(id(document));
            left.remove(&document);
            continue;
        }
        let text = |random: &mut dyn FnMut(u64) -> u64| {
            (0..=random(6))
                .map(|_| words[usize::try_from(random(8)).unwrap()])
                .collect::<Vec<_>>()
                .join(" ")
        };
        let title = text(&mut random);
        let chunks: Vec<_> = (0..=u128::from(random(3)))
            .map(|at| {
                (
                    id(1_000 + round * 10 + at),
                    passage(&text(&mut random)),
                    (random(2) == 0).then(|| vector(usize::try_from(random(384)).unwrap())),
                )
            })
            .collect();
        index.add(id(document), &title, None, chunks.clone());
        left.insert(document, (title, chunks));
    }
    let mut fresh = Index::new();
    for (document, (title, chunks)) in &left {
        fresh.add(id(*document), title, None, chunks.clone());
    }
    assert_eq!(
        (index.len(), index.vectors(), index.documents()),
        (fresh.len(), fresh.vectors(), fresh.documents())
    );
    for question in ["alpha", "beta gamma", "zeta eta theta delta"] {
        let scores = |index: &Index| -> HashMap<Uuid, String> {
            index
                .search(question, Some(&vector(3)), 1_000)
                .into_iter()
                .map(|hit| (hit.chunk, format!("{:.4} {:.3}", hit.score, hit.lexical)))
                .collect()
        };
        assert_eq!(scores(&index), scores(&fresh), "{question}");
    }
}
