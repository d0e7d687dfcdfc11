//! What the tests' givens are made of.

mod records;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use calibr_model::{
    Clock, IntegrationId, PageRequest, ProjectId, Random, Role, Sources, SyncRunId, UserId,
    status::{RunTrigger, RunType, SyncStatus},
    views::{ListingView, ProductQuery, ProductRow, RunView},
};
use calibr_store::{
    Db, StoreError, TenantTx,
    accounts::UserRecord,
    catalogue::{BatchContext, BatchCounts, BatchInput},
    integrations::NewIntegration,
    runs::{Claim, ClaimedRun, NewRun, Outcome, WorkerId},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgPool};

pub(crate) use self::records::{
    batch, digest, eur, failure, line, order, product, variant, with_sku,
};

/// Stands still until it is moved.
#[derive(Debug)]
pub(crate) struct HeldClock(Mutex<DateTime<Utc>>);

impl HeldClock {
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HeldClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Never gives the same twice, and the same in every run of a test.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, digit) in bytes.iter_mut().rev().zip(number.iter().rev()) {
            *byte = *digit;
        }
    }
}

/// A database with nobody in it yet.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) clock: Arc<HeldClock>,
    pub(crate) sources: Sources,
}

/// A run under way.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: SyncRunId,
    pub(crate) integration: IntegrationId,
    pub(crate) worker: WorkerId,
    pub(crate) claimed: ClaimedRun,
}

impl World {
    pub(crate) fn new(pool: PgPool) -> Self {
        let clock = Arc::new(HeldClock(Mutex::new(
            "2026-11-23T12:00:00Z".parse().unwrap(),
        )));
        Self {
            db: Db::from_pool(pool),
            sources: Sources {
                clock: clock.clone(),
                random: Arc::new(Counting::default()),
            },
            clock,
        }
    }

    /// With a project and a store in it.
    pub(crate) async fn with_store(pool: PgPool) -> (Self, ProjectId, IntegrationId) {
        let world = Self::new(pool);
        let (project, _) = world.project("acme").await;
        let integration = world.integration(project, "acme.example").await;
        (world, project, integration)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.sources.now()
    }

    /// The owner's connections, for looking on from outside.
    pub(crate) fn owner(&self) -> &PgPool {
        self.db.owner_pool()
    }

    pub(crate) async fn tenant(&self, project: ProjectId) -> TenantTx {
        self.db.tenant(project).await.unwrap()
    }

