//! The store on a real PostgreSQL, one database a test. `scripts/with-postgres`
//! provides the server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod accounts;
mod batches;
mod competitors;
mod conflict_shop;
mod conflicts;
mod conflicts_decided;
mod connecting;
mod credentials;
mod deliveries;
mod events;
mod failing;
mod failure_lists;
mod gone;
mod hostile_text;
mod isolation;
mod migrations;
mod orders;
mod price_checks;
mod price_previews;
mod price_shop;
mod prices;
mod products;
mod query_plans;
mod queue;
mod rate_buckets;
mod replays;
mod retries;
mod run_counts;
mod run_lists;
mod run_logs;
mod runs;
mod scopes;
mod sku_matching;
mod support;
mod webhooks;
