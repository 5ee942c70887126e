//! What somebody else's server answers, read to its end and no further than is of use.

use futures_util::StreamExt;
use reqwest::Response;
use zeroize::Zeroizing;

/// Why there is no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// Cut off on the way: what arrived is not to be taken for all of it.
    CutOff,
    TooLarge,
}

/// The body, of at most `most` bytes. It may hold a token.
pub(crate) async fn read_whole(response: Response, most: usize) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(ReadError::TooLarge);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(most.min(16 << 10)));
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ReadError::CutOff)?;
        if bytes.len() + chunk.len() > most {
            return Err(ReadError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
