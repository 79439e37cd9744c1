//! Throw-away PostgreSQL clusters, made from the installed programs.

use std::{
    env,
    io::Read,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A cluster. It goes with this, and with this process, however that ends.
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    programs: PathBuf,
    /// Ends the cluster when its standard input closes.
    keeper: Child,
}

/// What is not needed where nothing has to outlast a fall of the machine.
const SETTINGS: &str = "-c fsync=off -c full_page_writes=off -c max_connections=300";

impl Cluster {
    /// A new one with these settings beside the usual ones; none where PostgreSQL is not installed.
    pub(crate) fn start(settings: &str) -> Option<Self> {
        Self::make(settings, |programs, folder| {
            format!(
                "{programs}/initdb -D {folder} -U hutong -A trust -E UTF8 --locale=C.UTF-8 -N >&2"
            )
        })
    }

    /// One that follows this one.
    pub(crate) fn standby(&self) -> Self {
        let port = self.port;
        let made = Self::make("", |programs, folder| {
            format!(
                "{programs}/pg_basebackup -h 127.0.0.1 -p {port} -U hutong -D {folder} -R -c fast"
            )
        });
        made.expect("the programs by which the other one was made")
    }

    fn make(settings: &str, made_by: impl Fn(&str, &str) -> String) -> Option<Self> {
        let programs = programs()?;
        let number = (std::process::id(), NEXT.fetch_add(1, Relaxed));
        let name = format!("hutong-test-postgres-{}-{}", number.0, number.1);
        let folder = env::temp_dir().join(name);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (to, by) = (folder.display().to_string(), programs.display().to_string());
        let script = format!(
            "set -e
             {}
             {by}/pg_ctl -D {to} -l {to}/log -o '-p {port} -h 127.0.0.1 -k {to} {SETTINGS} {settings}' start >&2
             echo ready
             read -r _ || true
             {by}/pg_ctl -D {to} -m immediate stop || true
             rm -rf {to}",
            made_by(&by, &to)
        );
        let mut keeper = as_other_user();
        keeper.args(["sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        keeper.stderr(Stdio::null()).current_dir("/");
        let mut keeper = keeper.spawn().expect("sh");
        let mut told = [0; 6];
        keeper.stdout.as_mut().unwrap().read_exact(&mut told).expect("PostgreSQL starts");
        Some(Self { folder, port, programs, keeper })
    }

    /// The server, without a database's name at the end.
    pub(crate) fn url(&self) -> String {
        format!("postgres://hutong@{}", self.address())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills it, and another process of its own, at once.
    pub(crate) fn kill(&self, other: i32) {
        let known = std::fs::read_to_string(self.folder.join("postmaster.pid")).unwrap();
        signal("KILL", known.lines().next().unwrap());
        signal("KILL", &other.to_string());
    }

    /// Has `pg_ctl` do something, such as `promote`.
    pub(crate) fn control(&self, arguments: &[&str]) {
        let mut control = as_other_user();
        control.arg(self.programs.join("pg_ctl")).arg("-D").arg(&self.folder).args(arguments);
        // What it starts goes on writing to where it writes.
        control.stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        assert!(control.status().unwrap().success(), "{arguments:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Sends a process a signal.
pub(crate) fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), process]).status().unwrap();
    assert!(sent.success(), "{name} {process}");
}

/// Where `initdb` and `postgres` are: Debian keeps them off the path.
fn programs() -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(env::split_paths(&paths));
    let found = folders.into_iter().rev().map(|folder| folder.join("initdb"));
    // Beside the program itself are the others, which may not be beside a link to it.
    let initdb = found.filter_map(|program| program.canonicalize().ok()).next()?;
    initdb.parent().map(PathBuf::from)
}

/// PostgreSQL refuses to run as root.
fn as_other_user() -> Command {
    let id = |arguments: &[&str]| Command::new("id").args(arguments).output().unwrap();
    if id(&["-u"]).stdout != b"0\n" {
        return Command::new("env");
    }
    let user = if id(&["postgres"]).status.success() { "postgres" } else { "nobody" };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]);
    command
}
