//! How good a ranking is, and the collections that say so.
//!
//! A collection is a folder with `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`) and `qrels.tsv`
//! (query, document and grade, parted by tabs, under a heading).

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

/// Ranks that count.
pub const DEPTH: usize = 10;

/// A document of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CorpusDocument {
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(default)]
    pub title: String,
    pub text: String,
}

/// A question of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Query {
    #[serde(rename = "_id")]
    pub id: String,
    pub text: String,
}

/// Query id → ids of the documents that answer it.
pub type Judgements = HashMap<String, HashSet<String>>;

#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    #[error("line {line} of {file} is not valid: {reason}")]
    Line { file: &'static str, line: usize, reason: String },
}

/// Reads `corpus.jsonl`.
pub fn read_corpus(text: &str) -> Result<Vec<CorpusDocument>, CollectionError> {
    read_lines("corpus.jsonl", text)
}

/// Reads `queries.jsonl`.
pub fn read_queries(text: &str) -> Result<Vec<Query>, CollectionError> {
    read_lines("queries.jsonl", text)
}

fn read_lines<T: for<'a> Deserialize<'a>>(file: &'static str, text: &str) -> Result<Vec<T>, CollectionError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| CollectionError::Line {
                file,
                line: at + 1,
                reason: error.to_string(),
            })
        })
        .collect()
}

/// Reads `qrels.tsv`. Grades above 0 count alike.
pub fn read_judgements(text: &str) -> Result<Judgements, CollectionError> {
    let wrong = |at: usize, reason: &str| CollectionError::Line {
        file: "qrels.tsv",
        line: at + 1,
        reason: reason.to_owned(),
    };
    let mut judgements = Judgements::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut parts = line.split('\t');
        let (Some(query), Some(document), Some(grade)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong(at, "three columns are needed"));
        };
        match grade.trim().parse::<i64>() {
            Ok(grade) if grade > 0 => {
                judgements.entry(query.to_owned()).or_default().insert(document.to_owned());
            }
            Ok(_) => {}
            Err(_) if at == 0 => {}
            Err(_) => return Err(wrong(at, "the grade is not a number")),
        }
    }
    Ok(judgements)
}

/// Normalised discounted cumulative gain over the first ten ranks, with gains of 0 and 1. 0 when nothing is relevant.
#[expect(clippy::cast_precision_loss, reason = "ranks up to ten")]
pub fn ndcg_at_10(ranking: &[&str], relevant: &HashSet<String>) -> f64 {
    let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
    let ideal: f64 = (0..relevant.len().min(DEPTH)).map(discount).sum();
    let gained: f64 = distinct(ranking)
        .enumerate()
        .filter(|(_, id)| relevant.contains(*id))
        .map(|(rank, _)| discount(rank))
        .sum();
    if ideal > 0.0 { gained / ideal } else { 0.0 }
}

/// The share of the relevant documents that stand in the first ten ranks. 0 when nothing is relevant.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
pub fn recall_at_10(ranking: &[&str], relevant: &HashSet<String>) -> f64 {
    let found = distinct(ranking).filter(|id| relevant.contains(*id)).count();
    if relevant.is_empty() {
        0.0
    } else {
        found as f64 / relevant.len() as f64
    }
}

/// The first ten ranks, a document that returns not counted again.
fn distinct<'a>(ranking: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let mut seen = HashSet::new();
    ranking.iter().copied().filter(move |id| seen.insert(*id)).take(DEPTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relevant(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_perfect_ranking_scores_one_and_an_empty_one_nothing() {
        let wanted = relevant(&["a", "b"]);
        assert!((ndcg_at_10(&["b", "a", "c"], &wanted) - 1.0).abs() < 1e-12);
        assert!((recall_at_10(&["b", "a", "c"], &wanted) - 1.0).abs() < 1e-12);
        assert_eq!(ndcg_at_10(&[], &wanted), 0.0);
        assert_eq!(ndcg_at_10(&["a"], &relevant(&[])), 0.0);
    }

    #[test]
    fn later_ranks_count_less_and_repeats_not_at_all() {
        // 1/log2(3) over 1.
        assert!((ndcg_at_10(&["x", "a"], &relevant(&["a"])) - 0.630_929_753).abs() < 1e-6);
        assert!((ndcg_at_10(&["a", "a"], &relevant(&["a", "b"])) - 1.0 / 1.630_929_753).abs() < 1e-6);
        assert!((recall_at_10(&["a", "a"], &relevant(&["a", "b"])) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn collections_are_read_and_damage_is_named() -> Result<(), CollectionError> {
        let corpus = read_corpus("{\"_id\":\"1\",\"text\":\"t\"}\n\n")?;
        assert_eq!(corpus.len(), 1);
        let judgements = read_judgements("query-id\tcorpus-id\tscore\nq\td\t1\nq\te\t0\n")?;
        assert_eq!(judgements.get("q"), Some(&relevant(&["d"])));
        assert!(read_judgements("q\td\t1\nq\td\n").is_err());
        assert!(read_queries("{").is_err());
        Ok(())
    }
}
