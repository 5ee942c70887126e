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
    // Where two passages say the same, either may be kept.
    let tuning = Tuning {
        repeats: 2.0,
        ..Tuning::default()
    };
    let mut index = Index::with_tuning(tuning);
    let mut left: HashMap<u128, (String, Chunks)> = HashMap::default();
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
    let mut fresh = Index::with_tuning(tuning);
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

fn index_of(documents: &[(&str, &[&str])]) -> Index {
    let mut index = Index::new();
    for (n, (title, texts)) in (1u128..).zip(documents) {
        let chunks = (1u128..).zip(*texts).map(|(at, text)| (id(n * 100 + at), passage(text), None));
        index.add(id(n), title, None, chunks.collect());
    }
    index
}

fn first(index: &Index, question: &str) -> Option<u128> {
    index.search(question, None, 1).first().map(|hit| hit.chunk.as_u128())
}

#[test]
fn each_document_is_found_in_its_own_language() {
    let index = index_of(&[
        (
            "Billing",
            &["You can cancel your subscription at any time in the settings of the account."],
        ),
        (
            "Abrechnung",
            &["Die Rechnungen werden am Ende des Monats verschickt. Sie können die Kündigung in den Einstellungen vornehmen."],
        ),
        (
            "Facturation",
            &["Les factures sont envoyées à la fin du mois, et vous pouvez résilier votre abonnement dans les paramètres."],
        ),
    ]);
    for (question, chunk) in [
        ("cancelling subscriptions", 101),
        ("Wann wird die Rechnung verschickt?", 201),
        ("Kuendigung", 201),
        ("Quand est-ce que la facture est envoyee ?", 301),
        ("résiliation des abonnements", 301),
    ] {
        assert_eq!(first(&index, question), Some(chunk), "{question}");
    }
    let hit = &index.search("Wann wird die Rechnung verschickt?", None, 1)[0];
    assert_eq!(hit.language, Language::German);
    assert!(
        (hit.coverage - 1.0).abs() < 1e-6,
        "words without meaning do not count: {:?}",
        hit.terms
    );
}

#[test]
fn scripts_without_blanks_are_found_by_pairs_and_by_a_single_letter() {
    let index = index_of(&[("料金", &["東京の事務所は九時に開きます。"]), ("案内", &["大阪の工場は休みです。"])]);
    assert_eq!(first(&index, "東京"), Some(101));
    assert_eq!(first(&index, "阪"), Some(201));
    assert_eq!(first(&index, "京東"), None);
}

#[test]
fn synonyms_find_what_goes_by_another_name() {
    let mut index = index_of(&[
        ("Security", &["Two factor authentication is set up in the account."]),
        ("Billing", &["A reimbursement takes five days."]),
    ]);
    assert_eq!(first(&index, "2fa"), None);
    index.set_synonyms(vec![
        vec!["2FA".into(), "two factor authentication".into()],
        vec!["refund".into(), "reimbursement".into(), "money back".into()],
    ]);
    assert_eq!(first(&index, "How do I set up 2FA?"), Some(101));
    assert_eq!(first(&index, "when do I get my money back"), Some(201));
    assert_eq!(index.meant("Enable 2fa, please"), "Enable two factor authentication, please");
    assert_eq!(
        index.meant("Is a reimbursement paid?"),
        "Is a reimbursement paid? (refund, money back)"
    );
    assert_eq!(index.meant("enable it"), "enable it");
    let hit = &index.search("2fa", None, 1)[0];
    assert!(hit.coverage > 0.7 && hit.terms[0].known, "{hit:?}");
    index.remove(id(1));
    index.remove(id(2));
    index.add(id(3), "Billing", None, vec![(id(301), passage("Refunds are paid."), None)]);
    assert_eq!(first(&index, "money back"), Some(301), "they outlive the documents");
    index.set_synonyms(Vec::new());
    assert_eq!(first(&index, "money back"), None);
}

#[test]
fn what_says_the_same_is_found_once_and_another_price_is_not_the_same() {
    let long = "The team plan comes with shared folders, comments, a history of ninety days and support by mail on working days";
    let texts = [
        format!("{long}."),
        format!("{long}!"),
        format!("{long}. It costs 5 euros."),
        format!("{long}. It costs 9 euros."),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let index = index_of(&[("Plans", &texts)]);
    let found: Vec<u128> = index.search("team plan", None, 10).iter().map(|hit| hit.chunk.as_u128()).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&103) && found.contains(&104));
}

#[test]
fn a_hit_knows_its_neighbours_in_the_same_section() {
    let mut index = Index::new();
    let part = |n: u128, heading: &str, text: &str| {
        let chunk = Chunk {
            heading: vec![heading.into()],
            ..passage(text)
        };
        (id(n), chunk, None)
    };
    let chunks = vec![
        part(1, "Set up", "First."),
        part(2, "Set up", "Second lamp."),
        part(3, "Care", "Third."),
    ];
    index.add(id(9), "Lamp manual", None, chunks);
    let hit = &index.search("second", None, 1)[0];
    assert_eq!((hit.before.as_deref(), hit.after.as_deref()), (Some("First."), None));
}

#[test]
fn an_index_in_parts_answers_as_one_that_was_built_at_once() {
    let documents = [
        ("Billing", ["Refunds are paid within five days.", "Invoices are sent every month."]),
        ("Security", ["Passwords are hashed.", "Sessions end after a week."]),
        (
            "Konto",
            [
                "Die Rechnung wird für das Konto erstellt und an die Adresse geschickt.",
                "Das Passwort ist geheim und wird nie gezeigt.",
            ],
        ),
    ];
    let add = |index: &mut Index, n: usize| {
        let (title, texts) = documents[n];
        let base = 10 * (n as u128 + 1);
        let chunks = texts
            .iter()
            .zip(base..)
            .map(|(text, at)| (id(at), passage(text), (n != 1).then(|| vector(n))));
        index.add(id(base + 5), title, None, chunks.collect());
    };
    let (mut whole, mut merged) = (Index::new(), Index::new());
    for n in 0..documents.len() {
        add(&mut whole, n);
        let mut part = Index::new();
        add(&mut part, n);
        merged.merge(part);
    }
    merged.shrink();
    for question in ["refund", "passwords", "Passwort", "Rechnung", "week"] {
        let found = |index: &Index| {
            let hits = index.search(question, Some(&vector(2)), 10);
            hits.into_iter()
                .map(|hit| (hit.chunk, format!("{:.4}", hit.score)))
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&merged), found(&whole), "{question}");
    }
    merged.remove(id(15));
    assert_eq!((merged.len(), merged.vectors()), (4, 2));
    assert!(merged.search("refund", None, 5).is_empty());
}
