//! Pages of sync history with a thousand runs and with a million: as fast, and
//! against the very same statements sent by `pgbench`.

use std::{
    future::Future,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use sqlx::{FromRow, PgPool};
use tokio::process::Command;
use url::Url;
use uuid::Uuid;

use crate::{
    Settings, database,
    error::BenchError,
    figure::{Aim, Report, median, note},
    person::Person,
    process::Console,
};

const RUNS: &str = include_str!("../history/runs.sql");
const COUNTS: &str = include_str!("../history/counts.sql");
const SCRIPT: &str = include_str!("../history/page.pgbench");

const FEW: i64 = 1_000;
const MANY: i64 = 1_000_000;
/// Runs a page, so that a thousand of them have a hundred pages.
const SHORT_PAGE: u16 = 10;
/// Requests whose median counts.
const SAMPLES: usize = 300;
/// Those who ask at the same time, where requests a second are counted.
const CLIENTS: usize = 8;
/// How long they ask, each time.
const FOR: Duration = Duration::from_secs(8);
/// The slowest that a page may be against another.
const ALIKE: f64 = 1.5;

pub(crate) async fn measure(settings: &Settings, report: &mut Report) -> Result<(), BenchError> {
    let few = History::of(settings, "bench_history_few", FEW).await?;
    let many = History::of(settings, "bench_history_many", MANY).await?;
    pages(&few, &many, report).await?;
    rates(settings, &many, report).await?;
    metrics(&few, &many, report).await?;
    export(&many, report).await?;
    for history in [few, many] {
        history.console.stop().await?;
        history.pool.close().await;
    }
    Ok(())
}

/// A console whose only store has so many runs.
struct History {
    console: Console,
    person: Person,
    database: Url,
    pool: PgPool,
    ids: Ids,
}

#[derive(FromRow)]
struct Ids {
    project: Uuid,
    user: Uuid,
    integration: Uuid,
    session: String,
}

impl History {
    async fn of(settings: &Settings, name: &str, runs: i64) -> Result<Self, BenchError> {
        let begun = Instant::now();
        let database = database::empty(&settings.database, name).await?;
        let console = Console::start(&settings.binary, &database, &[]).await?;
        let person = Person::set_up(&console.url).await?;
        let pool = PgPool::connect(database.as_str()).await?;
        sqlx::query(
            "INSERT INTO integrations (project_id, id, platform, name, store_key, address, config, status,
                                       connected_by, created_at, updated_at)
             SELECT project_id, gen_random_uuid(), 'shopify', 'Bench', 'bench', 'bench', '{}', 'disconnected',
                    user_id, now(), now()
             FROM memberships",
        )
        .execute(&pool)
        .await?;
        sqlx::query(RUNS).bind(runs).execute(&pool).await?;
        sqlx::query(COUNTS).execute(&pool).await?;
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            sqlx::query(statement).execute(&pool).await?;
        }
        let ids = sqlx::query_as(
            "SELECT m.project_id AS project, m.user_id AS \"user\", i.id AS integration, s.id::text AS session
             FROM memberships m JOIN integrations i USING (project_id)
             JOIN sessions s ON s.user_id = m.user_id",
        )
        .fetch_one(&pool)
        .await?;
        note(&format!("  {runs} runs after {:.1?}", begun.elapsed()));
        Ok(Self {
            console,
            person,
            database,
            pool,
            ids,
        })
    }

    fn path(&self, rest: &str) -> String {
        let integration = self.ids.integration;
        format!("/api/projects/bench/integrations/{integration}/syncs{rest}")
    }

    /// The cursor at which the page of that number begins, from 1.
    async fn cursor(&self, page: usize) -> Result<String, BenchError> {
        let mut cursor = String::new();
        for _ in 1..page {
            let path = format!("?limit={SHORT_PAGE}{cursor}");
            let answer = self.person.get(&self.path(&path)).await?;
            let next = answer["next_cursor"].as_str();
            let next = next.ok_or_else(|| BenchError::Unfit("the pages end early".to_owned()))?;
            cursor = format!("&cursor={next}");
        }
        Ok(cursor)
    }

    /// How long a page takes that is to hold so many runs, in milliseconds.
    async fn page(&self, query: &str, holds: usize) -> Result<f64, BenchError> {
        let path = self.path(query);
        let answer = self.person.get(&path).await?;
        let found = answer["items"].as_array().map_or(0, Vec::len);
        if found != holds {
            let unfit = format!("{query} gives {found} runs instead of {holds}");
            return Err(BenchError::Unfit(unfit));
        }
        time(async || self.person.get(&path).await).await
    }
}

/// The median of many times, in milliseconds.
async fn time<F, T>(ask: F) -> Result<f64, BenchError>
where
    F: AsyncFn() -> Result<T, BenchError>,
{
    let mut times = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let begun = Instant::now();
        ask().await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(times))
}

