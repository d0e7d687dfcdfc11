//! A first import of a WooCommerce store as a merchant gets it, against dlt
//! reading the same products and variations from the same store into the same
//! PostgreSQL.
//!
//! Both sides begin cold in each round: a new process, a new database. Both are
//! timed twice. The import alone is, here, from the moment the person connects
//! the store until the page says that all is there, and with dlt from the
//! beginning of its extract to the end of its load. The whole is what else it
//! takes before: the console's start, its migrations and the owner's account;
//! Python's start and dlt's imports.

mod dlt;
mod store;

use std::time::{Duration, Instant};

use serde_json::json;

use self::{
    dlt::Dlt,
    store::{CONSUMER_KEY, CONSUMER_SECRET, Contents, Store},
};
use crate::{
    Settings, database,
    error::BenchError,
    figure::{Aim, Report, median, note},
    person::Person,
    process::Console,
};

/// How long an import took.
#[derive(Debug, Clone, Copy)]
struct Took {
    import: Duration,
    whole: Duration,
}

pub(crate) async fn measure(settings: &Settings, report: &mut Report) -> Result<(), BenchError> {
    let Some(dlt) = Dlt::of(settings)? else {
        report.pass_over("dlt is not installed, as bench/dlt/set-up says at the beginning");
        return Ok(());
    };
    let store = Store::start(settings.products).await?;
    note(&format!(
        "  {} products with {} listings; {}",
        store.truth.products,
        store.truth.listings.len(),
        dlt.versions().await?
    ));

    let (mut console, mut dlt_took) = (Vec::new(), Vec::new());
    for round in 1..=settings.rounds {
        let console_first = round % 2 == 1;
        if console_first {
            console.push(console_imports(settings, &store).await?);
        }
        dlt_took.push(dlt_imports(settings, &dlt, &store).await?);
        if !console_first {
            console.push(console_imports(settings, &store).await?);
        }
        if let (Some(console), Some(dlt)) = (console.last(), dlt_took.last()) {
            note(&format!(
                "  round {round}: console {:.2?}, whole {:.2?}; dlt {:.2?}, whole {:.2?}",
                console.import, console.whole, dlt.import, dlt.whole
            ));
        }
    }
    store.shutdown().await;
    add(report, &console, &dlt_took);
    Ok(())
}

fn add(report: &mut Report, console: &[Took], dlt: &[Took]) {
    let seconds = |all: &[Took], part: fn(&Took) -> Duration| {
        median(
            all.iter()
                .map(part)
                .map(|took| took.as_secs_f64())
                .collect(),
        )
    };
    let import = |took: &Took| took.import;
    let whole = |took: &Took| took.whole;
    report.add("console, import alone", seconds(console, import), "s");
    report.add("dlt, extract to load", seconds(dlt, import), "s");
    report.aim(
        "dlt to console, import alone",
        seconds(dlt, import) / seconds(console, import),
        "ratio",
        Aim::AtLeast(10.0),
    );
    report.add("console, whole", seconds(console, whole), "s");
    report.add("dlt, whole process", seconds(dlt, whole), "s");
    report.add(
        "dlt to console, whole",
        seconds(dlt, whole) / seconds(console, whole),
        "ratio",
    );
}

async fn console_imports(settings: &Settings, store: &Store) -> Result<Took, BenchError> {
    let database = database::empty(&settings.database, "bench_console").await?;
    let begun = Instant::now();
    let console = Console::start(
        &settings.binary,
        &database,
        &[("OUTBOUND_ALLOW", "127.0.0.1".to_owned())],
    )
    .await?;
    let person = Person::set_up(&console.url).await?;
    let form = json!({
        "platform": "woocommerce", "config": { "url": store.url() },
        "credentials": { "consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET },
    });
    let import = person.connect(&form).await?;
    let whole = begun.elapsed();
    console.stop().await?;
    let found = Contents::read(
        &database,
        "SELECT count(*) FROM products",
        "SELECT external_id, external_product_id, (price_minor / 100.0)::numeric(20, 2)::text \
         FROM listings",
    )
    .await?;
    store.truth.check("the console", &found)?;
    Ok(Took { import, whole })
}

async fn dlt_imports(settings: &Settings, dlt: &Dlt, store: &Store) -> Result<Took, BenchError> {
    let database = database::empty(&settings.database, "bench_dlt").await?;
    let begun = Instant::now();
    let import = dlt.import(&store.url(), &database).await?;
    let whole = begun.elapsed();
    let found = Contents::read(
        &database,
        "SELECT count(*) FROM woocommerce.products",
        "SELECT id::text, id::text, CASE WHEN on_sale THEN sale_price ELSE regular_price END \
         FROM woocommerce.products WHERE type = 'simple' \
         UNION ALL \
         SELECT id::text, _variable_products_id::text, \
         CASE WHEN on_sale THEN sale_price ELSE regular_price END \
         FROM woocommerce.variations",
    )
    .await?;
    store.truth.check("dlt", &found)?;
    Ok(Took { import, whole })
}
