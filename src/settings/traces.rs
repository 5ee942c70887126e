//! Where traces go, by the names that OpenTelemetry gives such settings.
//! Names: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>.

use actors::identity::provider::is_loopback;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{Secret, SettingError, Source, web_address};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SHARE: &str = "OTEL_TRACES_SAMPLER_ARG";

#[derive(Debug)]
pub struct TracesSetting {
    /// Takes `POST` with a batch of spans.
    pub endpoint: Url,
    /// That go along with each batch.
    pub headers: Vec<(String, Secret)>,
    pub service: String,
    /// Which share of the requests is sent, from 0 to 1.
    pub share: f64,
}

/// `None` where no collector is named: the other names may be set for programs beside this one.
pub(super) fn read(source: &Source) -> Result<Option<TracesSetting>, SettingError> {
    let Some(mut endpoint) = web_address(source, ENDPOINT)? else {
        return Ok(None);
    };
    if !endpoint.username().is_empty() || endpoint.password().is_some() {
        return Err(SettingError::new(ENDPOINT, format!("must hold no password: put it into {HEADERS}")));
    }
    if endpoint.query().is_some() || endpoint.fragment().is_some() {
        return Err(SettingError::new(ENDPOINT, "must end with its path"));
    }
    let headers = headers(source)?;
    if endpoint.scheme() == "http" && !headers.is_empty() && !is_loopback(&endpoint) {
        let reason = format!("would carry what {HEADERS} holds to another machine in the clear: set it to an https address");
        return Err(SettingError::new(ENDPOINT, reason));
    }
    let path = format!("{}/v1/traces", endpoint.path().trim_end_matches('/'));
    endpoint.set_path(&path);
    let share: f64 = source.parse(SHARE, 1.0, "a number from 0 to 1")?;
    if !(0.0..=1.0).contains(&share) {
        return Err(SettingError::new(SHARE, "must be a number from 0 to 1"));
    }
    Ok(Some(TracesSetting {
        endpoint,
        headers,
        service: source.text("OTEL_SERVICE_NAME").unwrap_or("pernoex").to_owned(),
        share,
    }))
}

/// `name=value,name=value`, with values as in an address.
fn headers(source: &Source) -> Result<Vec<(String, Secret)>, SettingError> {
    let refuse = || {
        SettingError::new(
            HEADERS,
            "must be headers such as authorization=Bearer%20token, with commas between them",
        )
    };
    let pairs = source.text(HEADERS).into_iter().flat_map(|text| text.split(','));
    let read = pairs.map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').ok_or_else(refuse)?;
        let name: http::HeaderName = name.trim().parse().map_err(|_| refuse())?;
        let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| refuse())?;
        http::HeaderValue::from_str(&value).map_err(|_| refuse())?;
        Ok((name.as_str().to_owned(), Secret::of(&value)))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(pairs: &[(&str, &str)]) -> Option<TracesSetting> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        read(&Source::load(None, pairs).unwrap()).unwrap()
    }

    #[test]
    fn without_a_collector_nothing_is_sent() {
        assert!(traces(&[("OTEL_SERVICE_NAME", "lantern"), ("OTEL_TRACES_SAMPLER_ARG", "2")]).is_none());
    }

    #[test]
    fn what_authorizes_us_does_not_leave_the_machine_in_the_clear() {
        let read = |endpoint: &str| {
            let pairs = [(ENDPOINT, endpoint), (HEADERS, "authorization=hunter2")];
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            read(&Source::load(None, pairs.into_iter()).unwrap()).map_err(|error| error.to_string())
        };
        for endpoint in [
            "http://collector:4318",
            "http://192.0.2.7",
            "https://c.example.com?key=hunter2",
            "https://a:hunter2@c.example.com",
        ] {
            let error = read(endpoint).err().unwrap();
            assert!(error.starts_with(ENDPOINT) && !error.contains("hunter2"), "{error}");
        }
        for endpoint in [
            "http://localhost:4318",
            "http://127.0.0.1",
            "http://[::1]:4318",
            "https://c.example.com",
        ] {
            assert!(read(endpoint).is_ok(), "{endpoint}");
        }
    }

    #[test]
    fn headers_are_read_as_their_specification_says() {
        let found = traces(&[
            (ENDPOINT, "https://traces.example.com/otlp/"),
            (HEADERS, "Authorization=Bearer%20a%3Db, x-team = docs"),
        ]);
        let found = found.unwrap();
        assert_eq!(found.endpoint.as_str(), "https://traces.example.com/otlp/v1/traces");
        let headers: Vec<_> = found.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(headers, [("authorization", "Bearer a=b"), ("x-team", "docs")]);
    }
}
