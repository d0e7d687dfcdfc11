use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProjectId, UserId},
    role::Role,
    slug::ProjectSlug,
};

/// Whether this installation has an owner yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupState {
    /// `true` until the set-up page has made the owner.
    pub needs_setup: bool,
}

/// The signed-in person: `GET /api/auth/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// The projects they belong to, by name.
    pub projects: Vec<Membership>,
}

/// One project a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Membership {
    /// The project.
    pub project: ProjectView,
    /// What they may do there.
    pub role: Role,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// Its address.
    pub slug: ProjectSlug,
    /// Its name.
    pub name: String,
    /// IANA name of the time zone its times are shown in.
    pub time_zone: String,
}
