//! Two servers with the same public history, one of which records under embargo as well: strangers
//! are answered alike by both, byte for byte.

use chrono::{DateTime, Utc};
use hutong::{
    access::Role,
    record::{self, By, Mode, Writer},
};
use serde_json::{Value, json};

use crate::{
    Server,
    server::{Store, rows},
    socket::Socket,
    strangers::everything,
    template::BUNDLED,
};

const FIGURE: &str =
    "slug,metric,district,period,value,comparator,status,source,published_on,note_en\n";
const CLAIM: &str = "slug,observation,kind,scope,source,position,statement_en\n";
pub(crate) const BOOK: &str = "beijing-daily-2026-01-27";

/// How many writes there are.
pub(crate) const STEPS: usize = 9;

/// Of each write, what everybody may see of it, and what is under embargo: lines of figures and of
/// claims. Figures are written before claims.
type Lines = (&'static [&'static str], &'static [&'static str]);

const HISTORY: [(Lines, Lines); STEPS] = [
    ((&["a,2001,1,2026-01-01,", "b,2002,2,2026-01-01,Okapi"], &["of-a,a,1,Okapi says one"]), NONE),
    (NONE, (&["new,2030,777123,2026-06-01,Quokka"], &[])),
    (NONE, (&["a,2001,777124,2026-06-01,Quokka", "gone,2031,777125,2026-06-01,"], &[])),
    (NONE, (&[], &["of-new,new,1,Quokka stations: 777123", "of-gone,gone,2,Quokka"])),
    // Both in one write, those under embargo first.
    (
        (&["c,2003,3,2026-01-01,"], &["of-c,c,3,Okapi says three"]),
        (&["d,2032,777126,2026-06-01,"], &["of-d,d,4,Quokka: 777126"]),
    ),
    (NONE, (&["new,2030,777127,2026-06-01,Quokka"], &["of-new,new,1,Quokka stations: 777127"])),
    ((&["a,2001,11,2026-01-02,", "b,2002,2,2026-01-01,Okapi"], &["of-b,b,5,Okapi says two"]), NONE),
    (NONE, (&[], &["of-d,d,6,Quokka: 777128"])),
    (
        (&["b,2002,22,2026-01-02,", "e,2005,5,2026-01-01,Okapi"], &[]),
        (&["e-not,2033,777129,2026-06-01,"], &[]),
    ),
];
const NONE: Lines = (&[], &[]);

/// The day on which all of it is made public.
const DAY: &str = "2026-06-01T00:00:00Z";

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn figures(lines: &[&str]) -> String {
    let line = |line: &&str| {
        let [slug, period, value, day, note] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        format!(
            "{slug},5g-base-stations,haidian,{period},{value},EQUAL,NORMAL,{BOOK},{day},{note}\n"
        )
    };
    FIGURE.to_owned() + &lines.iter().map(line).collect::<String>()
}

fn claims(lines: &[&str]) -> String {
    let line = |line: &&str| {
        let [slug, figure, position, text] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        format!("{slug},{figure},RECORD,beijing,{BOOK},{position},{text}\n")
    };
    CLAIM.to_owned() + &lines.iter().map(line).collect::<String>()
}

/// Writes figures and claims at a time.
async fn write(store: &Store, time: DateTime<Utc>, parts: &[Lines]) {
    let mut writer = Writer::begin(&store.database, time, By::operator("a test")).await.unwrap();
    let all = |of: fn(&Lines) -> &'static [&'static str]| {
        parts.iter().flat_map(of).copied().collect::<Vec<_>>()
    };
    let (of_figures, of_claims) = (all(|lines| lines.0), all(|lines| lines.1));
    if !of_figures.is_empty() {
        let lines = rows("observation", &figures(&of_figures));
        writer.save("observation", &lines, Mode::Upsert).await.unwrap();
    }
    if !of_claims.is_empty() {
        writer.save("claim", &rows("claim", &claims(&of_claims)), Mode::Upsert).await.unwrap();
    }
    writer.commit().await.unwrap();
}

/// Takes back the figures and claims with these slugs.
async fn remove(store: &Store, time: DateTime<Utc>, slug: &str) {
    let mut writer = Writer::begin(&store.database, time, By::operator("a test")).await.unwrap();
    let figures = writer.named("observation", &[slug.to_owned()], None).await.unwrap();
    writer.remove("observation", figures, true, None).await.unwrap();
    writer.commit().await.unwrap();
}

/// The time of a write.
pub(crate) fn time(step: usize) -> DateTime<Utc> {
    at(&format!("2026-03-01T00:{step:02}:00Z"))
}

/// The names of what the two tell otherwise, and of what gives a secret away.
async fn differences(
    (one, token): (&Server, &str),
    (other, others): (&Server, &str),
    secrets: &[&str],
) -> Vec<String> {
    let mut unlike = Vec::new();
    for (token, others) in [(None, None), (Some(token), Some(others))] {
        let (of_one, of_other) = (everything(one, token).await, everything(other, others).await);
        for ((name, told), (_, others)) in of_one.into_iter().zip(of_other) {
            let answered = told.starts_with("200") && !told.contains("\"errors\":");
            assert!(answered || name == "a mistake", "{name}: {told}");
            if told != others || secrets.iter().any(|secret| told.contains(secret)) {
                println!("{name}\n{}\n{}\n", told.escape_debug(), others.escape_debug());
                unlike.push(name);
            }
        }
    }
    unlike
}

