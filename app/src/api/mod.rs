//! Server functions: what the pages ask of the server. Each is a thin call of
//! `services`; one file an aggregate. All are `POST /api/fn/NAME` with JSON both
//! ways.

#![expect(
    missing_docs,
    reason = "the structs that `#[server]` makes of arguments have fields named as these"
)]

pub mod account;
pub mod conflicts;
pub mod failures;
pub mod integrations;
pub mod platforms;
pub mod prices;
pub mod products;
pub mod retries;
pub mod settings;
pub mod syncs;
pub mod webhooks;

#[cfg(feature = "csr")]
mod browser;
mod error;
mod protocol;
mod reading;
mod unlogged;

pub use error::ApiError;
pub use protocol::JsonPost;
#[cfg(feature = "csr")]
pub(crate) use reading::read;
pub use unlogged::Unlogged;

/// The path of every server function.
pub const PATHS: &[&str] = &[
    "/api/fn/setup_state",
    "/api/fn/set_up",
    "/api/fn/sign_in",
    "/api/fn/sign_out",
    "/api/fn/me",
    "/api/fn/list_platforms",
    "/api/fn/list_integrations",
    "/api/fn/integration_config",
    "/api/fn/test_connection",
    "/api/fn/test_integration",
    "/api/fn/connect_integration",
    "/api/fn/reconnect_integration",
    "/api/fn/start_one_click",
    "/api/fn/rename_integration",
    "/api/fn/pause_integration",
    "/api/fn/resume_integration",
    "/api/fn/disconnect_integration",
    "/api/fn/get_integration",
    "/api/fn/get_settings",
    "/api/fn/save_settings",
    "/api/fn/put_credentials",
    "/api/fn/start_sync",
    "/api/fn/recent_syncs",
    "/api/fn/list_syncs",
    "/api/fn/sync_charts",
    "/api/fn/get_sync",
    "/api/fn/cancel_sync",
    "/api/fn/list_failures",
    "/api/fn/list_failure_groups",
    "/api/fn/get_failure_exchange",
    "/api/fn/expunge_failures",
    "/api/fn/list_parked",
    "/api/fn/unpark_items",
    "/api/fn/plan_sync",
    "/api/fn/retry_sync",
    "/api/fn/preview_prices_again",
    "/api/fn/get_webhooks",
    "/api/fn/recreate_webhooks",
    "/api/fn/list_deliveries",
    "/api/fn/delivery_payload",
    "/api/fn/redeliver",
    "/api/fn/list_products",
    "/api/fn/list_listings",
    "/api/fn/product_sales",
    "/api/fn/list_price_pushes",
    "/api/fn/preview_prices",
    "/api/fn/get_price_push",
    "/api/fn/list_price_push_items",
    "/api/fn/check_price_push",
    "/api/fn/stop_price_check",
    "/api/fn/apply_price_push",
    "/api/fn/discard_price_push",
    "/api/fn/revert_price_push",
    "/api/fn/set_price",
    "/api/fn/list_price_ledgers",
    "/api/fn/list_price_push_stores",
    "/api/fn/get_price_ledger",
    "/api/fn/list_price_changes",
    "/api/fn/get_guardrails",
    "/api/fn/set_guardrails",
    "/api/fn/list_conflicts",
    "/api/fn/count_conflicts",
    "/api/fn/count_matching_conflicts",
    "/api/fn/resolve_conflict",
    "/api/fn/resolve_conflicts",
    "/api/fn/resolve_matching_conflicts",
    "/api/fn/undo_conflicts",
];

/// Registers every server function. Called once at start: a linker may drop
/// what registers itself.
#[cfg(feature = "ssr")]
pub fn register() {
    use leptos::server_fn::axum::register_explicit;

    register_explicit::<account::SetupState>();
    register_explicit::<account::SetUp>();
    register_explicit::<account::SignIn>();
    register_explicit::<account::SignOut>();
    register_explicit::<account::Me>();
    register_explicit::<platforms::ListPlatforms>();
    register_explicit::<integrations::ListIntegrations>();
    register_explicit::<integrations::IntegrationConfig>();
    register_explicit::<integrations::TestConnection>();
    register_explicit::<integrations::TestIntegration>();
    register_explicit::<integrations::ConnectIntegration>();
    register_explicit::<integrations::ReconnectIntegration>();
    register_explicit::<integrations::StartOneClick>();
    register_explicit::<integrations::RenameIntegration>();
    register_explicit::<integrations::PauseIntegration>();
    register_explicit::<integrations::ResumeIntegration>();
    register_explicit::<integrations::DisconnectIntegration>();
    register_explicit::<settings::GetIntegration>();
    register_explicit::<settings::GetSettings>();
    register_explicit::<settings::SaveSettings>();
    register_explicit::<settings::PutCredentials>();
    register_explicit::<syncs::StartSync>();
    register_explicit::<syncs::RecentSyncs>();
    register_explicit::<syncs::ListSyncs>();
    register_explicit::<syncs::SyncCharts>();
    register_explicit::<syncs::GetSync>();
    register_explicit::<syncs::CancelSync>();
    register_explicit::<failures::ListFailures>();
    register_explicit::<failures::ListFailureGroups>();
    register_explicit::<failures::GetFailureExchange>();
    register_explicit::<failures::ExpungeFailures>();
    register_explicit::<failures::ListParked>();
    register_explicit::<failures::UnparkItems>();
    register_explicit::<retries::PlanSync>();
    register_explicit::<retries::RetrySync>();
    register_explicit::<retries::PreviewPricesAgain>();
    register_explicit::<webhooks::GetWebhooks>();
    register_explicit::<webhooks::RecreateWebhooks>();
    register_explicit::<webhooks::ListDeliveries>();
    register_explicit::<webhooks::DeliveryPayload>();
    register_explicit::<webhooks::Redeliver>();
    register_explicit::<products::ListProducts>();
    register_explicit::<products::ListListings>();
    register_explicit::<products::ProductSales>();
    register_explicit::<prices::ListPricePushes>();
    register_explicit::<prices::PreviewPrices>();
    register_explicit::<prices::GetPricePush>();
    register_explicit::<prices::ListPricePushItems>();
    register_explicit::<prices::CheckPricePush>();
    register_explicit::<prices::StopPriceCheck>();
    register_explicit::<prices::ApplyPricePush>();
    register_explicit::<prices::DiscardPricePush>();
    register_explicit::<prices::RevertPricePush>();
    register_explicit::<prices::SetPrice>();
    register_explicit::<prices::ListPriceLedgers>();
    register_explicit::<prices::ListPricePushStores>();
    register_explicit::<prices::GetPriceLedger>();
    register_explicit::<prices::ListPriceChanges>();
    register_explicit::<prices::GetGuardrails>();
    register_explicit::<prices::SetGuardrails>();
    register_explicit::<conflicts::ListConflicts>();
    register_explicit::<conflicts::CountConflicts>();
    register_explicit::<conflicts::CountMatchingConflicts>();
    register_explicit::<conflicts::ResolveConflict>();
    register_explicit::<conflicts::ResolveConflicts>();
    register_explicit::<conflicts::ResolveMatchingConflicts>();
    register_explicit::<conflicts::UndoConflicts>();
}