    pub(crate) async fn user(&self, email: &str) -> UserId {
        let user = UserRecord {
            id: self.sources.id(),
            email: email.to_owned(),
            name: format!("Name of {email}"),
            password_hash: "$argon2id$…".to_owned(),
        };
        let mut tx = self.db.system().await.unwrap();
        tx.add_user(&user, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        user.id
    }

    /// A project and its owner.
    pub(crate) async fn project(&self, slug: &str) -> (ProjectId, UserId) {
        let owner = self.user(&format!("owner@{slug}.example")).await;
        let project = self.sources.id();
        let mut tx = self.tenant(project).await;
        tx.add_project(&slug.parse().unwrap(), slug, "Europe/Berlin", self.now())
            .await
            .unwrap();
        tx.add_member(owner, Role::Owner, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        (project, owner)
    }

    pub(crate) async fn integration(&self, project: ProjectId, store: &str) -> IntegrationId {
        let user = self.user(&format!("{}@{store}", self.sources.uuid())).await;
        let id = self.sources.id();
        let mut tx = self.tenant(project).await;
        tx.add_integration(
            &NewIntegration {
                id,
                platform: &"shopify".parse().unwrap(),
                name: store,
                store_key: store,
                address: store,
                config: &BTreeMap::new(),
                connected_by: user,
            },
            self.now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) fn new_run(&self, integration: IntegrationId, r#type: RunType) -> NewRun {
        NewRun {
            id: self.sources.id(),
            integration,
            r#type,
            trigger: RunTrigger::Person,
            triggered_by: None,
            since: None,
            retry: None,
        }
    }

    pub(crate) async fn queued(&self, project: ProjectId, integration: IntegrationId) -> SyncRunId {
        let run = self.new_run(integration, RunType::Full);
        let mut tx = self.tenant(project).await;
        assert!(tx.add_run(&run, self.now()).await.unwrap());
        tx.commit().await.unwrap();
        run.id
    }

    pub(crate) fn worker(&self) -> WorkerId {
        WorkerId(self.sources.uuid())
    }

    pub(crate) async fn claim(
        &self,
        project: ProjectId,
        run: SyncRunId,
        worker: WorkerId,
    ) -> Claim {
        let mut tx = self.tenant(project).await;
        let claim = tx.claim_run(run, worker, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        claim
    }

    /// Claims a queued run with a worker of its own.
    pub(crate) async fn take_up(&self, project: ProjectId, run: SyncRunId) -> Run {
        let worker = self.worker();
        match self.claim(project, run, worker).await {
            Claim::Claimed(claimed) => Run {
                id: run,
                integration: claimed.integration,
                worker,
                claimed: *claimed,
            },
            other => panic!("the run should be free, but: {other:?}"),
        }
    }

    /// A full run under way.
    pub(crate) async fn run(&self, project: ProjectId, integration: IntegrationId) -> Run {
        let id = self.queued(project, integration).await;
        self.take_up(project, id).await
    }

    pub(crate) fn context(&self, run: &Run) -> BatchContext<'_> {
        BatchContext {
            run: run.id,
            integration: run.integration,
            worker: run.worker,
            sources: &self.sources,
        }
    }

    pub(crate) async fn try_write(
        &self,
        run: &Run,
        batch: &BatchInput,
    ) -> Result<BatchCounts, StoreError> {
        let mut tx = self.tenant(run.claimed.project).await;
        let counts = tx.write_batch(batch, &self.context(run)).await?;
        tx.commit().await?;
        Ok(counts)
    }

    pub(crate) async fn write(&self, run: &Run, batch: &BatchInput) -> BatchCounts {
        self.try_write(run, batch).await.unwrap()
    }

    pub(crate) async fn mark_gone(&self, run: &Run) -> i64 {
        let mut gone = 0;
        loop {
            let mut tx = self.tenant(run.claimed.project).await;
            let removed = tx.mark_gone(&self.context(run)).await.unwrap();
            tx.commit().await.unwrap();
            gone += removed.listings;
            if !removed.more {
                return gone;
            }
        }
    }

    pub(crate) async fn finish(&self, run: &Run, status: SyncStatus) {
        let mut tx = self.tenant(run.claimed.project).await;
        let outcome = Outcome {
            status,
            error: None,
            error_code: None,
        };
        tx.finish_run(&run.claimed, &outcome, self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// One whole full run: all batches, what is gone, the end.
    pub(crate) async fn sync(
        &self,
        project: ProjectId,
        integration: IntegrationId,
        batches: &[BatchInput],
    ) -> RunView {
        let run = self.run(project, integration).await;
        for batch in batches {
            self.write(&run, batch).await;
        }
        self.mark_gone(&run).await;
        self.finish(&run, SyncStatus::Success).await;
        self.run_view(&run).await
    }

    pub(crate) async fn run_view(&self, run: &Run) -> RunView {
        let mut tx = self.tenant(run.claimed.project).await;
        tx.run(run.integration, run.id).await.unwrap().unwrap()
    }

    /// The worker of a run has not been heard of for longer than its lease.
    pub(crate) async fn let_lease_lapse(&self, run: SyncRunId) {
        let done = sqlx::query(
            "UPDATE sync_runs SET lease_until = now() - interval '1 second' WHERE id = $1",
        )
        .bind(run.0)
        .execute(self.owner())
        .await
        .unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// All listings of a project, by their external id.
    pub(crate) async fn listings(&self, project: ProjectId) -> Vec<ListingView> {
        let mut tx = self.tenant(project).await;
        let page = PageRequest {
            limit: Some(PageRequest::MAX_LIMIT),
            cursor: None,
        };
        let mut page = tx.listings(None, None, &page).await.unwrap();
        assert_eq!(page.next_cursor, None, "more than one page");
        page.items
            .sort_by(|one, other| one.external_id.cmp(&other.external_id));
        page.items
    }

    pub(crate) async fn listing(&self, project: ProjectId, external_id: &str) -> ListingView {
        let found: Vec<ListingView> = self
            .listings(project)
            .await
            .into_iter()
            .filter(|listing| listing.external_id == external_id)
            .collect();
        <[ListingView; 1]>::try_from(found).unwrap()[0].clone()
    }

    /// The first 250 products that a query gives.
    pub(crate) async fn find(&self, project: ProjectId, query: &ProductQuery) -> Vec<ProductRow> {
        let mut tx = self.tenant(project).await;
        let page = PageRequest {
            limit: Some(PageRequest::MAX_LIMIT),
            cursor: None,
        };
        tx.products(query, &page).await.unwrap().items
    }

    pub(crate) async fn products(&self, project: ProjectId) -> Vec<ProductRow> {
        self.find(project, &ProductQuery::default()).await
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(self.owner())
            .await
            .unwrap()
    }

    /// Which version of each row of a table is the live one: two of these are
    /// the same where nothing was written in between.
    pub(crate) async fn row_versions(&self, table: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT ctid::text || ' ' || xmin::text FROM {table} ORDER BY 1"
        )))
        .fetch_all(self.owner())
        .await
        .unwrap()
    }
}

/// Waits until some session of this database waits for a lock.
pub(crate) async fn somebody_waits(pool: &PgPool) {
    loop {
        let waiting: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock')",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        if waiting {
            return;
        }
        tokio::task::yield_now().await;
    }
}
