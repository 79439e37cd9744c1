//! Who asks, found out before anything of a request is read.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::http::{HeaderMap, header};
use chrono::Utc;
use tokio::time::sleep;

use super::{App, rates, refusal::Refusal};
use crate::{access::Viewer, error::Error};

/// How often the token of whoever listens is looked at again. With what is known of it meanwhile
/// ([`crate::access::token::KNOWN_FOR`]), who may not listen any more is sent away after twice that
/// at the most.
pub(super) const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub(super) struct Admitted {
    pub(super) viewer: Viewer,
    token: Option<Arc<str>>,
}

impl Admitted {
    /// Lets somebody in with a token, or without one.
    pub(super) async fn new(app: &App, token: Option<Arc<str>>) -> Result<Self, Refusal> {
        let viewer = app.access.admit(token.as_deref(), Utc::now()).await?;
        let admitted = Self { viewer, token };
        admitted.count(app)?;
        Ok(admitted)
    }

    /// Lets in whoever sent these headers.
    pub(super) async fn by_header(app: &App, headers: &HeaderMap) -> Result<Self, Refusal> {
        Self::new(app, bearer(headers)?).await
    }

    /// Whether they have a token: what they are told is for nobody else.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Counts a request with their token.
    pub(super) fn count(&self, app: &App) -> Result<(), Refusal> {
        app.rates.by(&self.viewer).map_err(Refusal::too_often)
    }

    /// Whether their token is worth nothing any more.
    pub(super) async fn has_lapsed(&self, app: &App) -> bool {
        let Some(token) = &self.token else { return false };
        let admitted = app.access.admit(Some(token), Utc::now()).await;
        // Where that cannot be found out, it is found out later.
        matches!(admitted, Err(Error::Unauthenticated(_)))
    }

    /// Done when it is.
    pub(super) async fn lapse(&self, app: &App) {
        loop {
            sleep(LOOKED_AT_EVERY).await;
            if self.has_lapsed(app).await {
                return;
            }
        }
    }
}

/// Counts a request, and says where it is from. None is taken before the server is ready.
pub(super) fn count(app: &App, Peer(peer): Peer, headers: &HeaderMap) -> Result<IpAddr, Refusal> {
    if !app.life.answers() {
        return Err(Refusal::not_ready());
    }
    let address = rates::address(peer, headers, app.options.rates.trusted_proxies);
    app.rates.from(address).map_err(Refusal::too_often)?;
    Ok(address)
}

/// The token in the headers of a request (RFC 6750).
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<Arc<str>>, Refusal> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    match (sent.next(), sent.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => {
            one.to_str().ok().and_then(token).map(Some).ok_or_else(Refusal::no_bearer)
        }
        (Some(_), Some(_)) => Err(Refusal::no_bearer()),
    }
}

/// The token in the value of `Authorization`.
pub(super) fn token(value: &str) -> Option<Arc<str>> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    let sound = scheme.eq_ignore_ascii_case("bearer")
        && !token.is_empty()
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then(|| token.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_or_refused_but_never_passed_over() {
        assert_eq!(bearer(&HeaderMap::new()).unwrap(), None);
        for (sent, wanted) in [
            (&["Bearer abc"][..], Some("abc")),
            (&["bearer  abc "], Some("abc")),
            (&["Basic dXNlcjpwYXNz"], None),
            (&["Bearer"], None),
            (&["Bearer "], None),
            (&["Bearer a b"], None),
            (&["abc"], None),
            (&[""], None),
            (&["Bearer abc", "Bearer abc"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            let read = bearer(&headers).ok().map(|token| token.unwrap());
            assert_eq!(read.as_deref(), wanted, "{sent:?}");
        }
    }
}
