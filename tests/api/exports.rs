//! Large files: what the program takes of memory does not grow with them, nor with clients that do
//! not read.
#![cfg(target_os = "linux")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Child,
};

use chrono::{Days, NaiveDate};
use hutong::record::{Rows, Writer};
use tokio::net::TcpSocket;

use crate::{
    Server,
    command::{connections, ended, hutong, serve, signal},
    server::{Store, now},
    wait::until_blocking,
};

/// How many figures there are, one a day.
const FIGURES: u64 = 20_000;

/// A database of many figures, and where it is.
async fn filled(folder: &Path) -> String {
    let url = format!("sqlite://{}", folder.join("many.db").display());
    let server = Server::start(Store::open(url.clone()).await).await;
    let columns = [
        "metric",
        "district",
        "period",
        "value",
        "decimals",
        "multiplier",
        "comparator",
        "status",
        "source",
        "locator",
    ];
    let day = |number| NaiveDate::from_ymd_opt(1960, 1, 1).unwrap() + Days::new(number);
    let row = |number: u64| {
        let (period, locator) = (day(number).to_string(), format!("row {number}"));
        let row = [
            "5g-base-stations",
            "hebei",
            &period,
            "70",
            "0",
            "0",
            "EQUAL",
            "NORMAL",
            "beijing-daily-2026-01-27",
            &locator,
        ];
        (number + 2, row.map(str::to_owned).to_vec())
    };
    let rows = Rows {
        origin: "observation.csv".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: (0..FIGURES).map(row).collect(),
    };
    let mut writer =
        Writer::begin(&server.store.database, now(), hutong::record::By::operator("a test"))
            .await
            .unwrap();
    writer.write("observation", &rows).await.unwrap();
    writer.commit().await.unwrap();
    server.stop().await;
    url
}

/// A request for so many of the figures as CSV, a kilobyte and more each.
fn request(first: u64) -> String {
    let ids: String = (0..70).map(|number| format!("a{number}:id%20")).collect();
    let filter = "filter:%7Bdistrict:%7Bslug:%7Beq:%22hebei%22%7D%7D%7D";
    let query = format!("%7Bobservations(first:{first},{filter})%7Bnodes%7B{ids}%7D%7D%7D");
    format!(
        "GET /graphql?format=csv&query={query} HTTP/1.1\r\nHost: hutong\r\nConnection: close\r\n\r\n"
    )
}

/// Sends a request and begins to read what is answered.
fn begin(mut stream: TcpStream, first: u64) -> (TcpStream, Vec<u8>) {
    stream.write_all(request(first).as_bytes()).unwrap();
    let mut begun = vec![0; 200];
    stream.read_exact(&mut begun).unwrap();
    assert!(begun.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&begun));
    (stream, begun)
}

/// A connection of somebody whose system takes next to nothing before it is read.
async fn narrow(address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(address.parse().unwrap()).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// The most memory that the program has had so far, in kilobytes.
fn most_memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn take_no_more_memory_than_small_ones() {
    let folder = tempfile::tempdir().unwrap();
    let url = filled(folder.path()).await;
    let options = ["--database-url", &url, "--listen", "127.0.0.1:0", "--write-timeout", "1"];
    let (mut child, address) = serve(hutong(folder.path(), &options));

    let whole = |first| {
        let stream = TcpStream::connect(&address).unwrap();
        let (mut stream, mut answer) = begin(stream, first);
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.ends_with(b"0\r\n\r\n"));
        answer.len()
    };
    // As many at once as there are readers, each of which keeps a cache.
    std::thread::scope(|all| {
        for _ in 0..4 {
            all.spawn(|| (0..3).for_each(|_| _ = whole(FIGURES / 10)));
        }
    });
    let few = most_memory(&child);
    let size = whole(FIGURES);
    let many = most_memory(&child);
    assert!(size > 20_000_000, "{size}");
    assert!(many < few + 12_000, "{few} kB for a tenth of the rows, {many} kB for all");

    // Those who do not read are left, and until then no page waits for them but one each.
    let mut stalled = Vec::new();
    for _ in 0..4 {
        stalled.push(begin(narrow(&address).await, FIGURES));
    }
    until_blocking("they are left", || connections(&address) == 0);
    for (mut stream, mut answer) in stalled {
        // Whether the end or a reset is first seen depends on what was under way.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.len() < size && !answer.ends_with(b"0\r\n\r\n"), "{}", answer.len());
    }
    let stalled = most_memory(&child);
    assert!(stalled < many + 30_000, "{many} kB before, {stalled} kB with four who do not read");
    assert_eq!(whole(FIGURES), size);

    signal(&child, "TERM");
    assert!(ended(&mut child).success());
}
