//! The API as clients meet it: a real server on a port of its own, real HTTP, a fresh database for
//! each test, and each test on SQLite and on PostgreSQL.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod caching;
mod clients;
mod command;
mod compare;
mod dataset;
mod durability;
mod errors;
mod events;
mod explain;
mod exports;
mod files;
mod filters;
mod groups;
mod guard;
mod hostile;
mod http;
mod import_command;
mod import_formats;
mod import_hostile;
mod import_tables;
mod imports;
mod languages;
mod life;
mod lists;
mod live;
mod live_clients;
mod live_guard;
mod log;
mod metrics;
mod migrations;
mod mutations;
mod nodes;
mod orders;
mod packages;
mod panel;
mod panel_ranking;
mod persisted;
mod playground;
mod postgres;
mod ranking;
mod readme;
mod relations;
mod request_ids;
mod revisions;
mod scalars;
mod schema;
mod search;
mod search_pages;
mod series;
mod server;
mod sockets;
mod statements;
mod subscriptions;
mod sums;
mod texts;
mod timeouts;
mod traces;
mod walks;

pub(crate) use server::{Answer, Server, on_each_database};
