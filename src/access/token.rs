//! The server's own tokens.
//!
//! A token is 256 bits of chance, so nobody guesses one, however fast they can try, and its plain
//! SHA-256 can be kept in its place: slow hashes are for words that people choose.
//!
//! Nothing is compared with a secret. What was sent is hashed and the hash is looked up, and who
//! sends a token cannot choose its hash: how long the look-up takes tells nothing of the tokens
//! there are. Unknown, expired and withdrawn ones take the same way, and are refused alike.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use entity::token::{Column, Entity, Model};
use moka::sync::Cache;
use sea_orm::{
    Iterable, Order,
    sea_query::{ExprTrait, Query, SelectStatement},
};
use sha2::{Digest, Sha256};

use super::Viewer;
use crate::{database::Database, error::Error, event, query::column};

/// How tokens begin, by which people and scanners of leaked secrets know them.
pub const PREFIX: &str = "hutong_";

/// How many bytes of chance there are in a token.
const BYTES: usize = 32;

/// For how long what is known of a token is taken for true: one that another instance withdrew, and
/// of which PostgreSQL could not tell, is refused by then. What this instance wrote, and on SQLite
/// the command too, it knows at once.
pub const KNOWN_FOR: Duration = Duration::from_secs(5);

/// How many tokens are known at a time, those that are worth nothing among them.
const KNOWN: u64 = 10_000;

/// A token that nobody has yet.
pub fn fresh() -> Result<String, Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a token.
pub fn hash(token: &str) -> String {
    format!("{:x}", Sha256::digest(token))
}

/// Every token that was ever given, the oldest first.
pub async fn list(database: &Database) -> Result<Vec<Model>, Error> {
    let mut all = select();
    all.order_by(Column::Id, Order::Asc);
    let rows = database.fetch::<(i64, Model)>(&all).await?;
    Ok(rows.into_iter().map(|(_, token)| token).collect())
}

/// Each row with its number before it.
fn select() -> SelectStatement {
    let mut rows = Query::select();
    rows.expr_as(column::<Entity>(Column::Id), "number")
        .columns(Column::iter().map(|column| ("token", column)))
        .from("token");
    rows
}

/// The tokens of a database.
pub(super) struct Tokens {
    database: Database,
    /// By when this instance had last written tokens, and the hash.
    known: Cache<(u64, String), Option<Model>>,
}

impl Tokens {
    pub(super) fn new(database: &Database) -> Self {
        let known = Cache::builder().max_capacity(KNOWN).time_to_live(KNOWN_FOR).build();
        Self { database: database.clone(), known }
    }

    /// Whose token it is, while it is in force.
    pub(super) async fn find(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Viewer>, Error> {
        event::current(&self.database).await?;
        // Asked for before the row is read: what is read is at least as new.
        let key = (self.database.tokens_written(), hash(token));
        let row = match self.known.get(&key) {
            Some(row) => row,
            None => {
                let mut one = select();
                one.and_where(column::<Entity>(Column::Hash).eq(key.1.as_str()));
                let found = self.database.fetch::<(i64, Model)>(&one).await?;
                let row = found.into_iter().next().map(|(_, row)| row);
                self.known.insert(key, row.clone());
                row
            }
        };
        let now = now.into();
        Ok(row.filter(|row| row.is_in_force(now)).map(|row| Viewer::named(&row.name, row.role)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_alike_and_never_the_same() {
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        assert_ne!(one, other);
        for token in [one, other] {
            assert_eq!(token.len(), PREFIX.len() + 43, "{token}");
            assert!(token.starts_with(PREFIX));
            assert_eq!(hash(&token).len(), 64);
        }
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
