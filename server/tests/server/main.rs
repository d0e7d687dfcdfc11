//! The real binary, asked over HTTP and at the shell, on a real PostgreSQL.
//!
//! Run with `scripts/with-postgres cargo test -p calibr-server --test server`.

#[cfg(test)]
mod account;
#[cfg(test)]
mod amazon;
#[cfg(test)]
mod assets;
#[cfg(test)]
mod bad_days;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod blank_prices;
#[cfg(test)]
mod cancelling;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod conflicts;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod events;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod health;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod one_click;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod people;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod price_checks;
#[cfg(test)]
mod price_tables;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod run_history;
#[cfg(test)]
mod safety;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod support;
#[cfg(test)]
mod syncs;
#[cfg(test)]
mod unchanged;
#[cfg(test)]
mod vendure;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod woocommerce;
#[cfg(test)]
mod wrong_store;
