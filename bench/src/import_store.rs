//! Rows into the store, against a bare COPY of the very same rows by the same
//! client into the same tables of another database.

use std::time::{Duration, Instant};

use bytes::Bytes;
use calibr_model::{
    Currency, IntegrationId, PlatformId, ProjectId, ProjectSlug, Role, Sources, SyncRunId,
    status::{RunTrigger, RunType},
};
use calibr_store::{
    Db,
    accounts::UserRecord,
    catalogue::{BatchContext, BatchInput},
    integrations::NewIntegration,
    runs::{Claim, NewRun, WorkerId},
};
use futures::TryStreamExt as _;
use sqlx::postgres::PgPoolCopyExt as _;

use crate::{
    Settings, database,
    error::BenchError,
    figure::{Aim, Report, median, note},
    generate,
};

/// Variants in a batch, as the engine writes them.
const BATCH: u32 = 2_000;

/// What an import fills, in the order that references need.
const TABLES: [&str; 4] = ["products", "product_links", "variants", "listings"];

/// What has to be there before the rows of an import.
const GROUND: [&str; 5] = [
    "users",
    "projects",
    "memberships",
    "integrations",
    "sync_runs",
];

/// One table's rows in COPY's text form.
type Rows = Vec<(&'static str, Vec<Bytes>)>;

pub(crate) async fn measure(settings: &Settings, report: &mut Report) -> Result<(), BenchError> {
    let sources = Sources::system();
    let currency: Currency = "EUR"
        .parse()
        .map_err(|_| BenchError::Unfit("EUR is no currency".to_owned()))?;
    let batches = generate::batches(settings.variants, BATCH, currency, sources.now());

    let mut import = Vec::new();
    let mut again = Vec::new();
    let mut copy = Vec::new();
    for round in 1..=settings.rounds {
        let imported = database::migrated(&settings.database, "bench_import").await?;
        let ground = Ground::lay(&imported, &sources).await?;
        database::settle(&imported).await?;
        let first = ground.run(&imported, &sources, &batches).await?;
        ground.check(&imported, settings.variants).await?;
        database::settle(&imported).await?;
        let second = ground.run(&imported, &sources, &batches).await?;

        let fundament = taken(&imported, &GROUND).await?;
        let rows = taken(&imported, &TABLES).await?;
        let copied = database::migrated(&settings.database, "bench_copy").await?;
        put(&copied, &fundament).await?;
        database::settle(&copied).await?;
        let begun = Instant::now();
        put(&copied, &rows).await?;
        let bare = begun.elapsed();
        ground.check(&copied, settings.variants).await?;

        note(&format!(
            "  round {round}: import {first:.2?}, unchanged {second:.2?}, COPY {bare:.2?}"
        ));
        import.push(first.as_secs_f64());
        again.push(second.as_secs_f64());
        copy.push(bare.as_secs_f64());
        imported.close().await;
        copied.close().await;
    }
    let variants = f64::from(settings.variants);
    let (import, again, copy) = (median(import), median(again), median(copy));
    report.add("import, variants a second", variants / import, "1/s");
    report.add(
        "import of unchanged, variants a second",
        variants / again,
        "1/s",
    );
    report.add("bare COPY, variants a second", variants / copy, "1/s");
    report.aim("import to COPY", copy / import, "ratio", Aim::AtLeast(0.6));
    Ok(())
}

/// A project with an integration.
struct Ground {
    project: ProjectId,
    integration: IntegrationId,
}

impl Ground {
    async fn lay(db: &Db, sources: &Sources) -> Result<Self, BenchError> {
        let unfit = |error: &dyn std::fmt::Display| BenchError::Unfit(error.to_string());
        let slug: ProjectSlug = "bench".parse().map_err(|error| unfit(&error))?;
        let platform: PlatformId = "shopify".parse().map_err(|error| unfit(&error))?;
        let now = sources.now();
        let user = UserRecord {
            id: sources.id(),
            email: "owner@bench.example".to_owned(),
            name: "Owner".to_owned(),
            password_hash: "none".to_owned(),
        };
        let ground = Self {
            project: sources.id(),
            integration: sources.id(),
        };
        let mut tx = db.system().await?;
        tx.add_user(&user, now).await?;
        let mut tx = tx.into_tenant(ground.project).await?;
        tx.add_project(&slug, "Bench", "UTC", now).await?;
        tx.add_member(user.id, Role::Owner, now).await?;
        let integration = NewIntegration {
            id: ground.integration,
            platform: &platform,
            name: "Bench",
            store_key: "bench.myshopify.com",
            address: "bench.myshopify.com",
            config: &[].into(),
            connected_by: user.id,
        };
        tx.add_integration(&integration, now).await?;
        tx.commit().await?;
        Ok(ground)
    }

    /// Carries a run as the engine does: a transaction for each batch, with the
    /// checkpoint, and the reconciling at its end. Gives how long that took.
    async fn run(
        &self,
        db: &Db,
        sources: &Sources,
        batches: &[BatchInput],
    ) -> Result<Duration, BenchError> {
        let run: SyncRunId = sources.id();
        let worker = WorkerId(sources.uuid());
        let mut tx = db.tenant(self.project).await?;
        let new = NewRun {
            id: run,
            integration: self.integration,
            r#type: RunType::Full,
            trigger: RunTrigger::Person,
            triggered_by: None,
            since: None,
            retry: None,
        };
        tx.add_run(&new, sources.now()).await?;
        let Claim::Claimed(claimed) = tx.claim_run(run, worker, sources.now()).await? else {
            return Err(BenchError::Unfit("the run was not claimed".to_owned()));
        };
        tx.commit().await?;
        let context = BatchContext {
            run,
            integration: self.integration,
            worker,
            sources,
        };
        let begun = Instant::now();
        for batch in batches {
            let mut tx = db.tenant(self.project).await?;
            tx.write_batch(batch, &context).await?;
            tx.commit().await?;
        }
        let mut more = true;
        while more {
            let mut tx = db.tenant(self.project).await?;
            more = tx.mark_gone(&context).await?.more;
            tx.commit().await?;
        }
        let took = begun.elapsed();
        let mut tx = db.tenant(self.project).await?;
        let outcome = calibr_store::runs::Outcome {
            status: calibr_model::status::SyncStatus::Success,
            error: None,
            error_code: None,
        };
        tx.finish_run(&claimed, &outcome, sources.now()).await?;
        tx.commit().await?;
        Ok(took)
    }

    /// A figure for fewer rows than asked for would mean nothing.
    async fn check(&self, db: &Db, variants: u32) -> Result<(), BenchError> {
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM listings")
            .fetch_one(db.owner_pool())
            .await?;
        if found == i64::from(variants) {
            Ok(())
        } else {
            Err(BenchError::Unfit(format!(
                "{found} listings are there instead of {variants}"
            )))
        }
    }
}

async fn taken(db: &Db, tables: &[&'static str]) -> Result<Rows, BenchError> {
    let mut rows = Vec::new();
    for table in tables {
        let statement = format!("COPY {table} TO STDOUT");
        let chunks = db
            .owner_pool()
            .copy_out_raw(&statement)
            .await?
            .try_collect()
            .await?;
        rows.push((*table, chunks));
    }
    Ok(rows)
}

async fn put(db: &Db, rows: &Rows) -> Result<(), BenchError> {
    for (table, chunks) in rows {
        let statement = format!("COPY {table} FROM STDIN");
        let mut copy = db.owner_pool().copy_in_raw(&statement).await?;
        for chunk in chunks {
            copy.send(chunk.as_ref()).await?;
        }
        copy.finish().await?;
    }
    Ok(())
}
