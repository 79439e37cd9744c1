//! `hutong token`: who may do more than anyone.

use std::time::Duration;

use chrono::Utc;
use clap::Subcommand;
use entity::{token::Model, vocabulary::Role};
use sea_orm::{ActiveEnum, Iterable};

use crate::{
    access::{token, word},
    config::Config,
    database::Database,
    error::Error,
    record::token::{NewToken, grant, withdraw},
};

/// What is done with tokens.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Task {
    /// Grant a token and print it, this once: what is kept is not the token
    Create {
        /// Whose it is: by this name it is listed and revoked, and found in the audit log
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What they may do: reader, editor, publisher or admin, each what those before may
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Role,
        /// After how long it is worth nothing: 12h, 30d, 1y; or never
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = lifetime)]
        expires: Lifetime,
    },
    /// List all tokens there ever were, by what is known of them
    List,
    /// Withdraw a token: within seconds nobody can use it any more
    Revoke {
        /// The name or the number of the token
        #[arg(value_name = "NAME|NUMBER")]
        token: String,
    },
}

/// How long a token is worth something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// So long.
    For(Duration),
    /// Until it is withdrawn.
    Ever,
}

/// Grants, lists or withdraws.
pub(super) async fn perform(task: Task, config: &Config) -> Result<(), Error> {
    let database = Database::open(&config.database).await?;
    database.migrate().await?;
    let now = Utc::now();
    match task {
        Task::Create { name, role, expires } => {
            let expires_at = match expires {
                Lifetime::For(time) => Some(now + time),
                Lifetime::Ever => None,
            };
            let new = NewToken { name: name.clone(), role, expires_at };
            let text = grant(&database, new, now).await?;
            let until = expires_at.map_or("until it is revoked".to_owned(), |at| {
                format!("until {}", at.format("%Y-%m-%d %H:%M UTC"))
            });
            eprintln!("{name} has the role {} {until}. The token is shown this once:", word(role));
            println!("{text}");
        }
        Task::List => print!("{}", table(&token::list(&database).await?, now.into())),
        Task::Revoke { token } => {
            for Model { id, name, .. } in withdraw(&database, &token, now).await? {
                eprintln!("revoked the token {id} of {name}");
            }
        }
    }
    database.close().await
}

/// Tokens as lines of columns.
fn table(tokens: &[Model], now: entity::DateTime) -> String {
    let row = |token: &Model| {
        let state = match token {
            Model { revoked_at: Some(_), .. } => "revoked",
            token if token.is_in_force(now) => "in force",
            _ => "expired",
        };
        let day = |time: Option<entity::DateTime>, none: &str| {
            time.map_or(none.to_owned(), |time| time.to_string())
        };
        [
            token.id.to_string(),
            token.name.clone(),
            word(token.role),
            state.to_owned(),
            token.created_at.to_string(),
            day(token.expires_at, "never"),
            day(token.revoked_at, "-"),
        ]
    };
    let head = ["NUMBER", "NAME", "ROLE", "STATE", "CREATED", "EXPIRES", "REVOKED"];
    let rows: Vec<_> =
        std::iter::once(head.map(str::to_owned)).chain(tokens.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).filter_map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn role(text: &str) -> Result<Role, String> {
    Role::iter().find(|role| role.to_value().eq_ignore_ascii_case(text)).ok_or_else(|| {
        let words: Vec<String> = Role::iter().map(|role| word(role).to_lowercase()).collect();
        format!("write {}", words.join(", "))
    })
}

fn lifetime(text: &str) -> Result<Lifetime, String> {
    /// A hundred years.
    const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
    match text {
        "never" => Ok(Lifetime::Ever),
        _ => match humantime::parse_duration(text) {
            Ok(time) if !time.is_zero() && time <= LONGEST => Ok(Lifetime::For(time)),
            _ => Err("write a time like 12h, 30d or 1y, a hundred years at the most, or never"
                .to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_as_people_write_them() {
        let days = |days: u64| Ok(Lifetime::For(Duration::from_secs(days * 86_400)));
        assert_eq!(lifetime("30d"), days(30));
        assert_eq!(lifetime("2w"), days(14));
        assert_eq!(lifetime("12h"), Ok(Lifetime::For(Duration::from_secs(43_200))));
        assert_eq!(lifetime("never"), Ok(Lifetime::Ever));
        for wrong in ["", "0d", "30", "-1d", "soon", "1000y", "99999999999999999999y"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