/// Who listens takes nothing while all is asked.
const OPTIONS: [&str; 3] =
    ["--result-cache=1000000", "--cost-max=10000000", "--live-keep-alive=3600"];
const SUBSCRIPTIONS: [(&str, &str); 3] = [
    ("changed", "subscription { datasetChanged { revision changedAt } }"),
    ("recorded", "subscription { observationsRecorded { id value changeCursor } }"),
    (
        "live",
        "query @live { dataset { revision } claims { totalCount nodes { slug } } changes { totalCount } }",
    ),
];

/// The messages that came, in the order of what they belong to.
async fn messages(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(socket.receive().await);
    }
    all.sort_by_key(|message| message["id"].as_str().unwrap_or_default().to_owned());
    all
}

async fn tells_nothing(secret: Store, open: Store) {
    let secret = Server::start_with(secret, &OPTIONS).await;
    let open = Server::start_with(open, &OPTIONS).await;
    let (reader, readers) = (secret.token(Role::Reader).await, open.token(Role::Reader).await);
    let sides = [(&secret, reader.as_str()), (&open, readers.as_str())];
    let mut sockets = [Socket::begin(&secret).await, Socket::begin(&open).await];
    for socket in &mut sockets {
        for (name, query) in SUBSCRIPTIONS {
            socket.subscribe(name, query).await;
        }
    }
    let mut unlike = Vec::new();
    // What is told at once.
    let [one, other] = &mut sockets;
    assert_eq!(messages(one, 2).await, messages(other, 2).await);
    for (step, (public, hidden)) in HISTORY.into_iter().enumerate() {
        let mut known = String::new();
        let dataset = [("query", "{ claims { totalCount } dataset { revision } }")];
        let get = || secret.client().get(secret.url("/graphql")).query(&dataset);
        if public == NONE {
            known = get().send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
        }
        write(&secret.store, time(step), &[hidden, public]).await;
        if public == NONE {
            // Nor does it cost strangers what they keep.
            let again = get().header("if-none-match", &known).send().await.unwrap();
            if again.status() != 304 || again.headers()["cache-status"] != "hutong; hit" {
                unlike.push(format!("what is kept at {step}"));
            }
            continue;
        }
        write(&open.store, time(step), &[public]).await;
        let [one, other] = &mut sockets;
        let count = 2 + public.0.len() - usize::from(step == 6);
        if messages(one, count).await != messages(other, count).await {
            unlike.push(format!("subscriptions at {step}"));
        }
    }
    remove(&secret.store, time(STEPS), "gone").await;
    // What was withdrawn before anybody saw it leaves no trace where another figure comes.
    for store in [&secret.store, &open.store] {
        write(store, time(STEPS + 1), &[(&["gone,2031,9,2026-01-03,"], &[])]).await;
    }
    let [one, other] = &mut sockets;
    if messages(one, 3).await != messages(other, 3).await {
        unlike.push("subscriptions at the end".to_owned());
    }
    unlike.extend(
        differences(
            sides[0],
            sides[1],
            &["777123", "777124", "777125", "777126", "777127", "777129", "Quokka", "of-new"],
        )
        .await,
    );
    // On its day it is public on both.
    record::release(&secret.store.database, at(DAY)).await.unwrap();
    let released: Lines = (
        &[
            "a,2001,777124,2026-06-01,Quokka",
            "d,2032,777126,2026-06-01,",
            "new,2030,777127,2026-06-01,Quokka",
            "e-not,2033,777129,2026-06-01,",
        ],
        &["of-new,new,1,Quokka stations: 777127", "of-d,d,6,Quokka: 777128"],
    );
    write(&open.store, at(DAY), &[released]).await;
    let [one, other] = &mut sockets;
    if messages(one, 6).await != messages(other, 6).await {
        unlike.push("subscriptions on the day".to_owned());
    }
    for socket in &mut sockets {
        socket.is_silent().await;
    }
    unlike.extend(differences(sides[0], sides[1], &["of-gone", "777123", "777125"]).await);
    assert_eq!(unlike, Vec::<String>::new());
    let data = open.data("{ claims(filter: {slug: {eq: \"of-new\"}}) { nodes { statement observation { value } } } }").await;
    assert_eq!(
        data["claims"]["nodes"],
        json!([{ "statement": "Quokka stations: 777127", "observation": { "value": "777127" } }])
    );
    secret.stop().await;
    open.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let ((one, _folder), (other, _others)) = (BUNDLED.sqlite().await, BUNDLED.sqlite().await);
    tells_nothing(one, other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let Some((one, fresh)) = BUNDLED.postgres().await else { return };
    let Some((other, others)) = BUNDLED.postgres().await else { return };
    tells_nothing(one, other).await;
    fresh.drop().await;
    others.drop().await;
}
