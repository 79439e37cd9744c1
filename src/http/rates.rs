//! How often somebody may ask: by address, and by token.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use axum::http::HeaderMap;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use moka::sync::Cache;

use crate::access::Viewer;

/// How often somebody may ask.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "HTTP")]
#[group(skip)]
pub struct Options {
    /// How many requests a second an address may send, and as many at once; a message on a
    /// WebSocket is one; 0 sets no limit
    #[arg(long, env = "HUTONG_RATE_LIMIT", value_name = "REQUESTS", global = true)]
    #[arg(default_value_t = 0)]
    pub rate_limit: u32,
    /// The same for each token
    #[arg(long, env = "HUTONG_TOKEN_RATE_LIMIT", value_name = "REQUESTS", global = true)]
    #[arg(default_value_t = 0)]
    pub token_rate_limit: u32,
    /// How many proxies stand before the server, each of which adds whom it serves to
    /// `X-Forwarded-For`; more than those are not believed
    #[arg(long, env = "HUTONG_TRUSTED_PROXIES", value_name = "PROXIES", global = true)]
    #[arg(default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub trusted_proxies: u8,
}

/// How many addresses are remembered, and how many tokens. Of more, those that ask least are
/// forgotten, and begin anew.
const REMEMBERED: u64 = 100_000;

/// For how long one that does not ask is remembered: its limit is whole again after a second.
const IDLE: Duration = Duration::from_secs(5);

/// Who asked how often of late.
pub(super) struct Rates {
    addresses: Option<Rate<IpAddr>>,
    tokens: Option<Rate<Arc<str>>>,
}

/// How often each may ask, and did.
struct Rate<K> {
    quota: Quota,
    recent: Cache<K, Arc<DefaultDirectRateLimiter>>,
}

/// Somebody asks too often; how long they should wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooOften(pub(super) Duration);

impl Rates {
    /// Nobody asked yet.
    pub(super) fn new(options: &Options) -> Self {
        Self {
            addresses: Rate::new(options.rate_limit),
            tokens: Rate::new(options.token_rate_limit),
        }
    }

    /// Counts a request from an address.
    pub(super) fn from(&self, address: IpAddr) -> Result<(), TooOften> {
        self.addresses.as_ref().map_or(Ok(()), |rate| rate.count(network(address)))
    }

    /// Counts a request of somebody, if it is with a token.
    pub(super) fn by(&self, viewer: &Viewer) -> Result<(), TooOften> {
        match (&self.tokens, &viewer.name) {
            (Some(rate), Some(name)) => rate.count(Arc::clone(name)),
            _ => Ok(()),
        }
    }
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Rate<K> {
    fn new(limit: u32) -> Option<Self> {
        let quota = Quota::per_second(NonZeroU32::new(limit)?);
        let recent = Cache::builder().max_capacity(REMEMBERED).time_to_idle(IDLE).build();
        Some(Self { quota, recent })
    }

    fn count(&self, key: K) -> Result<(), TooOften> {
        let fresh = || Arc::new(RateLimiter::direct(self.quota));
        let checked = self.recent.get_with(key, fresh).check();
        checked.map_err(|until| TooOften(until.wait_time_from(DefaultClock::default().now())))
    }
}

/// What is counted as one: an address, or all that belong to one connection of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() >> 64 << 64)),
        short => short,
    }
}

/// Whose request it is: the peer's, or behind proxies the one that the outermost of them tells.
pub(super) fn address(peer: IpAddr, headers: &HeaderMap, proxies: u8) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let told = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    // Each proxy adds one at the end; what stands before those is the client's own.
    let believed = told.take(proxies.into()).last();
    believed.and_then(|text| read(text.trim())).unwrap_or(peer)
}

/// An address as proxies write it: some add the port.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().ok().map(|socket: std::net::SocketAddr| socket.ip());
    text.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_limit() {
        let options = Options { rate_limit: 2, token_rate_limit: 0, trusted_proxies: 0 };
        let rates = Rates::new(&options);
        let count = |text: &str| rates.from(text.parse().unwrap());
        assert_eq!((count("192.0.2.1"), count("192.0.2.1")), (Ok(()), Ok(())));
        let TooOften(wait) = count("::ffff:192.0.2.1").unwrap_err();
        assert!(wait <= Duration::from_millis(500), "{wait:?}");
        assert_eq!(count("192.0.2.2"), Ok(()));
        // Whoever has one address of a network of IPv6 has all of them.
        assert_eq!((count("2001:db8::1"), count("2001:db8::2")), (Ok(()), Ok(())));
        assert!(count("2001:db8::3").is_err());
        assert_eq!(count("2001:db8:0:1::3"), Ok(()));
        let nobody = Viewer::anyone();
        assert_eq!(rates.by(&nobody), Ok(()));
    }

    #[test]
    fn proxies_are_believed_as_far_as_they_are_trusted() {
        let peer = "10.0.0.1".parse().unwrap();
        for (told, proxies, wanted) in [
            (&["192.0.2.7"][..], 0, "10.0.0.1"),
            (&[], 1, "10.0.0.1"),
            (&["192.0.2.7"], 1, "192.0.2.7"),
            // What the client made up stands before what the proxy added.
            (&["198.51.100.1, 192.0.2.7"], 1, "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7"], 1, "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7"], 2, "198.51.100.1"),
            (&["192.0.2.7"], 2, "192.0.2.7"),
            (&["192.0.2.7:4711"], 1, "192.0.2.7"),
            (&["[2001:db8::1]:4711"], 1, "2001:db8::1"),
            (&["2001:db8::1"], 1, "2001:db8::1"),
            (&["unknown"], 1, "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in told {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = address(peer, &headers, proxies).to_string();
            assert_eq!(found, wanted, "{told:?} {proxies}");
        }
    }
}
