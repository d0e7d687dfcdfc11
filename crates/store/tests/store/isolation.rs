//! No project reads or writes another's rows: over every table that the schema
//! has, also one that is added later.

use std::collections::BTreeMap;

use calibr_model::{
    Guardrails, IntegrationId, ProjectId, UserId,
    status::{RunEvent, RunType, SyncStatus},
    views::{DeliveryState, PriceItemStatus, SignatureResult, SubscriptionState},
};
use calibr_store::{
    MIGRATOR,
    catalogue::BatchInput,
    competitors::SeenOffer,
    connect_attempts::ConnectAttempt,
    credentials::{SealedCredential, SealedDataKeyRecord},
    orders::OrderBatchInput,
    prices::{CompareAtMinor, NamedBy, NewPush, PushItem, RefusedInTrial},
    runs::{NewRetry, NewRun, RetrySelection},
    webhooks::{NotTaken, SealedWebhookSecret, SubscriptionInput},
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::support::{
    Run, World, batch, digest, eur, failure, line, order, product, variant, with_sku,
};

/// Tables that belong to no project. One that is added here must be a table
/// that anybody signed in to any project may see the rows of.
const SHARED: &[(&str, &[&str])] = &[
    ("_sqlx_migrations", &[]),
    ("projects", &["INSERT", "SELECT", "UPDATE"]),
    ("rate_buckets", &["DELETE", "INSERT", "SELECT", "UPDATE"]),
    ("sessions", &["DELETE", "INSERT", "SELECT", "UPDATE"]),
    ("users", &["INSERT", "SELECT", "UPDATE"]),
    ("vault_canaries", &["INSERT", "SELECT"]),
];

async fn tenant_tables(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'project_id'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
         ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// At least one row in every tenant's table.
async fn furnish(world: &World, slug: &str) -> ProjectId {
    let (project, owner) = world.project(slug).await;
    let integration = world.integration(project, &format!("{slug}.example")).await;
    let now = world.now();
    let key = SealedDataKeyRecord {
        id: world.sources.uuid(),
        key_id: "k1".to_owned(),
        sealed: vec![1],
    };
    let mut tx = world.tenant(project).await;
    tx.add_data_key(integration, &key, now).await.unwrap();
    let token = SealedCredential {
        field: "token".to_owned(),
        data_key_id: key.id,
        sealed: vec![2],
        ends_in: None,
        expires_at: None,
    };
    tx.replace_credentials(integration, &[token], Some(owner), now)
        .await
        .unwrap();
    let attempt = ConnectAttempt {
        id: digest(slug),
        project,
        user: owner,
        platform: "shopify".parse().unwrap(),
        fields: BTreeMap::new(),
        integration: None,
        expires_at: now,
    };
    tx.add_connect_attempt(&attempt, now).await.unwrap();
    tx.commit().await.unwrap();
    furnish_webhooks(world, project, integration, key.id).await;
    let records = BatchInput {
        failures: vec![failure(Some("v9"), "no_price")],
        ..batch(
            vec![product("p1", "Tent")],
            vec![with_sku("TENT", variant("v1", "p1"))],
        )
    };
    let first = world.run(project, integration).await;
    world.write(&first, &records).await;
    let mut tx = world.tenant(project).await;
    let sold = order("o1", "2026-11-01T10:00:00Z", vec![line("1", "v1", 1, 500)]);
    let sold = OrderBatchInput {
        orders: vec![sold],
        ..OrderBatchInput::default()
    };
    tx.write_orders(&sold, &world.context(&first))
        .await
        .unwrap();
    tx.enter_phase(first.id, first.worker, first.claimed.phase, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.finish(&first, SyncStatus::Partial).await;
    furnish_a_retry(world, project, &first).await;
    let second = world.run(project, integration).await;
    let mut dearer = batch(vec![], vec![with_sku("TENT", variant("v1", "p1"))]);
    dearer.variants[0].price = eur(1_100);
    dearer.variants[0].hash[0] += 1;
    world.write(&second, &dearer).await;
    world.write(&second, &records).await;
    furnish_prices(world, project, owner).await;
    // While a price is on its way, the store moves it.
    dearer.variants[0].price = eur(1_200);
    dearer.variants[0].hash[0] += 1;
    world.write(&second, &dearer).await;
    project
}

/// A retry of what failed in a run, with a line in its log.
async fn furnish_a_retry(world: &World, project: ProjectId, run: &Run) {
    let selection = RetrySelection {
        run: Some(run.id),
        ..RetrySelection::default()
    };
    let new = NewRun {
        retry: Some(NewRetry {
            selection,
            number: 0,
        }),
        ..world.new_run(run.integration, RunType::Retry)
    };
    let mut tx = world.tenant(project).await;
    assert!(tx.add_run(&new, world.now()).await.unwrap());
    tx.log_run(new.id, RunEvent::Note, "It begins.", world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let retry = world.take_up(project, new.id).await;
    world.finish(&retry, SyncStatus::Success).await;
}

/// Bounds, and a push on its way.
async fn furnish_prices(world: &World, project: ProjectId, owner: UserId) {
    let now = world.now();
    let mut tx = world.tenant(project).await;
    let bounds = Guardrails {
        floor_minor: Some(1),
        ..Guardrails::none("EUR".parse().unwrap())
    };
    tx.set_guardrails(&bounds, owner, now).await.unwrap();
    let push = NewPush {
        id: world.sources.id(),
        reason: "Sale",
        reverts: None,
        created_by: Some(owner),
    };
    tx.add_price_push(&push, now).await.unwrap();
    let found = tx.listings_named(NamedBy::Sku, &["TENT"], None).await;
    let (_, listing) = found.unwrap().remove(0);
    let item = PushItem {
        line: None,
        reference: "TENT".to_owned(),
        listing: None,
        new_minor: Some(900),
        compare_at: CompareAtMinor::Keep,
        keeps_price: false,
        status: PriceItemStatus::Planned,
        code: None,
        message: None,
    };
    let rival = SeenOffer {
        listing: listing.id.0,
        seller: "Rival".to_owned(),
        price: eur(900).unwrap(),
        shipping_minor: None,
        featured: true,
    };
    tx.keep_offers(listing.integration, &[listing.id.0], &[rival], now)
        .await
        .unwrap();
    let item = PushItem {
        listing: Some(listing),
        ..item
    };
    tx.add_push_items(push.id, 0, std::slice::from_ref(&item))
        .await
        .unwrap();
    let store = item.listing.as_ref().unwrap().integration;
    assert!(tx.close_preview(push.id, 0).await.unwrap());
    tx.begin_price_checks(push.id, &[store], 10, owner, now)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    let hash: Vec<u8> = sqlx::query_scalar("SELECT hash FROM price_pushes WHERE id = $1")
        .bind(push.id.0)
        .fetch_one(world.owner())
        .await
        .unwrap();
    let mut tx = world.tenant(project).await;
    tx.apply_push(push.id, &hash, RefusedInTrial::LeftOut, owner, now, now)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
}

async fn furnish_webhooks(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
    data_key_id: uuid::Uuid,
) {
    let now = world.now();
    let secret = SealedWebhookSecret {
        id: world.sources.uuid(),
        data_key_id,
        sealed: vec![3],
    };
    let mut tx = world.tenant(project).await;
    tx.add_webhook_secret(integration, &secret, now)
        .await
        .unwrap();
    let wanted = SubscriptionInput {
        topic: "order.created".to_owned(),
        state: SubscriptionState::Missing,
        external_id: None,
        address: "https://console.example/".to_owned(),
        error: None,
    };
    tx.keep_subscriptions(integration, &[wanted], now)
        .await
        .unwrap();
    let unsigned = NotTaken {
        id: world.sources.id(),
        integration,
        topic: None,
        signature: SignatureResult::Invalid,
        state: DeliveryState::Refused,
        why: "It is not signed.",
        size_bytes: 1,
    };
    tx.note_not_taken(&unsigned, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// A transaction as [`calibr_store::TenantTx`] begins it, for SQL of our own.
async fn scoped(
    pool: &PgPool,
    project: Option<ProjectId>,
) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let scope = project.map_or_else(String::new, |project| {
        format!("; SET LOCAL calibr.project_id = '{project}'")
    });
    pool.begin_with(AssertSqlSafe(format!(
        "BEGIN; SET LOCAL ROLE calibr_app{scope}"
    )))
    .await
    .unwrap()
}

async fn count(conn: &mut PgConnection, table: &str, filter: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT count(*) FROM {table} WHERE {filter}"
    )))
    .fetch_one(conn)
    .await
    .unwrap()
}

/// The columns that are not computed by the database.
async fn written_columns(pool: &PgPool, table: &str) -> String {
    sqlx::query_scalar(
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'",
    )
    .bind(table)
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn affected(conn: &mut PgConnection, statement: String) -> u64 {
    sqlx::query(AssertSqlSafe(statement))
        .execute(conn)
        .await
        .unwrap()
        .rows_affected()
}

/// Runs a statement that must be refused for want of a right, and puts the
/// transaction right again.
async fn refused(conn: &mut PgConnection, statement: String) -> String {
    sqlx::query("SAVEPOINT before")
        .execute(&mut *conn)
        .await
        .unwrap();
    let error = sqlx::query(AssertSqlSafe(statement.clone()))
        .execute(&mut *conn)
        .await
        .expect_err(&statement);
    sqlx::query("ROLLBACK TO before")
        .execute(conn)
        .await
        .unwrap();
    let error = error.into_database_error().unwrap();
    assert_eq!(
        error.code().as_deref(),
        Some("42501"),
        "{statement}: {error}"
    );
    error.message().to_owned()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_project_reaches_its_own_rows_alone(pool: PgPool) {
    let world = World::new(pool.clone());
    let ours = furnish(&world, "ours").await;
    let theirs = furnish(&world, "theirs").await;
    for table in tenant_tables(&pool).await {
        let mut tx = scoped(&pool, Some(ours)).await;
        let own = count(&mut tx, &table, "true").await;
        assert!(own > 0, "{table}: `furnish` should put a row into it");
        let of_theirs = format!("project_id = '{theirs}'");
        assert_eq!(count(&mut tx, &table, &of_theirs).await, 0, "{table}");
        let touched = affected(
            &mut tx,
            format!("UPDATE {table} SET project_id = project_id WHERE {of_theirs}"),
        );
        assert_eq!(touched.await, 0, "{table}");
        let removed = affected(&mut tx, format!("DELETE FROM {table} WHERE {of_theirs}"));
        assert_eq!(removed.await, 0, "{table}");
        let columns = written_columns(&pool, &table).await;
        let message = refused(
            &mut tx,
            format!(
                "INSERT INTO {table} ({columns})
                 SELECT {columns} FROM (
                     SELECT (jsonb_populate_record(
                         NULL::{table}, to_jsonb(t) || '{{\"project_id\": \"{theirs}\"}}')).*
                     FROM {table} t LIMIT 1) copied"
            ),
        )
        .await;
        assert!(message.contains("row-level security"), "{table}: {message}");
        let message = refused(
            &mut tx,
            format!("UPDATE {table} SET project_id = '{theirs}'"),
        )
        .await;
        assert!(message.contains("row-level security"), "{table}: {message}");
        refused(&mut tx, format!("TRUNCATE {table} CASCADE")).await;
        tx.rollback().await.unwrap();

        let mut nobody = scoped(&pool, None).await;
        assert_eq!(count(&mut nobody, &table, "true").await, 0, "{table}");
        nobody.rollback().await.unwrap();
        let left = format!("SELECT FROM {table} WHERE {of_theirs}");
        assert!(affected(&mut pool.acquire().await.unwrap(), left).await > 0);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_table_of_a_project_is_guarded_alike(pool: PgPool) {
    for table in tenant_tables(&pool).await {
        // Not forced: the functions that look over all projects, and the job
        // that ends leases, work as the owner.
        let guarded: (bool, bool) = sqlx::query_as(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass",
        )
        .bind(&table)
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(
            guarded,
            (true, false),
            "{table}: CALL calibr_guard_tenant_table"
        );
        type Policy = (String, String, Vec<String>, Option<String>, Option<String>);
        let policies: Vec<Policy> = sqlx::query_as(
            "SELECT policyname::text, cmd, roles::text[], qual, with_check
             FROM pg_policies WHERE schemaname = 'public' AND tablename = $1
             ORDER BY policyname DESC",
        )
        .bind(&table)
        .fetch_all(&pool)
        .await
        .unwrap();
        let only_own = "(project_id = ( SELECT calibr_project() AS calibr_project))";
        let tenant: Policy = (
            "tenant".to_owned(),
            "ALL".to_owned(),
            vec!["calibr_app".to_owned()],
            Some(only_own.to_owned()),
            Some(only_own.to_owned()),
        );
        assert_eq!(policies.first(), Some(&tenant), "{table}");
        let further: Vec<(&str, &str)> = policies[1..]
            .iter()
            .map(|(name, command, ..)| (name.as_str(), command.as_str()))
            .collect();
        let expected: &[(&str, &str)] = match table.as_str() {
            "memberships" => &[("own", "SELECT")],
            _ => &[],
        };
        assert_eq!(further, expected, "{table}");
        let key: Option<String> = sqlx::query_scalar(
            "SELECT a.attname::text FROM pg_index i
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = $1::regclass AND i.indisprimary",
        )
        .bind(&table)
        .fetch_optional(&pool)
        .await
        .unwrap();
        assert_eq!(
            key.as_deref(),
            Some("project_id"),
            "{table}: its key's first column"
        );
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_application_has_the_rights_it_needs_and_no_more(pool: PgPool) {
    let tenant = tenant_tables(&pool).await;
    let all: Vec<(String, Vec<String>, bool)> = sqlx::query_as(
        "SELECT c.relname::text,
                array(SELECT g.privilege_type::text FROM information_schema.role_table_grants g
                      WHERE g.grantee IN ('calibr_app', 'PUBLIC') AND g.table_schema = 'public'
                        AND g.table_name = c.relname ORDER BY 1),
                pg_get_userbyid(c.relowner) = 'calibr_app'
         FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
         ORDER BY 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for (table, rights, owned) in all {
        assert!(!owned, "{table} is the application's own");
        let expected = SHARED.iter().find(|(name, _)| *name == table);
        let expected: &[&str] = match expected {
            Some((_, rights)) => rights,
            None => {
                assert!(
                    tenant.contains(&table),
                    "{table} belongs to no project: see SHARED"
                );
                &["DELETE", "INSERT", "SELECT", "UPDATE"]
            }
        };
        assert_eq!(rights, expected, "{table}");
    }
    let role: (bool, bool, bool, bool, bool, i64) = sqlx::query_as(
        "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
                (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid)
         FROM pg_roles r WHERE rolname = 'calibr_app'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(role, (false, false, false, false, false, 0));
    let may_create: bool =
        sqlx::query_scalar("SELECT has_schema_privilege('calibr_app', 'public', 'CREATE')")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert!(!may_create);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_function_with_the_owners_rights_looks_nowhere_else_and_is_not_for_everybody(
    pool: PgPool,
) {
    let functions: Vec<(String, Option<Vec<String>>, bool, bool)> = sqlx::query_as(
        "SELECT p.proname::text, p.proconfig,
                EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                        WHERE a.grantee = 0),
                has_function_privilege('calibr_app', p.oid, 'EXECUTE')
         FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
         ORDER BY 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let names: Vec<&str> = functions.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "calibr_due_syncs",
            "calibr_due_webhook_checks",
            "calibr_enqueue",
            "calibr_expunge_answers",
            "calibr_lost_runs",
            "calibr_next_run",
            "calibr_overdue_price_pushes",
            "calibr_project_of_connect_attempt",
            "calibr_project_of_integration",
            "calibr_remove_connect_attempts",
            "calibr_remove_unapplied_price_pushes",
            "calibr_remove_webhook_deliveries",
            "calibr_search_products",
            "calibr_someone_waits",
            "calibr_take_connect_attempt"
        ]
    );
    for (name, settings, for_everybody, for_application) in functions {
        let settings = settings.unwrap_or_default();
        assert_eq!(settings, ["search_path=public, pg_temp"], "{name}");
        assert!(!for_everybody, "{name}");
        assert!(for_application, "{name}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn search_and_lists_show_nothing_of_another_project(pool: PgPool) {
    let world = World::new(pool);
    let ours = furnish(&world, "ours").await;
    let (empty, _) = world.project("empty").await;
    let query = |search: &str| calibr_model::views::ProductQuery {
        search: search.to_owned(),
        ..Default::default()
    };
    for search in ["", "tent", "te", "TENT"] {
        assert_eq!(
            world.find(ours, &query(search)).await.len(),
            1,
            "{search:?}"
        );
        assert_eq!(world.find(empty, &query(search)).await, [], "{search:?}");
    }
    let mut tx = world.tenant(empty).await;
    assert_eq!(tx.integrations().await.unwrap(), []);
    assert_eq!(tx.recent_runs(10).await.unwrap(), []);
    assert_eq!(world.listings(empty).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_see_the_projects_they_belong_to(pool: PgPool) {
    let world = World::new(pool.clone());
    let (first, owner) = world.project("first").await;
    let (_, stranger) = world.project("second").await;
    let mut person = world.db.person(owner).await.unwrap();
    let seen = person.memberships().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].project.id, first);
    let second = "second".parse().unwrap();
    assert!(person.membership(&second).await.unwrap().is_none());
    let mut other = world.db.person(stranger).await.unwrap();
    assert!(other.membership(&second).await.unwrap().is_some());

    let mut tx = pool
        .begin_with(AssertSqlSafe(format!(
            "BEGIN; SET LOCAL ROLE calibr_app; SET LOCAL calibr.user_id = '{owner}'"
        )))
        .await
        .unwrap();
    assert_eq!(count(&mut tx, "memberships", "true").await, 1);
    assert_eq!(count(&mut tx, "projects", "true").await, 1);
    let promoted = affected(&mut tx, "UPDATE memberships SET role = 'viewer'".to_owned());
    assert_eq!(promoted.await, 0, "they may look, not write");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_project_that_is_deleted_leaves_nothing_behind(pool: PgPool) {
    let world = World::new(pool.clone());
    let ours = furnish(&world, "ours").await;
    let theirs = furnish(&world, "theirs").await;
    sqlx::query("DELETE FROM projects WHERE id = $1")
        .bind(ours.0)
        .execute(&pool)
        .await
        .unwrap();
    for table in tenant_tables(&pool).await {
        let mut conn = pool.acquire().await.unwrap();
        let others = format!("project_id <> '{theirs}'");
        assert_eq!(count(&mut conn, &table, &others).await, 0, "{table}");
    }
}
