//! Tokens: granted and withdrawn. They are no part of the data, whose revision stays as it is.

use chrono::{DateTime, Utc};
use entity::{
    dataset,
    token::{ActiveModel, Column, Entity, Model},
    vocabulary::Role,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use serde_json::json;

use super::{By, sign::sign};
use crate::{
    access::{token, word},
    database::{Database, Transaction},
    error::Error,
    event,
};

/// A token that is to be granted.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it is to be: the name by which it is listed, withdrawn and found in the audit log.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// From when on it is worth nothing; none for never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Grants a token, and returns it: nothing else ever will. Its name must not be that of one that is
/// in force.
pub async fn grant(
    database: &Database,
    new: NewToken,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    check(&new, now)?;
    let text = token::fresh()?;
    let transaction = database.begin().await?;
    let alike = Entity::find().filter(Column::Name.eq(&new.name)).all(&transaction).await?;
    if let Some(other) = alike.iter().find(|other| other.is_in_force(now.into())) {
        return Err(Error::input(format!(
            "the token {} has the name {:?} already; withdraw it first, or choose another name",
            other.id, new.name
        )));
    }
    let row = ActiveModel {
        id: NotSet,
        name: Set(new.name.clone()),
        role: Set(new.role),
        hash: Set(token::hash(&text)),
        created_at: Set(now.into()),
        expires_at: Set(new.expires_at.map(Into::into)),
        revoked_at: Set(None),
    };
    let operation = format!("token create {} {}", new.name, word(new.role));
    Entity::insert(row).exec_without_returning(&transaction).await?;
    note(&transaction, operation, now).await?;
    transaction.commit(&there(Column::Hash.eq(token::hash(&text)))).await?;
    database.note_tokens();
    Ok(text)
}

/// Withdraws the tokens that have a name, or the one with a number, and returns them as they were.
/// None of them is worth anything from now on.
pub async fn withdraw(
    database: &Database,
    which: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Error> {
    let mut named = Condition::any().add(Column::Name.eq(which));
    if let Ok(number) = which.parse::<i64>() {
        named = named.add(Column::Id.eq(number));
    }
    let meant = Condition::all().add(named).add(Column::RevokedAt.is_null());
    let transaction = database.begin().await?;
    let found = Entity::find().filter(meant.clone()).order_by_asc(Column::Id);
    let found = found.all(&transaction).await?;
    if found.is_empty() {
        return Err(Error::input(format!(
            "there is no token {which:?} that could be withdrawn; `hutong token list` shows them"
        )));
    }
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::val(entity::DateTime::from(now)))
        .filter(meant)
        .exec(&transaction)
        .await?;
    let ids: Vec<i64> = found.iter().map(|token| token.id).collect();
    for Model { name, role, .. } in &found {
        note(&transaction, format!("token revoke {name} {}", word(*role)), now).await?;
    }
    let withdrawn = Column::RevokedAt.is_not_null();
    transaction.commit(&there(withdrawn.and(Column::Id.is_in(ids)))).await?;
    database.note_tokens();
    Ok(found)
}

/// A row for each token like this.
fn there(like: Expr) -> SelectStatement {
    Query::select().column(Column::Id).from(Entity).and_where(like).take()
}

/// Leaves behind in the audit log what was done to a token.
async fn note(
    transaction: &Transaction,
    operation: String,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let dataset = dataset::Entity::find().one(transaction).await?;
    let revision = dataset.map_or(0, |dataset| dataset.public_revision);
    sign(transaction, &By::operator(operation), now, revision, json!({})).await?;
    event::announce_tokens(transaction).await
}

/// A name for people that is no number, and a time to come.
fn check(new: &NewToken, now: DateTime<Utc>) -> Result<(), Error> {
    let name = &new.name;
    let length = name.chars().count();
    let sound = (1..=LONGEST_NAME).contains(&length)
        && name.trim() == name
        && !name.chars().any(char::is_control)
        && name.parse::<i64>().is_err();
    if !sound {
        return Err(Error::input(format!(
            "the name {name:?} must be 1 to {LONGEST_NAME} characters, without spaces at its ends \
             and no number, for tokens are also withdrawn by their numbers"
        )));
    }
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::input("a token must expire after now"));
    }
    Ok(())
}
