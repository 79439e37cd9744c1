//! Who is asking, and what they may do.

use std::sync::Arc;

pub use entity::vocabulary::Role;

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

    /// Whether they may do what somebody with the role may.
    pub fn may(&self, role: Role) -> bool {
        self.role.is_some_and(|own| own as u8 >= role as u8)
    }
}
