//! The schema comes up to date once, whoever asks and however many at once.

use calibr_store::{Db, PoolSettings, StoreError, migrate};
use sqlx::{AssertSqlSafe, PgPool, migrate::Migrate, postgres::PgPoolOptions};

use crate::support::{World, batch, product, somebody_waits, variant};

async fn run(pool: &PgPool, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(pool)
        .await
        .unwrap();
}

/// What databases and roles beside this one may be called: no other test's are.
async fn name_for_neighbours(pool: &PgPool) -> String {
    let number: String =
        sqlx::query_scalar("SELECT oid::text FROM pg_database WHERE datname = current_database()")
            .fetch_one(pool)
            .await
            .unwrap();
    format!("calibr_test_{number}")
}

async fn steps(pool: &PgPool) -> Vec<(i64, bool, String)> {
    sqlx::query_as(
        "SELECT version, success, installed_on::text FROM _sqlx_migrations ORDER BY version",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = false)]
async fn processes_that_start_together_set_up_once(pool: PgPool) {
    let mut another = pool.acquire().await.unwrap();
    another.lock().await.unwrap();
    let processes: Vec<_> = (0..4)
        .map(|_| {
            let pool = PgPoolOptions::new().connect_lazy_with((*pool.connect_options()).clone());
            tokio::spawn(async move { migrate(&pool).await })
        })
        .collect();
    somebody_waits(&pool).await;
    let begun: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!begun, "nothing is touched before it is one's turn");
    another.unlock().await.unwrap();
    for process in processes {
        process.await.unwrap().unwrap();
    }
    let done = steps(&pool).await;
    assert_eq!(done.len(), calibr_store::MIGRATOR.iter().count());
    migrate(&pool).await.unwrap();
    assert_eq!(steps(&pool).await, done, "the second time does nothing");
}

#[sqlx::test(migrations = false)]
async fn a_newer_schema_is_refused_and_left_alone(pool: PgPool) {
    migrate(&pool).await.unwrap();
    run(
        &pool,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9001, 'from the future', true, '\\x00', 0);
         DELETE FROM _sqlx_migrations WHERE version = 7"
            .to_owned(),
    )
    .await;
    let before = steps(&pool).await;
    let error = migrate(&pool).await.unwrap_err();
    assert!(
        matches!(error, StoreError::SchemaNewer { found: 9001, known } if known < 9001),
        "{error}"
    );
    assert!(error.to_string().contains("newer version"), "{error}");
    assert_eq!(steps(&pool).await, before);
}

#[sqlx::test(migrations = false)]
async fn a_step_that_was_tampered_with_is_refused_and_keeps_nobody_waiting(pool: PgPool) {
    migrate(&pool).await.unwrap();
    run(
        &pool,
        "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1".to_owned(),
    )
    .await;
    // The second would wait until its time is over, were the first one's lock
    // left in the pool.
    let options = (*pool.connect_options())
        .clone()
        .options([("lock_timeout", "20s")]);
    let processes = [(); 2].map(|()| PgPoolOptions::new().connect_lazy_with(options.clone()));
    for process in &processes {
        let error = migrate(process).await.unwrap_err().to_string();
        assert!(error.contains("has been modified"), "{error}");
    }
}

/// Roles belong to the whole server: the first step, with a role that nobody
/// has made yet, in several databases at once.
#[sqlx::test(migrations = false)]
async fn several_databases_are_set_up_at_the_same_moment(pool: PgPool) {
    let here = name_for_neighbours(&pool).await;
    let role = format!("{here}_app");
    let first_step = calibr_store::MIGRATOR.iter().next().unwrap().sql.as_str();
    let first_step = first_step.replace("calibr_app", &role);
    let mut databases = Vec::new();
    for number in 0..4 {
        let name = format!("{here}_{number}");
        run(&pool, format!("CREATE DATABASE \"{name}\"")).await;
        let options = (*pool.connect_options()).clone().database(&name);
        databases.push((name, PgPoolOptions::new().connect_lazy_with(options)));
    }
    let mut first = databases[0].1.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(first_step.clone()))
        .execute(&mut *first)
        .await
        .unwrap();
    let others: Vec<_> = databases[1..]
        .iter()
        .map(|(_, database)| {
            let (database, first_step) = (database.clone(), first_step.clone());
            tokio::spawn(async move { run(&database, first_step).await })
        })
        .collect();
    for (_, database) in &databases[1..] {
        somebody_waits(database).await;
    }
    first.commit().await.unwrap();
    for other in others {
        other.await.unwrap();
    }
    for (name, database) in databases {
        database.close().await;
        run(&pool, format!("DROP DATABASE \"{name}\"")).await;
    }
    run(&pool, format!("DROP ROLE \"{role}\"")).await;
}