async fn pages(few: &History, many: &History, report: &mut Report) -> Result<(), BenchError> {
    let short = usize::from(SHORT_PAGE);
    let first = format!("?limit={SHORT_PAGE}");
    let hundredth = |cursor: String| format!("?limit={SHORT_PAGE}{cursor}");
    let of_few = few.page(&first, short).await?;
    let deep_in_few = few.page(&hundredth(few.cursor(100).await?), short).await?;
    let of_many = many.page(&first, short).await?;
    let deep_in_many = many
        .page(&hundredth(many.cursor(100).await?), short)
        .await?;
    report.add("first page of 1,000 runs", of_few, "ms");
    report.add("first page of 1,000,000 runs", of_many, "ms");
    report.aim(
        "first page, 1,000,000 runs to 1,000",
        of_many / of_few,
        "ratio",
        Aim::AtMost(ALIKE),
    );
    report.aim(
        "hundredth page, 1,000,000 runs to 1,000",
        deep_in_many / deep_in_few,
        "ratio",
        Aim::AtMost(ALIKE),
    );
    report.aim(
        "1,000,000 runs, hundredth page to first",
        deep_in_many / of_many,
        "ratio",
        Aim::AtMost(ALIKE),
    );
    let whole = "?limit=50";
    let of_few = few.page(whole, 50).await?;
    for (name, filter, holds) in [
        ("no filter", "", 50),
        ("one in a thousand", "&status=error", 50),
        (
            "two kinds of many",
            "&status=success,partial&type=incremental",
            50,
        ),
        ("twenty of all", "&type=prices", 20),
        ("a day of long ago", "&from=2020-05-04&to=2020-05-04", 50),
    ] {
        let took = many.page(&format!("{whole}{filter}"), holds).await?;
        report.add(format!("50 of 1,000,000, {name}"), took, "ms");
        report.aim(
            format!("50 of 1,000,000, {name}, to 50 of 1,000"),
            took / of_few,
            "ratio",
            Aim::AtMost(ALIKE),
        );
    }
    Ok(())
}

/// Pages a second, of the console and of `pgbench` with the same statements, in
/// turns.
async fn rates(
    settings: &Settings,
    history: &History,
    report: &mut Report,
) -> Result<(), BenchError> {
    let Some(pgbench) = &settings.pgbench else {
        report.pass_over("pgbench is not there");
        return Ok(());
    };
    let path = history.path("?limit=50");
    let (mut console, mut bare) = (Vec::new(), Vec::new());
    for round in 1..=settings.rounds {
        console.push(pages_a_second(|| history.person.get(&path)).await?);
        bare.push(transactions_a_second(pgbench, history).await?);
        note(&format!(
            "  round {round}: {:.0} pages a second, pgbench {:.0}",
            console[console.len() - 1],
            bare[bare.len() - 1]
        ));
    }
    let (console, bare) = (median(console), median(bare));
    report.add("pages of 50 a second, over HTTP", console, "1/s");
    report.add("pgbench with the same statements", bare, "1/s");
    report.aim(
        "pages to pgbench",
        console / bare,
        "ratio",
        Aim::AtLeast(0.8),
    );
    report.aim(
        format!("memory under {CLIENTS} connections"),
        history.console.peak()?,
        "MB",
        Aim::AtMost(150.0),
    );
    Ok(())
}

async fn pages_a_second<F, T>(ask: impl Fn() -> F) -> Result<f64, BenchError>
where
    F: Future<Output = Result<T, BenchError>>,
{
    let begun = Instant::now();
    let client = async || {
        let mut pages = 0.0;
        while begun.elapsed() < FOR {
            ask().await?;
            pages += 1.0;
        }
        Ok::<_, BenchError>(pages)
    };
    let clients = (0..CLIENTS).map(|_| client());
    let pages: f64 = futures::future::try_join_all(clients)
        .await?
        .into_iter()
        .sum();
    Ok(pages / begun.elapsed().as_secs_f64())
}

async fn transactions_a_second(pgbench: &Path, history: &History) -> Result<f64, BenchError> {
    let Ids {
        project,
        user,
        integration,
        session,
    } = &history.ids;
    let script = std::env::temp_dir().join(format!("calibr-{project}.pgbench"));
    let text = SCRIPT
        .replace("{user}", &user.to_string())
        .replace("{project}", &project.to_string());
    std::fs::write(&script, text)?;
    let output = Command::new(pgbench)
        .args(["--no-vacuum", "--protocol=prepared"])
        .arg(format!("--client={CLIENTS}"))
        .arg("--jobs=2")
        .arg(format!("--time={}", FOR.as_secs()))
        .arg(format!("--file={}", script.display()))
        .arg(format!("--define=project={project}"))
        .arg(format!("--define=user={user}"))
        .arg(format!("--define=integration={integration}"))
        .arg(format!("--define=session={session}"))
        .arg(history.database.as_str())
        .stdin(Stdio::null())
        .output()
        .await?;
    std::fs::remove_file(&script)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let rate = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.filter(|_| output.status.success()).ok_or_else(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        BenchError::Unfit(format!("pgbench did not measure: {said}{error}"))
    })
}

async fn metrics(few: &History, many: &History, report: &mut Report) -> Result<(), BenchError> {
    for (name, query) in [("the last 30 days", "?range=30d"), ("all", "?range=all")] {
        let of = async |history: &History| {
            let path = history.path(&format!("/metrics{query}"));
            time(async || history.person.get(&path).await).await
        };
        report.add(
            format!("figures of {name}, 1,000 runs"),
            of(few).await?,
            "ms",
        );
        report.add(
            format!("figures of {name}, 1,000,000 runs"),
            of(many).await?,
            "ms",
        );
    }
    Ok(())
}

async fn export(history: &History, report: &mut Report) -> Result<(), BenchError> {
    let before = history.console.resident()?;
    let begun = Instant::now();
    let lines = history.person.count_lines(&history.path("/export")).await?;
    let took = begun.elapsed().as_secs_f64();
    if lines != MANY as u64 + 1 {
        return Err(BenchError::Unfit(format!("the export has {lines} lines")));
    }
    report.add("export, runs a second", MANY as f64 / took, "1/s");
    report.aim(
        "export, memory added at most",
        history.console.peak()? - before,
        "MB",
        Aim::AtMost(30.0),
    );
    Ok(())
}
