//! Questions grouped by what they mean: each group has a centre, the question that most of the others are close to.

use super::embed::Vector;

/// Two questions at least this close (cosine) may belong together. Measured on rewordings and on other questions of the same product: see the
/// tests.
pub const CLOSE: f32 = 0.6;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The most central one.
    pub centre: usize,
    /// All that belong to it, the centre included, in their order.
    pub members: Vec<usize>,
}

/// Groups `points`, each of which counts as often as its weight says. The heaviest groups first. Compares each with each: some 0.1 s for a
/// thousand.
pub fn group(points: &[(Vector, u64)]) -> Vec<Group> {
    let mut close: Vec<Vec<(usize, f32)>> = vec![Vec::new(); points.len()];
    for (a, (one, _)) in points.iter().enumerate() {
        for (b, (other, _)) in points.iter().enumerate().skip(a + 1) {
            let near = one.dot(other);
            if near >= CLOSE {
                close[a].push((b, near));
                close[b].push((a, near));
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of questions")]
    let weight = |at: usize| points[at].1 as f32;
    // How much each would gather: its own weight, and that of those close to it by how close they are.
    let mut gathers: Vec<f32> = (0..points.len())
        .map(|at| weight(at) + close[at].iter().map(|(other, near)| weight(*other) * near).sum::<f32>())
        .collect();
    let mut free = vec![true; points.len()];
    let mut centres = Vec::new();
    while let Some(centre) = (0..points.len())
        .filter(|at| free[*at])
        .max_by(|a, b| gathers[*a].total_cmp(&gathers[*b]).then(b.cmp(a)))
    {
        centres.push(centre);
        let taken: Vec<usize> = std::iter::once(centre)
            .chain(close[centre].iter().map(|(other, _)| *other))
            .filter(|at| free[*at])
            .collect();
        for at in taken {
            free[at] = false;
            for (other, near) in &close[at] {
                gathers[*other] -= weight(at) * near;
            }
        }
    }
    // A group takes who is close to its centre; whoever is closer to a later one goes there.
    let mut groups: Vec<Group> = centres
        .iter()
        .map(|centre| Group {
            centre: *centre,
            members: Vec::new(),
        })
        .collect();
    let mut group_of = vec![None; points.len()];
    for (n, centre) in centres.iter().enumerate() {
        group_of[*centre] = Some(n);
    }
    for at in 0..points.len() {
        let nearest = close[at]
            .iter()
            .filter_map(|(other, near)| group_of[*other].filter(|n| centres[*n] == *other).map(|n| (n, *near)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let own = group_of[at].filter(|n| centres[*n] == at);
        if let Some(n) = own.or(nearest.map(|(n, _)| n)) {
            groups[n].members.push(at);
        }
    }
    let weigh = |group: &Group| group.members.iter().map(|at| points[*at].1).sum::<u64>();
    groups.sort_by_key(|group| (std::cmp::Reverse(weigh(group)), group.centre));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::embed::Embedder;

    fn grouped(questions: &[&str]) -> Vec<Vec<String>> {
        let vectors = Embedder::load().unwrap().embed(questions).unwrap();
        let points: Vec<_> = vectors.into_iter().map(|vector| (vector, 1)).collect();
        let groups = group(&points);
        groups
            .iter()
            .map(|group| group.members.iter().map(|at| questions[*at].to_owned()).collect())
            .collect()
    }

    #[test]
    fn rewordings_are_one_group_and_other_questions_of_the_same_product_are_not() {
        let groups = grouped(&[
            "Can I export my data as a PDF?",
            "Do you support single sign-on with SAML?",
            "Is it possible to get a PDF export?",
            "What is your refund policy?",
            "How can I export to PDF?",
            "Does it work with SAML single sign-on?",
            "How do I get a refund?",
            "Where are your servers located?",
        ]);
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [3, 2, 2, 1], "{groups:#?}");
        assert!(groups[0].iter().all(|question| question.contains("PDF")), "{groups:#?}");
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_in_two_groups() {
        let exact = |n: u32| {
            (0..384)
                .map(|at| f64::from((at * (n + 3) % 7) * n % 5) as f32 - 2.0)
                .collect::<Vec<f32>>()
        };
        let points: Vec<_> = (0..60).map(|n| (Vector::quantise(&exact(n)), u64::from(n % 4) + 1)).collect();
        let mut all: Vec<usize> = group(&points).into_iter().flat_map(|group| group.members).collect();
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
        assert!(group(&[]).is_empty());
    }
}
