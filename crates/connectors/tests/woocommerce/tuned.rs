//! A store that is called as its own settings say.

use std::{sync::Arc, time::Duration};

use calibr_connectors::{
    CallSettings, Connector, Fault, FixedCredentials, LocalBudget, Pace, Rate, RateBudget, Store,
};
use calibr_model::{Clock, Sources};
use calibr_sandbox::{Fault as Failing, FaultKind};
use chrono::{DateTime, Utc};

use crate::harness::{KEY, SECRET, Scene, config, keys, sources};

/// A clock that stands still.
#[derive(Debug)]
struct Held(DateTime<Utc>);

impl Clock for Held {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

fn store(scene: &Scene, calls: &CallSettings) -> Arc<dyn Store> {
    let config = scene.connector.normalise(config(&scene.url())).unwrap();
    let credentials = FixedCredentials::new(keys(KEY, SECRET));
    scene
        .connector
        .open_tuned(&config, calls, credentials)
        .unwrap()
}

#[tokio::test]
async fn an_answer_is_waited_for_as_long_as_the_store_is_given() {
    let scene = Scene::usual().await;
    let late = FaultKind::Slow {
        delay_milliseconds: 60_000,
    };
    scene.fails(Failing::once(late).times(10));
    let hasty = CallSettings {
        request_timeout: Some(Duration::from_millis(200)),
        ..CallSettings::default()
    };
    let error = store(&scene, &hasty).identify().await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable);
    assert!(error.message.contains("did not answer in time"), "{error}");
}

#[tokio::test]
async fn calls_beyond_the_cap_wait_for_their_turn_whoever_made_those_before() {
    let scene = Scene::usual().await;
    // What is used up does not come back.
    let clock = Arc::new(Held(sources().now()));
    let budget = Arc::new(LocalBudget::new(Sources { clock, ..sources() }));
    let pace = Pace {
        key: "settings:this one".to_owned(),
        per_minute: 6,
        budget: Arc::clone(&budget) as Arc<dyn RateBudget>,
    };
    let calls = CallSettings {
        pace: Some(pace.clone()),
        ..CallSettings::default()
    };
    let capped = store(&scene, &calls);
    capped.identify().await.unwrap();
    let made = scene.counters().requests;
    assert!(made <= 6, "{made} calls at once");

    // Another process calls the same store, as often as its cap lets it in two minutes.
    let rate = Rate {
        per_second: 0.1,
        burst: 6.0,
    };
    for _ in 0..12 {
        let longest = Duration::from_secs(600);
        budget.take(&pace.key, rate, longest).await.unwrap();
    }
    let error = capped.identify().await.unwrap_err();
    assert_eq!(error.fault, Fault::Throttled);
    assert!(
        error.retry_after > Some(Duration::from_secs(60)),
        "{error:?}"
    );
    assert_eq!(scene.counters().requests, made, "nothing was called");

    // Other stores have a cap of their own.
    store(&scene, &CallSettings::default())
        .identify()
        .await
        .unwrap();
}
