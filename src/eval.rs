//! Measures the ranking on a collection, through the pipeline that serves: upload, jobs, rows, index.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use actors::{
    DocumentId, DocumentLimits, Fault, Location, MasterKeys, Platform, PlatformSettings, RingPlace, RingSettings,
    audit::By,
    clock::Clock,
    embeddings::EmbeddingSettings,
    identity::{Password, SignedUp, totp::CodeLife},
    knowledge::measure,
    mail::{DEFAULT_SENDER, Delivery, MailSettings},
    outward::AllowList,
    project::{
        documents::AddDocument,
        embedding::ShowEmbedding,
        library::list::ListDocuments,
        questions::measure::{Measure, Measured},
    },
    sessions::SessionLimits,
    tenant::{CreateProject, ProjectRef},
};

use crate::{StartError, settings::SettingError};

/// A folder that goes away with the measurement.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn wrong(file: &str, reason: impl ToString) -> StartError {
    SettingError::new(file, reason.to_string()).into()
}

fn read(corpus: &Path, file: &str) -> Result<String, StartError> {
    std::fs::read_to_string(corpus.join(file)).map_err(|error| wrong(file, format!("cannot be read ({error})")))
}

/// Prints nDCG@10 and Recall@10 over the collection's queries by each way of ranking, and how many questions are refused that have
/// an answer, and answered that have none: because the documents that answer them are withheld, or because they are the questions
/// of `other`, another collection.
///
/// # Errors
/// When the collection cannot be read or the pipeline fails.
pub async fn run(corpus: &Path, other: Option<&Path>, embeddings: EmbeddingSettings) -> Result<(), StartError> {
    let documents = measure::read_corpus(&read(corpus, "corpus.jsonl")?).map_err(|error| wrong("corpus.jsonl", error))?;
    let queries = measure::read_queries(&read(corpus, "queries.jsonl")?).map_err(|error| wrong("queries.jsonl", error))?;
    let judgements = measure::read_judgements(&read(corpus, "qrels.tsv")?).map_err(|error| wrong("qrels.tsv", error))?;
    let foreign = match other {
        Some(other) => measure::read_queries(&read(other, "queries.jsonl")?).map_err(|error| wrong("queries.jsonl", error))?,
        None => Vec::new(),
    };

    let folder = std::env::temp_dir().join(format!("pernoex-eval-{}", uuid::Uuid::new_v4()));
    let unusable = |source| StartError::DataFolder {
        path: std::env::temp_dir().display().to_string(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(unusable)?;
    let scratch = Scratch(folder);
    let (masters, _) = MasterKeys::load_or_create(&scratch.0.join("master.key"), None)?;
    let path = scratch.0.join("pernoex.db");
    let key = actors::database_key(&path, &masters).await?;
    let location = Location::Embedded { path, key };
    migration::run(&location, None).await?;
    let settings = PlatformSettings {
        backups: None,
        backups_in: None,
        location,
        ring: RingSettings {
            place: RingPlace::Folder(scratch.0.join("keyring")),
            retention: Duration::ZERO,
        },
        redis: None,
        bcrypt_cost: 4,
        code_life: CodeLife::default(),
        documents: DocumentLimits {
            documents: i64::MAX,
            total_bytes: i64::MAX,
            ..DocumentLimits::default()
        },
        language_model: None,
        embeddings,
        limit_factor: 1,
        idle: Duration::from_secs(3600),
        invitation: Duration::from_secs(3600),
        second_thoughts: Duration::ZERO,
        public_url: None,
        allow_private: AllowList::default(),
        mail: MailSettings {
            origin: String::new(),
            from: DEFAULT_SENDER.into(),
            delivery: Delivery::Folder(scratch.0.join("mail")),
        },
        sessions: SessionLimits {
            idle: Duration::from_secs(3600),
            whole: Duration::from_secs(3600),
        },
        providers: None,
        slack: None,
        sources: None,
        billing: None,
        disclosure: actors::disclosure::DisclosureSettings::default(),
        clock: Clock::system(),
    };
    let platform = Platform::start(masters, settings).await?;
    let measured = measure_in(&platform, &documents, (&queries, &judgements), &foreign).await;
    platform.stop().await;
    measured.map_err(StartError::Platform)
}

async fn measure_in(
    platform: &Platform,
    documents: &[measure::CorpusDocument],
    (queries, judgements): (&[measure::Query], &measure::Judgements),
    foreign: &[measure::Query],
) -> Result<(), Fault> {
    let password: Password = serde_json::from_value("only for this measurement".into()).map_err(|_| Fault::Internal("password"))?;
    let signed_up = platform
        .identity
        .sign_up(("eval@example.com", &password), "Evaluation", "local", true)
        .await?;
    let SignedUp::Begun(owner) = signed_up else {
        return Err(Fault::Internal("sign-up"));
    };
    let tenant = platform.registry.tenant(owner.tenant).await?;
    let by = By {
        account: owner.account,
        address: String::new(),
    };
    let project = tenant
        .supervisor(CreateProject {
            by: by.clone(),
            name: "Collection".into(),
        })
        .await?;
    let project = tenant.project(project.id).await?;
    let mut names: HashMap<DocumentId, &str> = HashMap::new();
    let mut empty = 0_usize;
    for (n, document) in documents.iter().enumerate() {
        let heading = if document.title.is_empty() {
            String::new()
        } else {
            format!("{}\n\n", document.title)
        };
        let text = format!("{heading}{}", document.text);
        // Nothing to find: said below, so that no document goes missing unnoticed.
        if text.trim().is_empty() {
            empty += 1;
            continue;
        }
        let added = project
            .ask(AddDocument {
                by: by.clone(),
                name: format!("{n}.txt"),
                bytes: text.into_bytes(),
            })
            .await?;
        names.insert(added.id, &document.id);
    }
    let failed = wait(&project).await?;
    for (name, reason) in &failed {
        let line = name.strip_suffix(".txt").and_then(|n| n.parse::<usize>().ok());
        let id = line.and_then(|n| documents.get(n)).map_or(name.as_str(), |document| &document.id);
        println!("document {id} was not read: {reason}");
    }
    if !failed.is_empty() {
        return Err(Fault::Internal("documents of the collection that were not read"));
    }
    if empty > 0 {
        println!("{empty} documents of the collection hold no text");
    }
    let ids: HashMap<&str, DocumentId> = names.iter().map(|(document, id)| (*id, *document)).collect();
    let mut quality = [(0.0, 0.0); Measured::METHODS.len()];
    let (mut asked, mut refused, mut claimed) = (0_u32, 0_u32, 0_u32);
    for query in queries {
        let Some(relevant) = judgements.get(&query.id) else { continue };
        let measured = project
            .ask(Measure {
                question: query.text.clone(),
                limit: measure::DEPTH,
                withheld: relevant.iter().filter_map(|id| ids.get(id.as_str()).copied()).collect(),
            })
            .await?;
        for ((ndcg, recall), ranked) in quality.iter_mut().zip(&measured.rankings) {
            let ranking: Vec<&str> = ranked.iter().filter_map(|document| names.get(document).copied()).collect();
            *ndcg += measure::ndcg_at_10(&ranking, relevant);
            *recall += measure::recall_at_10(&ranking, relevant);
        }
        asked += 1;
        refused += u32::from(!measured.is_answered);
        claimed += u32::from(measured.is_answered_without);
    }
    let share = |count: u32, of: u32| f64::from(count) / f64::from(of.max(1));
    println!("{} documents, {asked} questions", names.len());
    println!("{:<20}{:>10}{:>12}", "ranked by", "nDCG@10", "Recall@10");
    for ((_, method), (ndcg, recall)) in Measured::METHODS.iter().zip(quality) {
        let asked = f64::from(asked.max(1));
        println!("{method:<20}{:>10.3}{:>12.3}", ndcg / asked, recall / asked);
    }
    println!("refused, of questions with an answer               {:.3}", share(refused, asked));
    println!("answered, with every document that does withheld   {:.3}", share(claimed, asked));
    if !foreign.is_empty() {
        let mut claimed = 0;
        for query in foreign {
            let question = query.text.clone();
            let withheld = Vec::new();
            let limit = 0;
            let measured = project.ask(Measure { question, limit, withheld }).await?;
            claimed += u32::from(measured.is_answered);
        }
        let foreign = u32::try_from(foreign.len()).unwrap_or(u32::MAX);
        println!(
            "answered, of {foreign} questions of the other collection   {:.3}",
            share(claimed, foreign)
        );
    }
    Ok(())
}

/// Waits until everything is read. Returns the names of documents that could not be, with the reason.
async fn wait(project: &ProjectRef) -> Result<Vec<(String, String)>, Fault> {
    loop {
        let (mut list, mut after) = (Vec::new(), None);
        loop {
            let page = ListDocuments {
                after: after.take(),
                ..ListDocuments::default()
            };
            let page = project.ask(page).await?;
            list.extend(page.documents);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let open = list
            .iter()
            .filter(|document| document.status != "ready" && document.status != "failed")
            .count();
        // Another model takes over when it has embedded everything.
        let embedding = project.ask(ShowEmbedding).await?;
        if let (0, Some(over)) = (open, &embedding.takes_over) {
            println!("{} has {} of {} passages", over.model, over.done, over.passages);
        } else if open == 0 {
            println!("embedded by {}", embedding.model);
            let failed = list.into_iter().filter(|document| document.status == "failed");
            return Ok(failed
                .map(|document| (document.name, document.failure.map(|failure| failure.code).unwrap_or_default()))
                .collect());
        }
        if open > 0 {
            println!("{open} documents to go");
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
