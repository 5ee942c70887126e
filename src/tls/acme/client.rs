//! How the authority is spoken to: by TLS, without being led elsewhere, and with an answer that has an end.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::web::Bytes;
use http::{Request, Response};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

#[derive(Clone)]
pub struct Client(reqwest::Client);

/// Of chains of certificates, with room.
const MOST: usize = 1 << 20;

fn other(error: reqwest::Error) -> Error {
    // With its causes: that a certificate is not taken is two levels down.
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    Error::Other(reason.into())
}

impl Client {
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(ca: Option<&str>) -> Result<Self, &'static str> {
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30));
        if let Some(ca) = ca {
            let authorities = reqwest::Certificate::from_pem_bundle(ca.as_bytes()).map_err(|_| "PERNOEX_ACME_CA is no PEM")?;
            builder = builder.tls_certs_merge(authorities);
        }
        builder.build().map(Self).map_err(|_| "TLS cannot be set up here")
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap)).map_err(other)?;
        let mut answer = self.0.execute(request).await.map_err(other)?;
        let mut response = Response::new(());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut read = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(other)? {
            if read.len() + chunk.len() > MOST {
                return Err(Error::Str("the answer is too long"));
            }
            read.extend_from_slice(&chunk);
        }
        Ok(BytesResponse {
            parts: response.into_parts().0,
            body: Box::new(Bytes::from(read)),
        })
    }
}

impl HttpClient for Client {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}
