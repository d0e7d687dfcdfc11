//! What screens and the REST API show. Names of fields are those of the REST
//! API; times are UTC.

mod account;
mod catalogue;
mod competitors;
mod conflicts;
mod integration;
mod price_check;
mod prices;
mod sales;
mod sync;
mod webhook;

pub use account::{Me, Membership, ProjectView, SetupState};
pub use catalogue::{ListingView, ProductQuery, ProductRow, ProductSort};
pub use competitors::CompetitorOfferView;
pub use conflicts::{
    ConflictCounts, ConflictField, ConflictQuery, ConflictSide, ConflictStatus, ConflictView,
    ConflictsResolved, ConflictsUndone, HeldReason, HeldView, MatchingConflicts, RefusedConflict,
    SeenConflict, StoreConflicts, UndoConflicts,
};
pub use integration::{
    ConnectionTest, Disconnected, IntegrationCounters, IntegrationDetail, IntegrationView,
    OneClickStart,
};
pub use price_check::{PriceCheckStatus, PriceCheckView, PriceTrialView, TrialResult};
pub use prices::{
    LedgerStep, ListingLedgerView, NewPrice, NewPricePush, PriceChangeView, PriceItemStatus,
    PriceItemView, PriceLedgerView, PricePushStatus, PricePushView, PriceShift, PriceSource,
    Rounding, WantedPrice, WantedPrices,
};
pub use sales::{DaySales, ListingSales, Sold, StoreSales};
pub use sync::{ItemFailureView, PhaseView, RunDetail, RunQuery, RunView};
pub use webhook::{
    DeliveryEffect, DeliveryState, MeaningKind, SignatureResult, SubscriptionState,
    WebhookDeliveryDetail, WebhookDeliveryView, WebhookMeaning, WebhookSubscriptionView,
    WebhooksView,
};
