//! The keys of an identity provider: a JSON Web Key Set (RFC 7517), from a file or a URL.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector},
    },
    rt::TokioExecutor,
};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use rustls::crypto::ring;
use serde::Deserialize;
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};

use crate::error::Error;

/// How long the provider may take to tell its keys.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is asked at the most, however many tokens name keys that are not known.
const ASKED_EVERY: Duration = Duration::from_secs(10);

/// For how long keys are taken for those of the provider before it is asked again. While it does
/// not answer they stay in force.
const KNOWN_FOR: Duration = Duration::from_secs(3600);

/// The most bytes a set of keys may have.
const LARGEST: usize = 1 << 20;

/// The keys of a provider, as far as they are known.
pub(super) struct Keys {
    origin: Origin,
    known: RwLock<Arc<Known>>,
    /// When the provider was asked last.
    asked: Arc<Mutex<Option<Instant>>>,
}

/// Where the keys are. A file that a provider keeps up to date is read again like a URL.
enum Origin {
    File(PathBuf),
    Http(String, Client<HttpConnector, String>),
    Https(String, Client<HttpsConnector<HttpConnector>, String>),
}

#[derive(Default)]
struct Known {
    keys: Vec<Jwk>,
    since: Option<Instant>,
}

/// A set as it is written: a key of a kind that is not known does not spoil the others.
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// The keys of a file, which must be there, or of a URL, which is asked once a token comes.
    pub(super) fn new(place: &str) -> Result<Self, Error> {
        let client = || Client::builder(TokioExecutor::new());
        let mut known = Known::default();
        let origin = if place.starts_with("https://") {
            let roots = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(ring::default_provider())
                .map_err(|why| {
                    Error::input(format!("cannot read this machine's certificates: {why}"))
                })?;
            let connector = roots.https_only().enable_http1().build();
            Origin::Https(place.to_owned(), client().build(connector))
        } else if place.starts_with("http://") {
            Origin::Http(place.to_owned(), client().build_http())
        } else {
            let wrong = |why: String| Error::input(format!("cannot read the keys {place}: {why}"));
            let text = std::fs::read(place).map_err(|why| wrong(why.to_string()))?;
            known = Known::read(&text, Instant::now()).map_err(wrong)?;
            Origin::File(place.into())
        };
        Ok(Self { origin, known: RwLock::new(Arc::new(known)), asked: Arc::default() })
    }

    /// The key with this name for an algorithm; of a token that names none, the only one there is.
    /// Nobody waits for the provider whose key is known: where it is old, it is asked beside.
    pub(super) async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        of: Algorithm,
        now: Instant,
    ) -> Option<DecodingKey> {
        let known = self.known();
        let Some(key) = known.find(id, of) else {
            self.ask(now).await;
            return self.known().find(id, of);
        };
        // Whoever has the lock asks already.
        if !known.is_fresh(now)
            && let Ok(asked) = Arc::clone(&self.asked).try_lock_owned()
            && !lately(*asked, now)
        {
            let keys = Arc::clone(self);
            tokio::spawn(async move { keys.ask_once(asked, now).await });
        }
        Some(key)
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for the keys anew, unless that was done a moment ago.
    async fn ask(&self, now: Instant) {
        // Who waits here finds that it was.
        let asked = Arc::clone(&self.asked).lock_owned().await;
        if !lately(*asked, now) {
            self.ask_once(asked, now).await;
        }
    }

    async fn ask_once(&self, mut asked: OwnedMutexGuard<Option<Instant>>, now: Instant) {
        let read = timeout(PATIENCE, self.read(now)).await;
        *asked = Some(now);
        match read.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}"))) {
            Ok(keys) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            }
            Err(why) => tracing::warn!(why, "the keys of the identity provider cannot be had"),
        }
    }

    async fn read(&self, now: Instant) -> Result<Known, String> {
        match &self.origin {
            Origin::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(|| std::fs::read(path)).await;
                let text = read.map_err(|why| why.to_string())?;
                Known::read(&text.map_err(|why| why.to_string())?, now)
            }
            Origin::Http(url, client) => get(client, url, now).await,
            Origin::Https(url, client) => get(client, url, now).await,
        }
    }
}

