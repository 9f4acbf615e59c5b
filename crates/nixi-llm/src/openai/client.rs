//! The HTTP client. async-openai and reqwest are known in this file alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use nixi_core::error::ErrorReport;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tower_service::Service;

use super::address::is_loopback;
use super::complaint::Complaint;
use super::events::{Events, Frame};
use super::fault::Fault;
use super::limit::{self, Passed};
use super::mask::Mask;
use super::secrets::Secrets;
use super::wire::{Piece, Reader, Request};

/// For DNS, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(10);

/// How long to wait before a busy or failing server is asked again, each time; a person waits meanwhile.
const AGAIN: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// The longest `Retry-After` that is waited for.
const PATIENT: Duration = Duration::from_secs(3);

/// The most that is read of the body of a refusal, in bytes.
const REFUSAL: usize = 64 * 1024;

/// A chat-completions endpoint.
pub(crate) struct Endpoint {
    base_url: String,
    key: Option<SecretString>,
    /// Made at the first request: the certificates of the system are read for it.
    client: OnceLock<Result<Connected, Fault>>,
    secrets: Arc<Secrets>,
}

/// What a request is sent with.
#[derive(Debug, Clone)]
struct Connected {
    http: reqwest::Client,
    /// The key, as the server takes it.
    authorization: Option<HeaderValue>,
}

impl Endpoint {
    pub(crate) fn new(base_url: &str, key: Option<&SecretString>) -> Self {
        // A key from a file ends with a newline.
        let key = key.map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty());
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self {
            secrets: Arc::new(Secrets::new(&base_url, key)),
            base_url,
            key: key.map(SecretString::from),
            client: OnceLock::new(),
        }
    }

    /// Sends a request; the turn streams back.
    pub(crate) async fn open(&self, request: Request) -> Result<TurnStream, Fault> {
        let connected = self.client.get_or_init(|| self.connect()).as_ref().map_err(Clone::clone)?;
        let passed = Passed::default();
        let transport = Transport { connected: connected.clone(), passed: passed.clone() };
        let address = Address { base_url: self.base_url.clone(), key: SecretString::default() };
        let http = connected.http.clone();
        let client = async_openai::Client::build(http, address).with_http_service(transport);
        let frames = client.chat().create_stream_byot::<_, Frame>(request).await.map_err(fault)?;
        Ok(TurnStream {
            frames,
            passed,
            reader: Reader::default(),
            mask: Mask::new(Arc::clone(&self.secrets)),
        })
    }

    /// The fault as it is shown: never with the key in it, which a server may repeat.
    pub(crate) fn report(&self, fault: &Fault, model: &str) -> ErrorReport {
        fault.report(&self.secrets, model)
    }

    /// What must not be shown of the endpoint's settings.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn connect(&self) -> Result<Connected, Fault> {
        let authorization = self.key.as_ref().map(authorization).transpose()?;
        let url = reqwest::Url::parse(&self.base_url)
            .map_err(|error| Fault::Unusable(format!("base_url is not a URL: {error}")))?;
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            // A redirect would carry the conversation to where nobody sent it.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("nixi/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&url) {
            http = http.no_proxy();
        }
        if url.scheme() == "http" {
            // No certificate is needed, so a system without any will do.
            http = http.tls_certs_only(std::iter::empty());
        }
        let http = http.build().map_err(|error| Fault::Unusable(causes(&error)))?;
        Ok(Connected { http, authorization })
    }
}

/// The key as a header, in memory that is wiped when the last request that has it is gone.
fn authorization(key: &SecretString) -> Result<HeaderValue, Fault> {
    let mut words = Zeroizing::new(Vec::with_capacity("Bearer ".len() + key.expose_secret().len()));
    words.extend_from_slice(b"Bearer ");
    words.extend_from_slice(key.expose_secret().as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(words))
        .map_err(|_| Fault::Unusable("the key holds characters that no key has".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base_url", &self.secrets.url()).finish_non_exhaustive()
    }
}

/// Where to send. async-openai's own configuration takes what is missing from the environment; this
/// one takes nothing from it.
#[derive(Clone)]
struct Address {
    base_url: String,
    /// Empty: the transport adds the key.
    key: SecretString,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// Sends one request. It stands below async-openai because that loses the status of a refusal whose body it cannot
/// read, waits for as long as a server asks, and reads for as long as a server sends.
#[derive(Clone)]
struct Transport {
    connected: Connected,
    passed: Passed,
}

impl Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let Self { connected: Connected { http, authorization }, passed } = self.clone();
        Box::pin(async move {
            let mut again = AGAIN.iter();
            loop {
                let mut request = request.build().await?;
                if let Some(authorization) = &authorization {
                    request.headers_mut().insert(AUTHORIZATION, authorization.clone());
                }
                let response = http.execute(request).await?;
                if response.status().is_success() {
                    return Ok(limited(response, passed));
                }
                let fault = refusal(response).await;
                match again.next().and_then(|usual| pause(&fault, *usual)) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(OpenAIError::Boxed(Box::new(fault))),
                }
            }
        })
    }
}

