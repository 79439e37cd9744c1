//! Clusters that fall, and those that take their place.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use hutong::{access::Role, package::bundled};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    Server,
    cluster::{Cluster, signal},
    failover::{CACHED, is_believed_by, is_told_by, kept_by, symbol, write},
    postgres::is_own,
    proxy::{self, Fate, Piece},
    server::{Store, now},
    socket::Socket,
    wait::until,
};

const LIVE: &str = r#"query @live { unit(slug: "u") { symbol } }"#;

/// A cluster with the bundled data in it; none where none can be made.
async fn primary() -> Option<(Cluster, Store)> {
    let cluster = Cluster::start("").filter(|_| is_own());
    let required = std::env::var_os("HUTONG_REQUIRE_POSTGRES").is_some() && is_own();
    assert!(cluster.is_some() || !required, "PostgreSQL is not installed");
    let cluster = cluster?;
    let server = sea_orm::Database::connect(format!("{}/postgres", cluster.url())).await.unwrap();
    server.execute_unprepared("CREATE DATABASE hutong").await.unwrap();
    server.close().await.unwrap();
    let store = Store::open(format!("{}/hutong", cluster.url())).await;
    store.database.migrate().await.unwrap();
    assert!(bundled::package().unwrap().load_into_empty(&store.database, now()).await.unwrap());
    Some((cluster, store))
}

/// What a cluster answers to a statement with one row of one column.
async fn asked<T: sea_orm::TryGetable>(cluster: &Cluster, sql: &str) -> Option<T> {
    let connection = sea_orm::Database::connect(format!("{}/hutong", cluster.url())).await.unwrap();
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap();
    connection.close().await.unwrap();
    row.map(|row| row.try_get_by_index(0).unwrap())
}

async fn has(cluster: &Cluster, symbol: &str) -> bool {
    let found = asked::<String>(cluster, "SELECT symbol FROM unit WHERE slug = 'u'").await;
    found.as_deref() == Some(symbol)
}

/// After a failover that lost writes, what was lost is answered no more, wherever it was kept, and
/// what is written next is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_is_believed() {
    let Some((primary, store)) = primary().await else { return };
    let standby = primary.standby();
    let upstream = Arc::new(Mutex::new(primary.address()));
    let address = proxy::start_before(Arc::clone(&upstream), |_| Fate::Passed).await;
    store.database.close().await.unwrap();
    let url = format!("postgres://hutong@{address}/hutong");
    let server = Server::over(Store::open(url.clone()).await, &CACHED).await;
    let other = Server::over(Store::open(url).await, &CACHED).await;
    let token = server.token(Role::Editor).await;
    write(&server, &token, "before").await;
    until("it follows", || has(&standby, "before")).await;
    let sender = asked::<i32>(&primary, "SELECT pid FROM pg_stat_replication").await.unwrap();
    signal("STOP", &sender.to_string());
    for number in 0..5 {
        write(&server, &token, &format!("lost {number}")).await;
    }
    let mut socket = Socket::begin(&other).await;
    socket.subscribe("live", LIVE).await;
    assert_eq!(socket.data("live").await, json!({ "unit": { "symbol": "lost 4" } }));
    let tag = kept_by([&server, &other], "lost 4").await;
    primary.kill(sender);
    standby.control(&["promote"]);
    *upstream.lock().unwrap() = standby.address();
    is_believed_by([&server, &other], "before", &tag).await;
    let told = timeout(Duration::from_secs(5), socket.data("live")).await.unwrap();
    assert_eq!(told, json!({ "unit": { "symbol": "before" } }));
    for number in 0..7 {
        let wanted = format!("next {number}");
        write(&server, &token, &wanted).await;
        is_told_by([&server, &other], &wanted, &tag).await;
    }
    other.stop().await;
    server.stop().await;
}

