//! Roles of a project's members.

use crate::status::words;
use serde::{Deserialize, Serialize};

words!(
    /// What a member may do; each role may do all that the ones before it may.
    Role ("role") {
        /// Sees everything of the project, changes nothing.
        Viewer = "viewer",
        /// Runs syncs, sets prices, resolves conflicts.
        Editor = "editor",
        /// Connects and disconnects stores, holds members and settings.
        Admin = "admin",
        /// Owns the project.
        Owner = "owner",
    }
);

impl Role {
    /// Whether this role is `needed` or more.
    pub fn allows(self, needed: Role) -> bool {
        self >= needed
    }
}
