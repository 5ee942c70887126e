//! Documents that say the same: word for word by a hash of their bytes, nearly by how many of their phrases they share (MinHash). Both are
//! made with a secret of the project.

use std::collections::HashMap;

use entities::{
    DocumentId, StoreError, TenantTx, chunk,
    document_print::{self, Print},
    documents,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::super::ProjectActor;
use crate::{contain::Serve, fault::Fault, request};

/// Another document, and how much of both is the same, in per cent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    pub document: DocumentId,
    pub name: String,
    pub percent: i32,
    /// Byte by byte.
    pub same: bool,
}

/// The documents that a document is like, the most alike first.
pub struct ShowLikenesses(pub DocumentId);

request! { ShowLikenesses => Vec<Likeness>, needs Member; }

const VALUES: usize = 64;
/// Values of a band. Two documents that are alike by 70 % share one of the bands with a chance of 98 %, by 30 % with 12 %.
const BAND: usize = 4;
/// Less is no likeness.
const LEAST: i32 = 60;
/// Words of a phrase.
const PHRASE: usize = 3;
/// Documents that are looked at for a likeness.
const MOST: u64 = 50;

/// A secret with which documents of one project are compared.
pub(super) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    fn hash(&self, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| Fault::Internal("a document's hash"))?;
        mac.update(bytes);
        Ok(mac.finalize().into_bytes().to_vec())
    }

    /// A number that follows from the secret and `n`.
    fn number(&self, n: usize) -> u64 {
        let head = self.0.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        mixed(head ^ mixed(n as u64 + 1))
    }

    /// The least value of each of so many hashes over the phrases of a text: of two texts as many are the same as they share phrases.
    fn signature<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let seed = self.number(0);
        let factors: Vec<(u64, u64)> = (0..VALUES).map(|n| (self.number(2 * n + 1) | 1, self.number(2 * n + 2))).collect();
        let mut least = vec![u32::MAX; VALUES];
        let mut phrase = [0_u64; PHRASE];
        let mut words = 0;
        for text in texts {
            for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                let mut hash = seed;
                for c in word.chars().flat_map(char::to_lowercase) {
                    hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3);
                }
                phrase.rotate_left(1);
                phrase[PHRASE - 1] = mixed(hash);
                words += 1;
                if words < PHRASE {
                    continue;
                }
                let whole = phrase.iter().fold(seed, |whole, word| mixed(whole ^ word));
                for (least, (a, b)) in least.iter_mut().zip(&factors) {
                    let value = u32::try_from(whole.wrapping_mul(*a).wrapping_add(*b) >> 32).unwrap_or(u32::MAX);
                    *least = (*least).min(value);
                }
            }
        }
        least
    }
}

