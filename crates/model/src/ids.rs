//! Identifiers: UUIDv7, so that new rows land at the end of an index.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// A project: the tenant, one merchant business.
    ProjectId
);
id!(
    /// A person who can sign in.
    UserId
);
id!(
    /// An integration: one connected store of a project.
    IntegrationId
);
id!(
    /// One execution of a sync for an integration.
    SyncRunId
);
id!(
    /// Prices that were asked for together.
    PricePushId
);
id!(
    /// A product of the project's catalogue.
    ProductId
);
id!(
    /// A variant: what has a price and a SKU.
    VariantId
);
id!(
    /// A listing: one variant as one integration offers it.
    ListingId
);
id!(
    /// A field of a listing that both sides want otherwise.
    ConflictId
);
id!(
    /// Conflicts that were decided together.
    ConflictDecisionId
);
id!(
    /// A message that a platform sent.
    WebhookDeliveryId
);
