//! What screens and the REST API show. Names of fields are those of the REST
//! API; times are UTC.

mod account;
mod catalogue;
mod competitors;
mod conflicts;
mod failures;
mod integration;
mod price_check;
mod prices;
mod retry;
mod run_history;
mod sales;
mod sync;
mod webhook;

pub use account::{Me, Membership, ProjectView, SetupState};
pub use catalogue::{ListingView, ProductQuery, ProductRow, ProductSort};
pub use competitors::CompetitorOfferView;
pub use conflicts::{
    ConflictCounts, ConflictField, ConflictQuery, ConflictSide, ConflictStatus, ConflictView,
    ConflictsResolved, ConflictsUndone, HeldReason, HeldView, MatchingConflicts, MatchingCount,
    RefusedConflict, SeenConflict, StoreConflicts, UndoConflicts,
};
pub use failures::{
    FailureExchange, FailureGroupView, FailureQuery, ItemFailureDetail, ItemFailureView,
    ParkedItemView, ParkedQuery,
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
pub use retry::{RetryView, RetryWish, SyncPlanView};
pub use run_history::{
    FailureCount, FailureSubject, MetricsStep, RunBucket, RunFigures, RunMetrics, RunQuery,
    RunsAsked,
};
pub use sales::{DaySales, ListingSales, Sold, StoreSales};
pub use sync::{PhaseView, RunDetail, RunLogLine, RunView};
pub use webhook::{
    DeliveryEffect, DeliveryState, MeaningKind, SignatureResult, SubscriptionState,
    WebhookDeliveryDetail, WebhookDeliveryView, WebhookMeaning, WebhookSubscriptionView,
    WebhooksView,
};
