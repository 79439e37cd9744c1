//! The tables as Rust types, one file a table, and the kinds of value their columns hold.
//!
//! A column's doc comment is its description in the GraphQL schema, so it is written once, for
//! somebody who has never seen this code. References and localised texts reach clients in another
//! form and are described where they take it.
//!
//! No query and no resolver lives here.

mod cell;
pub mod column;
pub mod decimal;
pub mod geometry;
pub mod number;
pub mod period;
pub mod quote;
mod tables;
pub mod text;
pub mod time;
pub mod vocabulary;

pub mod audit;
pub mod change;
pub mod claim;
pub mod dataset;
pub mod district;
pub mod idempotency_key;
pub mod initiative;
pub mod initiative_metric;
pub mod initiative_organization;
pub mod metric;
pub mod observation;
pub mod organization;
pub mod source;
pub mod theme;
pub mod token;
pub mod unit;

pub use cell::Cell;
pub use decimal::Decimal;
pub use geometry::Geometry;
pub use number::HIDDEN;
pub use period::{Frequency, Period};
pub use quote::{Quoted, QuotedValue, cut};
pub use text::{Text, TextRef};
pub use time::{Date, DateTime};
