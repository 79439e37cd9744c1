//! Hutong: a GraphQL data server for the figures of a city.
//!
//! # The house
//!
//! Floors; a floor uses only the floors below it.
//!
//! | floor | room | what is done there |
//! |---|---|---|
//! | 0 | `entity` | the tables as Rust types; each column's comment is its description in the API |
//! | 0 | `migration` | the tables as history |
//! | 1 | [`error`] | the one way to fail |
//! | 1 | [`suggest`] | the names a client may have meant |
//! | 1 | [`cache`] | caches bounded by the bytes they hold |
//! | 1 | `fold` | spellings that are one: of words for search, of whole texts for filters |
//! | 1 | `icu` | questions to ICU's compiled data |
//! | 1 | [`arithmetic`] | exact decimals, bounds that stay bounds, what may be added up |
//! | 1 | [`database`] | open SQLite or PostgreSQL; the one door for reads |
//! | 1 | [`display`] | figures as text for people, from ICU's data |
//! | 2 | [`access`] | who is asking, and what they may do |
//! | 2 | [`query`] | questions: filter, order, page, the children of many parents, groups, rankings, search; seen from now or from the past |
//! | 2 | [`identity`] | what objects are called, once and for ever |
//! | 2 | [`record`] | the only writer |
//! | 2 | [`event`] | that something was recorded, told to whoever follows the data |
//! | 3 | [`package`] | files to records, records to files |
//! | 4 | [`graphql`] | the schema, one file a topic |
//! | 5 | [`http`] | the schema on the wire |
//! | 6 | [`telemetry`] | the log, and traces for OpenTelemetry |
//! | 6 | [`config`], [`cli`] | every knob, every command |
//!
//! # What always holds
//!
//! - `entity` holds no query and no resolver.
//! - `query` and `record` name no object type of the schema.
//! - Only `record` writes.
//! - Every question about figures carries from where they are seen: what is under embargo is shown
//!   by no statement to whom it is not for.
//! - Only `graphql::error` turns a failure into what a client sees.
//! - Only `http` knows axum.
//! - Nothing is executed that has not passed the guard, whatever brought it.
//! - No state is global, nothing of the data is kept between requests but how far they have come
//!   and answers under that revision, and time is passed in: the same binary runs many times over
//!   one PostgreSQL.

pub mod arithmetic;
pub mod cache;
pub mod error;
mod fold;
mod icu;
pub mod suggest;

pub mod database;
pub mod display;

pub mod access;
pub mod event;
pub mod identity;
pub mod query;
pub mod record;

pub mod package;

pub mod graphql;

pub mod http;

pub mod cli;
pub mod config;
pub mod telemetry;

/// What gives memory, here so that it is measured and tested as it is served. A nested answer is
/// made of many small pieces: with the allocator of the GNU C library a question took an eighth
/// more of the processor's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
