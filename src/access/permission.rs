//! What may be done, and which role it takes: said here and nowhere else.

use std::fmt;

use async_graphql::Enum;
use strum::{IntoStaticStr, VariantArray};

use super::{Role, Viewer, word};
use crate::error::Error;

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    /// Read what is public.
    Read,
    /// Record, change and remove data.
    Write,
    /// See figures before the day on which they become public.
    SeeEmbargoed,
    /// Say on which day figures become public, and lift that.
    SetEmbargo,
    /// Read who wrote what.
    ReadAudit,
}

impl Permission {
    /// The least role that has it.
    pub fn role(self) -> Role {
        match self {
            Self::Read => Role::Reader,
            Self::Write | Self::SeeEmbargoed => Role::Editor,
            Self::SetEmbargo => Role::Publisher,
            Self::ReadAudit => Role::Admin,
        }
    }

    /// All that somebody may do.
    pub fn of(viewer: &Viewer) -> Vec<Self> {
        Self::VARIANTS.iter().copied().filter(|permission| viewer.can(*permission)).collect()
    }

    /// As the API spells it.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The same as an action.
    fn doing(self) -> &'static str {
        match self {
            Self::Read => "reading",
            Self::Write => "writing",
            Self::SeeEmbargoed => "seeing figures that are not public yet",
            Self::SetEmbargo => "deciding when figures become public",
            Self::ReadAudit => "reading the audit log",
        }
    }
}

/// Somebody may not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    /// What they would do.
    pub permission: Permission,
    /// What they have.
    pub viewer: Viewer,
}

/// Which role it takes, and which they have.
impl fmt::Display for Forbidden {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { permission, viewer } = self;
        write!(to, "{} needs the role {}; ", permission.doing(), word(permission.role()))?;
        match (&viewer.name, viewer.role) {
            (Some(_), Some(role)) => write!(to, "your token has {}", word(role)),
            _ => write!(to, "no token was sent"),
        }
    }
}

/// Refuses somebody who may not do this.
pub fn require(viewer: &Viewer, permission: Permission) -> Result<(), Error> {
    match viewer.can(permission) {
        true => Ok(()),
        false => Err(Error::Forbidden(Forbidden { permission, viewer: viewer.clone() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let refused = |viewer: &Viewer, permission| {
            require(viewer, permission).map_err(|error| error.to_string()).unwrap_err()
        };
        assert_eq!(
            refused(&Viewer::anyone(), Permission::Write),
            "writing needs the role EDITOR; no token was sent"
        );
        assert_eq!(
            refused(&Viewer::named("desk", Role::Editor), Permission::SetEmbargo),
            "deciding when figures become public needs the role PUBLISHER; your token has EDITOR"
        );
        assert!(require(&Viewer::named("desk", Role::Editor), Permission::SeeEmbargoed).is_ok());
    }
}