/// The console's database role need not be the server's superuser.
#[sqlx::test(migrations = false)]
async fn an_ordinary_owner_will_do(pool: PgPool) {
    let here = name_for_neighbours(&pool).await;
    let (owner, database) = (format!("owner_of_{here}"), format!("{here}_owned"));
    run(
        &pool,
        format!("CREATE ROLE \"{owner}\" LOGIN CREATEROLE PASSWORD 'of no use elsewhere'"),
    )
    .await;
    run(
        &pool,
        format!("CREATE DATABASE \"{database}\" OWNER \"{owner}\""),
    )
    .await;
    let options = (*pool.connect_options())
        .clone()
        .username(&owner)
        .password("of no use elsewhere")
        .database(&database);
    let db = Db::connect(options, &PoolSettings::default())
        .await
        .unwrap();
    migrate(db.owner_pool()).await.unwrap();

    let (world, project, integration) = World::with_store(db.owner_pool().clone()).await;
    let records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    world.sync(project, integration, &[records]).await;
    let query = calibr_model::views::ProductQuery {
        search: "tent".to_owned(),
        ..Default::default()
    };
    assert_eq!(world.find(project, &query).await.len(), 1);
    assert_eq!(db.system().await.unwrap().lost_runs().await.unwrap(), []);

    db.close().await;
    run(&pool, format!("DROP DATABASE \"{database}\"")).await;
    run(&pool, format!("DROP ROLE \"{owner}\"")).await;
}

/// Prices that were wanted before conflicts were known are followed from then on.
#[sqlx::test(migrations = false)]
async fn the_ledger_learns_what_was_agreed_on(pool: PgPool) {
    let steps: Vec<_> = calibr_store::MIGRATOR.iter().collect();
    for step in steps.iter().filter(|step| step.version < 21) {
        run(&pool, step.sql.as_str().to_owned()).await;
    }
    run(
        &pool,
        "SET session_replication_role = replica;
         INSERT INTO listings (project_id, id, integration_id, external_id, external_product_id,
                               product_id, variant_id, title, price_minor, compare_at_minor,
                               currency, state, record_hash, first_run_id, created_at, updated_at)
         SELECT n.id, n.id, n.id, n.id::text, '', n.id, n.id, '', 1100, 1500, 'EUR', 'active',
                '', n.id, now(), now()
         FROM (VALUES (md5('seen')::uuid), (md5('waits')::uuid)) AS n (id);
         INSERT INTO price_push_items (project_id, push_id, ordinal, reference, listing_id,
                                       currency, old_minor, old_compare_minor, new_minor,
                                       compare_at, new_compare_minor, status)
         VALUES (md5('seen')::uuid, md5('p')::uuid, 0, '', md5('seen')::uuid, 'EUR', 1000, NULL,
                 900, 'set', 1200, 'observed'),
                (md5('waits')::uuid, md5('p')::uuid, 0, '', md5('waits')::uuid, 'EUR', 1000, 1400,
                 900, 'keep', NULL, 'queued');
         INSERT INTO listing_prices (project_id, listing_id, currency, push_id, desired_minor,
                                     desired_at, sent_minor, confirmed_at)
         VALUES (md5('seen')::uuid, md5('seen')::uuid, 'EUR', md5('p')::uuid, 900, now(), 900,
                 now()),
                (md5('waits')::uuid, md5('waits')::uuid, 'EUR', md5('p')::uuid, 900, now(), NULL,
                 NULL);
         RESET session_replication_role"
            .to_owned(),
    )
    .await;
    for step in steps.iter().filter(|step| step.version >= 21) {
        run(&pool, step.sql.as_str().to_owned()).await;
    }
    type Row = (Option<i64>, String, Option<i64>, Option<i64>, bool);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT base_minor, desired_compare, desired_compare_minor, base_compare_minor,
                compare_confirmed_at IS NOT NULL
         FROM listing_prices ORDER BY confirmed_at NULLS LAST",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(
        rows,
        [
            (Some(900), "set".to_owned(), Some(1_200), Some(1_200), true),
            (Some(1_000), "keep".to_owned(), None, Some(1_400), false)
        ]
    );
}