/// The response with its body up to the limits, as events of the one form that async-openai reads.
fn limited(response: reqwest::Response, passed: Passed) -> reqwest::Response {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let events = Events::new(response.status().as_u16(), content_type.unwrap_or_default());
    let mut limited = http::Response::new(());
    *limited.status_mut() = response.status();
    *limited.headers_mut() = response.headers().clone();
    let events = limit::events(response.bytes_stream(), events, passed);
    limited.map(|()| reqwest::Body::wrap_stream(events)).into()
}

/// How long to wait before asking again; nothing if that would not help, or take too long.
fn pause(fault: &Fault, usual: Duration) -> Option<Duration> {
    match fault {
        Fault::Refused { status: 429 | 500 | 502 | 503 | 504, wait, .. } => {
            Some(wait.unwrap_or(usual)).filter(|pause| *pause <= PATIENT)
        }
        Fault::Refused { .. }
        | Fault::Unusable(_)
        | Fault::Unreachable(_)
        | Fault::Said(_)
        | Fault::Silent(_)
        | Fault::Endless(_)
        | Fault::Page
        | Fault::Nothing(_)
        | Fault::TooLong
        | Fault::Lost(_)
        | Fault::Broken(_) => None,
    }
}

async fn refusal(mut response: reqwest::Response) -> Fault {
    let status = response.status().as_u16();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let wait = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let mut body = Vec::new();
    while body.len() < REFUSAL
        && let Ok(Ok(Some(more))) = tokio::time::timeout(CONNECT, response.chunk()).await
    {
        body.extend_from_slice(&more);
    }
    Fault::Refused { status, complaint: Complaint::of_body(&String::from_utf8_lossy(&body)), wait }
}

/// A turn as it streams in.
pub(crate) struct TurnStream {
    frames: Pin<Box<dyn Stream<Item = Result<Frame, OpenAIError>> + Send>>,
    passed: Passed,
    reader: Reader,
    mask: Mask,
}

impl TurnStream {
    /// What comes next; nothing at the end. After a fault the stream is of no use.
    pub(crate) async fn next(&mut self) -> Option<Result<Piece, Fault>> {
        match self.frames.next().await {
            None | Some(Err(_)) if self.passed.is_so() => Some(Err(Fault::TooLong)),
            Some(frame) => {
                let piece = frame.map_err(fault).and_then(|frame| self.reader.read(frame));
                Some(piece.map(|piece| self.mask.piece(piece)))
            }
            None => match self.reader.end() {
                Some(fault) => Some(Err(fault)),
                None => self.mask.end().map(Ok),
            },
        }
    }
}

fn fault(error: OpenAIError) -> Fault {
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<Fault>() {
            Ok(fault) => *fault,
            Err(error) => Fault::Broken(error.to_string()),
        },
        // Before the answer; what happens in its midst is a `StreamError`.
        OpenAIError::Reqwest(error) => Fault::Unreachable(causes(&error)),
        OpenAIError::JSONDeserialize(error, _) => {
            Fault::Broken(format!("a piece of it is no JSON ({error})"))
        }
        OpenAIError::StreamError(error) => Fault::Lost(error.to_string()),
        OpenAIError::ApiError(error) => Fault::Refused {
            status: error.status_code.as_u16(),
            complaint: Complaint::text(&error.api_error.message),
            wait: None,
        },
        OpenAIError::FileSaveError(why)
        | OpenAIError::FileReadError(why)
        | OpenAIError::InvalidArgument(why) => Fault::Unusable(why),
    }
}

/// The innermost cause: the outer ones repeat the URL.
fn causes(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = SecretString::from("sk-secret-1\n");
        let endpoint = Endpoint::new("http://127.0.0.1:1/v1/?key=sk-secret-1", Some(&key));
        let fault =
            Fault::Refused { status: 401, complaint: Complaint::text("bad key sk-secret-1"), wait: None };
        let report = endpoint.report(&fault, "m");
        assert!(report.message.contains("[key]"), "{}", report.message);
        let everything = format!("{endpoint:?} {report:?} {:?}", endpoint.connect().unwrap());
        assert!(!everything.contains("sk-secret-1"), "{everything}");
    }

    #[test]
    fn a_key_with_odd_characters_is_an_error_and_no_panic() {
        let endpoint = Endpoint::new("http://127.0.0.1:1/v1", Some(&SecretString::from("a\nb")));
        assert!(matches!(endpoint.connect(), Err(Fault::Unusable(_))));
        assert!(matches!(Endpoint::new("nonsense", None).connect(), Err(Fault::Unusable(_))));
    }

    #[test]
    fn a_person_is_not_kept_waiting() {
        let refused = |status, wait| Fault::Refused { status, complaint: Complaint::default(), wait };
        assert_eq!(pause(&refused(429, None), AGAIN[0]), Some(AGAIN[0]));
        assert_eq!(pause(&refused(429, Some(Duration::from_secs(60))), AGAIN[0]), None);
        assert_eq!(pause(&refused(401, None), AGAIN[0]), None);
    }
}
