//! A client that costs little: the machine it shares with the servers has few processors. It knows
//! as much of HTTP as these servers speak, and keeps its connections.

use std::{
    io::{Error, ErrorKind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::measure::Failure;

/// Stands in a body for a number that is another one each time, with as many digits.
pub(crate) const FRESH: &str = "0000000000";

/// How many bytes are read at once.
const READ: usize = 128 * 1024;

/// What can be asked again and again.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: String,
    request: Vec<u8>,
    /// Where [`FRESH`] stands, and the last number that was asked with.
    fresh: Option<(usize, Arc<AtomicU64>)>,
}

/// An answer with status 200.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    /// How many SQL statements it says it took.
    pub(crate) statements: String,
}

/// A connection, on which one request after the other is sent.
#[derive(Debug)]
pub(crate) struct Connection {
    target: Target,
    stream: TcpStream,
    read: Vec<u8>,
}

impl Target {
    /// A `POST` of this body to a path of the server at this address: `127.0.0.1:8000`.
    pub(crate) fn post(address: &str, path: &str, body: &str) -> Self {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let fresh = request.find(FRESH).map(|place| (place, Arc::default()));
        Self { address: address.to_owned(), request: request.into_bytes(), fresh }
    }

    /// Asks once.
    pub(crate) async fn ask(&self) -> Result<Answer, Failure> {
        let mut connection = Connection::open(self).await?;
        let (head, length) = connection.ask().await?;
        let text = String::from_utf8_lossy(connection.read.get(..head).unwrap_or_default());
        // `sql;desc="4", total;dur=3.6`
        let timing = header(&text, "server-timing").and_then(|timing| timing.split('"').nth(1));
        let statements = timing.unwrap_or_default().to_owned();
        let whole = connection.read.get(head..).unwrap_or_default();
        let body = match length {
            Some(_) => whole.to_vec(),
            None => joined(whole).unwrap_or_default(),
        };
        Ok(Answer { body, statements })
    }
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self, Failure> {
        let stream = TcpStream::connect(&target.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { target: target.clone(), stream, read: Vec::new() })
    }

    /// Sends the request and reads the whole answer: how long its head is, and its body where that
    /// is not in chunks.
    pub(crate) async fn ask(&mut self) -> Result<(usize, Option<usize>), Failure> {
        if let Some((place, number)) = &self.target.fresh {
            let digits = format!("{:010}", number.fetch_add(1, Relaxed) + 1);
            let place = self.target.request.get_mut(*place..place + FRESH.len());
            place.ok_or("no place for a number")?.copy_from_slice(digits.as_bytes());
        }
        self.stream.write_all(&self.target.request).await?;
        self.read.clear();
        let head = loop {
            self.more().await?;
            let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(self.read.get(..head).unwrap_or_default());
        let (ok, text) = (text.starts_with("HTTP/1.1 200"), text.into_owned());
        let length = match header(&text, "content-length") {
            Some(length) => Some(length.parse::<usize>()?),
            None => None,
        };
        match length {
            Some(length) => {
                while self.read.len() < head + length {
                    self.more().await?;
                }
            }
            None => {
                while joined(self.read.get(head..).unwrap_or_default()).is_none() {
                    self.more().await?;
                }
            }
        }
        match ok {
            true => Ok((head, length)),
            false => Err(String::from_utf8_lossy(&self.read).into_owned().into()),
        }
    }

    async fn more(&mut self) -> Result<(), Failure> {
        self.read.reserve(READ);
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }
}

/// How many answers come in a time, or a little more, with one request under way on each
/// connection; all of them have come at the end.
pub(crate) async fn crowd(connections: &mut [Connection], time: Duration) -> Result<u64, Failure> {
    let end = Instant::now() + time;
    let askers = connections.iter_mut().map(async |connection: &mut Connection| {
        let mut answered = 0;
        while Instant::now() < end {
            connection.ask().await?;
            answered += 1;
        }
        Ok::<u64, Failure>(answered)
    });
    let mut askers: FuturesUnordered<_> = askers.collect();
    let mut answered = 0;
    while let Some(some) = askers.next().await {
        answered += some?;
    }
    Ok(answered)
}

/// A header by its name in small letters, as these servers send it.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find_map(|(header, value)| (header == name).then_some(value))
}

/// A body that came in chunks; none where it is not whole yet.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let length = std::str::from_utf8(rest.get(..end)?).ok()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        let chunk = rest.get(end + 2..end + 2 + length)?;
        rest = rest.get(end + 2 + length + 2..)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
    }
}