/// As good as random, and the same each time.
fn mixed(mut value: u64) -> u64 {
    value = (value ^ (value >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    value = (value ^ (value >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    value ^ (value >> 33)
}

fn bands(signature: &[u8]) -> Vec<i64> {
    // A text without a phrase is like no other.
    if signature.iter().all(|byte| *byte == u8::MAX) {
        return Vec::new();
    }
    let bands = signature.chunks_exact(4 * BAND).map(|band| {
        let value = band.chunks_exact(8).fold(0, |value, half| {
            let half = half.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            mixed(value ^ half)
        });
        value.cast_signed()
    });
    bands.collect()
}

fn percent(a: &Print, b: &Print) -> i32 {
    if a.hash == b.hash {
        return 100;
    }
    let same = a
        .signature
        .chunks_exact(4)
        .zip(b.signature.chunks_exact(4))
        .filter(|(a, b)| a == b)
        .count();
    // Of one that is not the same something differs.
    i32::try_from(same * 100 / VALUES).unwrap_or(0).min(99)
}

impl ProjectActor {
    /// The project's secret; the first who asks makes it.
    async fn secret(&self) -> Result<Secret, Fault> {
        let project = self.id();
        for _ in 0..2 {
            let found = self.db().read(async |tx| document_print::find_secret(tx, project).await).await?;
            if let Some(sealed) = found {
                return Ok(Secret(self.open("document_secret", "sealed", project.uuid(), &sealed)?));
            }
            let new = Zeroizing::new(rand::random::<[u8; 32]>());
            let sealed = self.seal("document_secret", "sealed", project.uuid(), new.as_slice())?;
            match self
                .db()
                .write(async |tx| document_print::insert_secret(tx, project, sealed).await)
                .await
            {
                // Another was quicker.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Fault::Internal("a project's secret"))
    }

    /// What a document is compared by, from its bytes and its passages.
    pub(in crate::project) async fn print(
        &self,
        document: DocumentId,
        revision: i32,
        bytes: Vec<u8>,
        texts: Vec<String>,
    ) -> Result<Print, Fault> {
        let secret = self.secret().await?;
        let work = move || {
            let signature = secret.signature(texts.iter().map(String::as_str));
            Ok::<_, Fault>(Print {
                document,
                revision,
                hash: secret.hash(&bytes)?,
                signature: signature.into_iter().flat_map(u32::to_be_bytes).collect(),
            })
        };
        self.seed.lane.batch(work).await?
    }

    /// The documents that `print` is like, the most alike first.
    async fn alike(&self, tx: &TenantTx, print: &Print) -> Result<Vec<(DocumentId, i32)>, Fault> {
        let project = self.id();
        let candidates = document_print::candidates(tx, project, print, &bands(&print.signature), MOST).await?;
        let prints = document_print::find(tx, project, &candidates).await?;
        let mut alike: Vec<_> = prints.iter().map(|other| (other.document, percent(print, other))).collect();
        alike.retain(|(_, percent)| *percent >= LEAST);
        alike.sort_by_key(|(id, percent)| (-percent, *id));
        Ok(alike)
    }

    /// Stores a document's print, and notes whom it is like. Those who were like its earlier contents are looked at again.
    pub(in crate::project) async fn store_print(&self, tx: &TenantTx, print: &Print) -> Result<(), Fault> {
        let project = self.id();
        document_print::put(tx, project, print, &bands(&print.signature)).await?;
        let others = documents::twins_of(tx, project, print.document, MOST).await?;
        for other in document_print::find(tx, project, &others).await? {
            let percent = percent(print, &other);
            let twin = (percent >= LEAST).then_some((print.document, percent));
            documents::set_twin(tx, project, other.document, twin).await?;
        }
        // What is known to be like this one already is not named twice.
        let alike = self.alike(tx, print).await?;
        let twin = alike.into_iter().find(|(id, _)| !others.contains(id));
        documents::set_twin(tx, project, print.document, twin).await?;
        Ok(())
    }
}

impl Serve<ShowLikenesses> for ProjectActor {
    async fn serve(&self, ShowLikenesses(id): ShowLikenesses) -> Result<Vec<Likeness>, Fault> {
        let project = self.id();
        let (document, known) = self
            .db()
            .read(async |tx| {
                let document = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((document, document_print::find(tx, project, &[id]).await?.pop()))
            })
            .await?;
        // A print that nobody can open the secret of says nothing: what it was made with may not be this project's.
        self.secret().await?;
        let print = match known.filter(|print| print.revision == document.revision) {
            Some(print) => print,
            None if document.status == "failed" || document.status == "queued" => return Ok(Vec::new()),
            // From before there were prints.
            None => {
                let (body, chunks) = self
                    .db()
                    .read(async |tx| {
                        let body = documents::load_body(tx, project, id).await?.ok_or(Fault::NotFound)?;
                        Ok::<_, Fault>((body, chunk::of_document(tx, project, id).await?))
                    })
                    .await?;
                let bytes = self.open("document_body", "sealed", id.uuid(), &body)?.to_vec();
                let texts = chunks.iter().map(|row| Ok(self.open_chunk(row)?.text));
                let print = self
                    .print(id, document.revision, bytes, texts.collect::<Result<_, Fault>>()?)
                    .await?;
                self.db().write(async |tx| self.store_print(tx, &print).await).await?;
                print
            }
        };
        self.db()
            .read(async |tx| {
                let alike = self.alike(tx, &print).await?;
                let ids: Vec<_> = alike.iter().map(|(id, _)| *id).collect();
                let names: HashMap<_, _> = documents::names(tx, project, &ids).await?.into_iter().collect();
                let prints = document_print::find(tx, project, &ids).await?;
                let likenesses = alike.into_iter().filter_map(|(document, percent)| {
                    Some(Likeness {
                        document,
                        name: names.get(&document)?.clone(),
                        percent,
                        same: prints.iter().any(|other| other.document == document && other.hash == print.hash),
                    })
                });
                Ok(likenesses.collect())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(n: u8) -> Secret {
        Secret(Zeroizing::new(vec![n; 32]))
    }

    fn print(secret: &Secret, text: &str) -> Print {
        Print {
            document: DocumentId::new(),
            revision: 1,
            hash: secret.hash(text.as_bytes()).unwrap(),
            signature: secret
                .signature(std::iter::once(text))
                .into_iter()
                .flat_map(u32::to_be_bytes)
                .collect(),
        }
    }

    fn text(words: std::ops::Range<u32>) -> String {
        words.map(|n| format!("word{n} ")).collect()
    }

    #[test]
    fn the_more_two_texts_share_the_more_alike_they_are() {
        let secret = secret(7);
        let whole = print(&secret, &text(0..1_000));
        let shares = [
            (text(0..1_000) + " ", 95..=99),
            (text(50..1_000), 85..=99),
            (text(300..1_000), 50..=85),
            (text(2_000..3_000), 0..=5),
        ];
        for (other, wanted) in shares {
            let other = print(&secret, &other);
            assert!(
                wanted.contains(&percent(&whole, &other)),
                "{} is not in {wanted:?}",
                percent(&whole, &other)
            );
            let shared = bands(&whole.signature).iter().zip(bands(&other.signature)).any(|(a, b)| *a == b);
            assert_eq!(shared, percent(&whole, &other) > 30, "whoever is alike is found");
        }
        assert_eq!(percent(&whole, &print(&secret, &text(0..1_000))), 100);
    }

    #[test]
    fn letter_case_and_marks_do_not_matter_and_a_text_without_a_phrase_is_like_none() {
        let secret = secret(7);
        let (a, b) = (
            print(&secret, "Open the Settings, then: choose Export!"),
            print(&secret, "open the settings then choose export"),
        );
        assert_eq!(percent(&a, &b), 99);
        assert!(bands(&print(&secret, "Hello world").signature).is_empty());
    }

    #[test]
    fn with_another_secret_nothing_is_the_same() {
        let (a, b) = (print(&secret(1), &text(0..100)), print(&secret(2), &text(0..100)));
        assert!(a.hash != b.hash && percent(&a, &b) < 10);
    }
}
