//! The API as clients meet it: a real server on a port of its own, real HTTP, a fresh database for
//! each test, and each test on SQLite and on PostgreSQL.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod postgres;
mod server;

mod audit;
mod clients;
mod command;
mod compare;
mod dataset;
mod errors;
mod exports;
mod files;
mod filters;
mod groups;
mod guard;
mod hostile;
mod http;
mod languages;
mod lists;
mod migrations;
mod nodes;
mod orders;
mod packages;
mod panel;
mod panel_ranking;
mod playground;
mod ranking;
mod readme;
mod relations;
mod scalars;
mod schema;
mod search;
mod search_pages;
mod series;
mod statements;
mod sums;
mod texts;
mod timeouts;
mod walks;

pub(crate) use server::{Answer, Server, on_each_database};
