//! Hutong.
pub mod error;
pub mod database;
pub mod query;