/// Reads keys at a URL.
async fn get<C>(client: &Client<C, String>, url: &str, now: Instant) -> Result<Known, String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let url = url.parse().map_err(|why| format!("{url}: {why}"))?;
    let response = client.get(url).await.map_err(|why| format!("{why:?}"))?;
    if !response.status().is_success() {
        return Err(format!("the answer has the status {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    Known::read(&body.map_err(|why| why.to_string())?.to_bytes(), now)
}

/// Whether the provider was asked so lately that it is not asked again.
fn lately(asked: Option<Instant>, now: Instant) -> bool {
    asked.is_some_and(|at| now.saturating_duration_since(at) < ASKED_EVERY)
}

impl Known {
    fn read(text: &[u8], now: Instant) -> Result<Self, String> {
        let Set { keys } = serde_json::from_slice(text)
            .map_err(|why| format!("it is no JSON Web Key Set: {why}"))?;
        let keys = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self { keys: keys.collect(), since: Some(now) })
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.saturating_duration_since(since) < KNOWN_FOR)
    }

    fn find(&self, id: Option<&str>, of: Algorithm) -> Option<DecodingKey> {
        let mut fit = self.keys.iter().filter(|key| fits(key, of));
        let key = match id {
            Some(id) => fit.find(|key| key.common.key_id.as_deref() == Some(id)),
            None => fit.next().filter(|_| fit.next().is_none()),
        };
        DecodingKey::from_jwk(key?).ok()
    }
}

/// Whether a key verifies this algorithm: by its kind, and by what it says of itself. Secrets in a
/// set verify nothing.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let own = match algorithm {
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::RS384 => KeyAlgorithm::RS384,
        Algorithm::RS512 => KeyAlgorithm::RS512,
        Algorithm::PS256 => KeyAlgorithm::PS256,
        Algorithm::PS384 => KeyAlgorithm::PS384,
        Algorithm::PS512 => KeyAlgorithm::PS512,
        Algorithm::ES256 => KeyAlgorithm::ES256,
        Algorithm::ES384 => KeyAlgorithm::ES384,
        Algorithm::EdDSA => KeyAlgorithm::EdDSA,
        _ => return false,
    };
    let kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => {
            !matches!(algorithm, Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA)
        }
        AlgorithmParameters::EllipticCurve(point) => match point.curve {
            EllipticCurve::P256 => algorithm == Algorithm::ES256,
            EllipticCurve::P384 => algorithm == Algorithm::ES384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(pair) => {
            pair.curve == EllipticCurve::Ed25519 && algorithm == Algorithm::EdDSA
        }
        _ => false,
    };
    let signs = key.common.public_key_use.as_ref();
    kind && key.common.key_algorithm.is_none_or(|said| said == own)
        && signs.is_none_or(|of| *of == PublicKeyUse::Signature)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A provider that changes its keys and fails is asked again when a key is missed or an hour has
    /// passed, and no sooner than ten seconds after the last time; what is known stays in force.
    #[tokio::test]
    async fn a_provider_is_asked_again_after_a_while() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let tell = |id: &str| {
            let x = "cipHjg2v8SKMRTIPEsH2baXtSWK6XLWMAmpULyl5OE4";
            let key = json!({ "kty": "OKP", "kid": id, "crv": "Ed25519", "x": x });
            std::fs::write(file.path(), json!({ "keys": [key] }).to_string()).unwrap();
        };
        tell("former");
        let keys = Arc::new(Keys::new(file.path().to_str().unwrap()).unwrap());
        let begun = Instant::now();
        let finds = async |id: &str, after: u64| {
            let now = begun + Duration::from_secs(after);
            keys.find(Some(id), Algorithm::EdDSA, now).await.is_some()
        };
        assert!(finds("former", 0).await);
        assert!(!finds("next", 1).await);
        tell("next");
        assert!(!finds("next", 10).await, "asked again after 9 seconds");
        assert!(finds("former", 10).await);
        assert!(finds("next", 11).await);
        assert!(!finds("former", 20).await);
        // It fails.
        std::fs::write(file.path(), "{").unwrap();
        assert!(!finds("former", 40).await);
        assert!(finds("next", 3700).await);
        // It is there again, and what is known is an hour old: it serves until more is known.
        tell("last");
        assert!(finds("next", 7400).await);
        while finds("next", 7400).await {
            tokio::task::yield_now().await;
        }
        assert!(finds("last", 7400).await);
    }

    /// Who has a key that is known does not wait for a provider that says nothing.
    #[tokio::test]
    async fn keys_that_are_known_wait_for_nobody() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys = Keys::new(&format!("http://{}/keys", silent.local_addr().unwrap())).unwrap();
        let x = "cipHjg2v8SKMRTIPEsH2baXtSWK6XLWMAmpULyl5OE4";
        let set = json!({ "keys": [{ "kty": "OKP", "kid": "old", "crv": "Ed25519", "x": x }] });
        let begun = Instant::now();
        *keys.known.write().unwrap() =
            Arc::new(Known::read(set.to_string().as_bytes(), begun).unwrap());
        let keys = Arc::new(keys);
        for _ in 0..100 {
            let found = keys.find(Some("old"), Algorithm::EdDSA, begun + KNOWN_FOR);
            assert!(timeout(Duration::from_secs(1), found).await.unwrap().is_some());
        }
        silent.accept().await.unwrap();
        assert!(timeout(Duration::from_millis(100), silent.accept()).await.is_err(), "asked twice");
    }
}
