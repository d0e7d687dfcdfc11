//! What happened in a run, in words.

use calibr_model::status::RunEvent;
use sqlx::PgPool;

use crate::support::World;

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn of_a_very_long_course_the_beginning_and_the_end_are_kept(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let mut tx = world.tenant(project).await;
    for number in 1..=1_000 {
        let text = format!("Line {number}.");
        tx.log_run(run.id, RunEvent::Waiting, &text, world.now())
            .await
            .unwrap();
    }
    let log = tx.run_log(run.id).await.unwrap();
    assert_eq!(log.len(), 300);
    assert_eq!((log[0].id, log[199].id), (1, 200));
    assert_eq!((log[200].id, log[299].id), (901, 1_000));
    assert_eq!(log[299].text, "Line 1000.");
    assert_eq!(log[0].event, RunEvent::Waiting);
}
