//! The processes that are measured, and what the system tells of them.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{by_hand::Work, measure::Failure};

/// For how long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that answers over HTTP; it ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    /// Where it answers: `127.0.0.1:8000`.
    pub(crate) address: String,
    child: Child,
}

impl Process {
    /// Starts a server of this program, and waits until it answers.
    pub(crate) async fn server(
        program: &Path,
        database_url: &str,
        cache: u32,
        log: &str,
    ) -> Result<Self, Failure> {
        // Free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = Command::new(program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HUTONG_")) {
            command.env_remove(name);
        }
        let child = command
            .arg(format!("--database-url={database_url}"))
            .arg(format!("--listen={address}"))
            .arg(format!("--result-cache={cache}"))
            .arg(format!("--log={log}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|why| format!("{}: {why}", program.display()))?;
        let mut process = Self { address, child };
        let begun = Instant::now();
        let ready = format!("http://{}/health/ready", process.address);
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{}: {status}", program.display()).into());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{} does not answer", program.display()).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(process)
    }

    /// Starts this program as the side that runs the statements.
    pub(crate) fn by_hand(work: &Work) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--by-hand")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        // It stays open: the process ends when it ends.
        let input = child.stdin.as_mut().ok_or("no standard input")?;
        writeln!(input, "{}", serde_json::to_string(work)?)?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { address: address.trim().to_owned(), child })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many bytes of memory it has had at most, and how many of its own it has now, without
    /// pages of files; none where the system does not tell.
    pub(crate) fn memory(&self) -> Option<[u64; 2]> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
        };
        Some([bytes("VmHWM:")?, bytes("RssAnon:")?])
    }

    /// Whose work an answer of it is.
    pub(crate) fn with(&self, database: Option<u32>) -> Processes {
        Processes { server: self.id(), database }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processes whose work is one side's: the server, and where there is one PostgreSQL, which is
/// its first process and all that were started by it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processes {
    pub(crate) server: u32,
    pub(crate) database: Option<u32>,
}

impl Processes {
    /// The processor's time each of them has used, in microseconds.
    pub(crate) fn used(self) -> HashMap<u32, u64> {
        let mut used = HashMap::new();
        used.extend(Stat::of(self.server).map(|stat| (self.server, stat.microseconds)));
        if let Some(first) = self.database {
            used.extend(Stat::of(first).map(|stat| (first, stat.microseconds)));
            for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
                let name = entry.file_name();
                let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
                let child = Stat::of(id).filter(|stat| stat.parent == first);
                used.extend(child.map(|stat| (id, stat.microseconds)));
            }
        }
        used
    }

    /// The processor's time they have used since.
    pub(crate) fn since(self, before: &HashMap<u32, u64>) -> u64 {
        let used = self.used().into_iter();
        used.map(|(id, now)| now.saturating_sub(before.get(&id).copied().unwrap_or(0))).sum()
    }
}

/// The first process of a PostgreSQL that has a connection with this number, where it is on this
/// machine.
pub(crate) fn postmaster(connection: u32) -> Option<u32> {
    let first = Stat::of(connection)?.parent;
    let name = std::fs::read_to_string(format!("/proc/{first}/comm")).ok()?;
    name.starts_with("postgres").then_some(first)
}

/// What Linux tells of a process.
struct Stat {
    parent: u32,
    /// In its own code and in the system's for it, without its children.
    microseconds: u64,
}

impl Stat {
    fn of(id: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The command's name, in parentheses, may hold spaces.
        let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        // Linux counts in hundredths of a second wherever it runs on common hardware.
        let microseconds = (number(11)? + number(12)?) * 10_000;
        Some(Self { parent: number(1)?.try_into().ok()?, microseconds })
    }
}