/// An instance whose database has become a standby, which tells nothing, sees what the primary is
/// told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_at_a_standby_is_up_to_date() {
    let Some((primary, store)) = primary().await else { return };
    let standby = primary.standby();
    let upstream = Arc::new(Mutex::new(primary.address()));
    // How many connections were made, and how many of the first of them are cut.
    let (made, cut) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, stale) = (Arc::clone(&made), Arc::clone(&cut));
    let fate = move |piece: Piece<'_>| {
        let (Piece::Sent(number, _) | Piece::Answered(number)) = piece;
        counted.fetch_max(number + 1, SeqCst);
        if number < stale.load(SeqCst) { Fate::Cut } else { Fate::Passed }
    };
    let address = proxy::start_before(Arc::clone(&upstream), fate).await;
    let url = format!("postgres://hutong@{address}/hutong");
    let server = Server::over(Store::open(url).await, &CACHED).await;
    let writer = Server::over(store, &CACHED).await;
    let token = writer.token(Role::Editor).await;
    write(&writer, &token, "before").await;
    until("it follows", || has(&standby, "before")).await;
    let mut socket = Socket::begin(&server).await;
    socket.subscribe("live", LIVE).await;
    assert_eq!(socket.data("live").await, json!({ "unit": { "symbol": "before" } }));
    *upstream.lock().unwrap() = standby.address();
    cut.store(made.load(SeqCst), SeqCst);
    let at_standby = async || {
        let listening = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'hutong'
            AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        symbol(&server, None).await.0 == 200 && asked::<i64>(&standby, listening).await.unwrap() > 0
    };
    until("it reads there", at_standby).await;
    let mut known = symbol(&server, None).await.2;
    for number in 0..5 {
        let wanted = number.to_string();
        write(&writer, &token, &wanted).await;
        let seen = async || symbol(&server, Some(&known)).await.1 == json!(wanted);
        timeout(Duration::from_secs(2), until("it is seen", seen)).await.unwrap();
        let told = timeout(Duration::from_secs(3), socket.data("live")).await.unwrap();
        assert_eq!(told, json!({ "unit": { "symbol": wanted } }));
        let (status, _, tag) = symbol(&server, None).await;
        assert!(status == 200 && tag != known, "{status}");
        known = tag;
    }
    // How far it is behind it cannot know: a moment after the last change is not told.
    let moment = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let (message, code, _) =
        server.error(&format!("{{ units(first: 1) {{ nodes {{ slug }} }} observations(asOf: \"{moment}\") {{ totalCount }} }}")).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("or the database follows another one"), "{message}");
    let then = asked::<String>(&standby, "SELECT to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM dataset").await.unwrap();
    server.data(&format!("{{ observations(asOf: \"{then}\") {{ totalCount }} }}")).await;
    server.stop().await;
    writer.stop().await;
}

/// A cluster that is restarted under load loses nothing acknowledged, and nobody is told anything
/// but that it does not answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_under_load_is_told_as_what_it_is() {
    let Some((cluster, store)) = primary().await else { return };
    let cluster = Arc::new(cluster);
    let server = Server::over(store, &[]).await;
    let token = server.token(Role::Editor).await;
    let ended = AtomicBool::default();
    let read = async |number: usize| {
        let mut codes = BTreeSet::new();
        for time in 0.. {
            if ended.load(SeqCst) {
                break;
            }
            let query =
                format!("{{ units(first: {}) {{ nodes {{ slug }} }} }}", 1 + (time + number) % 9);
            let answer = server.ask(&query).await;
            codes.insert((answer.status, code(&answer.json())));
        }
        codes
    };
    let write = async |number: usize| {
        let (mut codes, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for time in 0.. {
            if ended.load(SeqCst) {
                break;
            }
            let slug = format!("load-{number}-{time}");
            let input =
                format!(r#"{{slug: "{slug}", name: [{{language: "en", text: "{slug}"}}]}}"#);
            let theme = format!("mutation {{ createTheme(input: {input}) {{ revision }} }}");
            let answer = server.ask_as(&token, &theme).await;
            let code = code(&answer.json());
            if code.is_none() {
                kept.insert(slug);
            }
            codes.insert((answer.status, code));
        }
        (codes, kept)
    };
    let restart = async {
        for _ in 0..3 {
            sleep(Duration::from_millis(700)).await;
            let cluster = Arc::clone(&cluster);
            let restart = move || cluster.control(&["-m", "immediate", "restart"]);
            tokio::task::spawn_blocking(restart).await.unwrap();
        }
        sleep(Duration::from_secs(2)).await;
        ended.store(true, SeqCst);
    };
    let (reads, others, (first, mut kept), (second, more), ()) =
        tokio::join!(read(0), read(1), write(0), write(1), restart);
    kept.extend(more);
    let unavailable = (503, Some("DATABASE_UNAVAILABLE".to_owned()));
    for codes in [reads, others, first, second] {
        let wanted = BTreeSet::from([(200, None), unavailable.clone()]);
        assert!(codes.is_subset(&wanted), "{codes:?}");
        assert!(codes.contains(&(200, None)));
    }
    let query =
        r#"{ themes(first: 1000, filter: {slug: {startsWith: "load-"}}) { nodes { slug } } }"#;
    let there = server.data(query).await["themes"]["nodes"].clone();
    let there: BTreeSet<String> = there
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["slug"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(there, kept);
    assert!(kept.len() > 10, "{}", kept.len());
    server.stop().await;
}

/// The code of the first error of an answer.
fn code(answer: &Value) -> Option<String> {
    answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned)
}
