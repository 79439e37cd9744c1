//! Who is asking, and what they may do.
//!
//! Whoever asks is a [`Viewer`]: nobody in particular, or whose token was sent. A token is one of
//! the server's own ([`token`]) or was signed by an identity provider ([`jwt`]). What each role may
//! do is said in one place, by [`Permission`].

pub mod jwt;
mod keys;
pub mod permission;
pub mod token;

use std::sync::Arc;

use chrono::{DateTime, Utc};
pub use entity::vocabulary::Role;

pub use self::permission::{Forbidden, Permission, require};
use self::{jwt::Provider, token::Tokens};
use crate::{database::Database, error::Error};

/// Who is let in.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Access")]
#[group(skip)]
pub struct Options {
    /// Whether everybody may read; where not, a token is needed for all but health and the page
    #[arg(long, env = "HUTONG_PUBLIC_READ", value_name = "BOOL", global = true)]
    #[arg(default_value_t = true, action = clap::ArgAction::Set)]
    pub public_read: bool,
    /// The identity provider whose tokens are taken.
    #[command(flatten)]
    pub jwt: jwt::Options,
}

/// Whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// What they may do; none where they may not even read.
    pub role: Option<Role>,
    /// The name of their token; none for strangers and for the server itself.
    pub name: Option<Arc<str>>,
}

impl Viewer {
    /// Somebody without a token, where everybody may read.
    pub fn anyone() -> Self {
        Self { role: Some(Role::Reader), name: None }
    }

    /// The server itself, and whoever can start it.
    pub fn operator() -> Self {
        Self { role: Some(Role::Admin), name: None }
    }

    /// Whose token it is.
    fn named(name: &str, role: Role) -> Self {
        Self { role: Some(role), name: Some(name.into()) }
    }

    /// Whether they may do what somebody with the role may.
    pub fn may(&self, role: Role) -> bool {
        self.role.is_some_and(|own| own as u8 >= role as u8)
    }

    /// Whether they may do this.
    pub fn can(&self, permission: Permission) -> bool {
        self.may(permission.role())
    }

    /// Whether they see what is under embargo.
    pub fn is_insider(&self) -> bool {
        self.can(Permission::SeeEmbargoed)
    }
}

/// The door: tells who somebody is by what they show.
pub struct Access {
    public: bool,
    tokens: Tokens,
    provider: Option<Provider>,
}

impl Access {
    /// The door to a database. Fails where the options contradict each other, or the file of keys
    /// cannot be read.
    pub fn new(options: &Options, database: &Database) -> Result<Self, Error> {
        let provider = Provider::new(&options.jwt)?;
        Ok(Self { public: options.public_read, tokens: Tokens::new(database), provider })
    }

    /// Who somebody is: by their token, which must be worth something, or anyone.
    ///
    /// What is refused is refused in the same words, whatever is wrong with it.
    pub async fn admit(&self, token: Option<&str>, now: DateTime<Utc>) -> Result<Viewer, Error> {
        let Some(token) = token else {
            return match self.public {
                true => Ok(Viewer::anyone()),
                false => Err(Error::Unauthenticated(MISSING)),
            };
        };
        let viewer = match &self.provider {
            _ if token.starts_with(token::PREFIX) => self
                .tokens
                .find(token, now)
                .await?
                .ok_or_else(|| "it is none of this server's that is in force".to_owned()),
            Some(provider) => provider.find(token).await,
            None => {
                Err("it is none of this server's, and there is no identity provider".to_owned())
            }
        };
        viewer.map_err(|why| {
            tracing::info!(why, "a token is refused");
            Error::Unauthenticated(WORTHLESS)
        })
    }
}

/// Where nothing was shown.
const MISSING: &str =
    "this server answers those who have a token; send it as `Authorization: Bearer TOKEN`";

/// Where what was shown is worth nothing.
const WORTHLESS: &str = "the token is unknown, expired or withdrawn; send one that is in force";

/// A role as the API spells it.
pub fn word(role: Role) -> String {
    sea_orm::ActiveEnum::to_value(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_may() {
        let roles = [Role::Reader, Role::Editor, Role::Publisher, Role::Admin];
        for (place, own) in roles.into_iter().enumerate() {
            let viewer = Viewer::named("somebody", own);
            for (other, role) in roles.into_iter().enumerate() {
                assert_eq!(viewer.may(role), place >= other, "{own:?} {role:?}");
            }
        }
        assert!(!Viewer::default().may(Role::Reader));
        assert!(Viewer::operator().can(Permission::ReadAudit));
    }
}
