//! People and their sessions, and canaries: what belongs to no project.

use calibr_model::Role;
use calibr_store::{StoreError, accounts::UserRecord, sessions::SessionRecord};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{World, digest, somebody_waits};

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn an_address_has_one_account_however_it_is_written(pool: PgPool) {
    let world = World::new(pool);
    let mut tx = world.db.system().await.unwrap();
    assert!(!tx.any_user().await.unwrap());
    drop(tx);
    let id = world.user("Ada@Acme.example").await;

    let mut tx = world.db.system().await.unwrap();
    assert!(tx.any_user().await.unwrap());
    let found = tx.user_by_email("ADA@acme.EXAMPLE").await.unwrap().unwrap();
    assert_eq!((found.id, found.email.as_str()), (id, "Ada@Acme.example"));
    assert!(tx.user_by_email("ada@acme").await.unwrap().is_none());
    let again = UserRecord {
        id: world.sources.id(),
        email: "ada@acme.example".to_owned(),
        ..found
    };
    let error = tx.add_user(&again, world.now()).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Duplicate { constraint } if constraint == "users_email"),
        "{error}"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_project_is_set_up_with_its_owner_in_one_transaction(pool: PgPool) {
    let world = World::new(pool);
    let project = world.sources.id();
    let owner = UserRecord {
        id: world.sources.id(),
        email: "owner@acme.example".to_owned(),
        name: "Olga".to_owned(),
        password_hash: "$argon2id$…".to_owned(),
    };
    let mut tx = world.db.system().await.unwrap();
    tx.lock_setup().await.unwrap();
    tx.add_user(&owner, world.now()).await.unwrap();
    let mut tx = tx.into_tenant(project).await.unwrap();
    tx.add_project(
        &"acme".parse().unwrap(),
        "Acme",
        "Europe/Berlin",
        world.now(),
    )
    .await
    .unwrap();
    tx.add_member(owner.id, Role::Owner, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut person = world.db.person(owner.id).await.unwrap();
    assert_eq!(person.user_record().await.unwrap().unwrap().name, "Olga");
    let memberships = person.memberships().await.unwrap();
    assert_eq!(memberships.len(), 1);
    assert_eq!(memberships[0].role, Role::Owner);
    assert_eq!(memberships[0].project.id, project);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn an_address_of_a_project_is_taken_once_and_so_is_a_seat(pool: PgPool) {
    let world = World::new(pool);
    let (project, owner) = world.project("acme").await;
    let mut tx = world.tenant(world.sources.id()).await;
    let error = tx
        .add_project(&"acme".parse().unwrap(), "Other", "UTC", world.now())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Duplicate { .. }), "{error}");
    let mut tx = world.tenant(project).await;
    let error = tx
        .add_member(owner, Role::Viewer, world.now())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Duplicate { .. }), "{error}");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn only_one_at_a_time_decides_who_the_first_owner_is(pool: PgPool) {
    let world = World::new(pool.clone());
    let mut first = world.db.system().await.unwrap();
    first.lock_setup().await.unwrap();
    let second = tokio::spawn({
        let db = world.db.clone();
        async move {
            let mut tx = db.system().await.unwrap();
            tx.lock_setup().await.unwrap();
            tx.any_user().await.unwrap()
        }
    });
    somebody_waits(&pool).await;
    let owner = UserRecord {
        id: world.sources.id(),
        email: "first@acme.example".to_owned(),
        name: "First".to_owned(),
        password_hash: String::new(),
    };
    first.add_user(&owner, world.now()).await.unwrap();
    first.commit().await.unwrap();
    assert!(second.await.unwrap(), "the second sees the first owner");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_session_lasts_until_its_end_or_its_removal(pool: PgPool) {
    let world = World::new(pool);
    let user = world.user("ada@acme.example").await;
    let hour = TimeDelta::hours(1);
    let session = SessionRecord {
        id: digest("cookie"),
        user: None,
        data: serde_json::json!({"theme": "dark"}),
        expires_at: world.now() + hour,
    };
    let mut tx = world.db.system().await.unwrap();
    assert!(tx.add_session(&session, world.now()).await.unwrap());
    assert!(
        !tx.add_session(&session, world.now()).await.unwrap(),
        "the id is taken"
    );
    let signed_in = SessionRecord {
        user: Some(user),
        expires_at: world.now() + hour * 2,
        ..session.clone()
    };
    tx.save_session(&signed_in).await.unwrap();
    let read = tx.session(&session.id, world.now() + hour).await.unwrap();
    let read = read.unwrap();
    assert_eq!((read.user, &read.data), (Some(user), &session.data));
    assert!(
        tx.session(&session.id, signed_in.expires_at)
            .await
            .unwrap()
            .is_none()
    );

    tx.remove_session(&session.id).await.unwrap();
    tx.save_session(&signed_in).await.unwrap();
    assert!(
        tx.session(&session.id, world.now())
            .await
            .unwrap()
            .is_none(),
        "saving does not bring it back"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn sessions_that_ran_out_are_cleared_away(pool: PgPool) {
    let world = World::new(pool);
    let mut tx = world.db.system().await.unwrap();
    for (name, minutes) in [("old", 0), ("older", -1), ("new", 1)] {
        let session = SessionRecord {
            id: digest(name),
            user: None,
            data: serde_json::Value::Null,
            expires_at: world.now() + TimeDelta::minutes(minutes),
        };
        tx.add_session(&session, world.now()).await.unwrap();
    }
    assert_eq!(tx.remove_expired_sessions(world.now()).await.unwrap(), 2);
    let left = tx.session(&digest("new"), world.now()).await.unwrap();
    assert!(left.is_some());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_first_canary_of_a_key_stays(pool: PgPool) {
    let world = World::new(pool);
    let mut tx = world.db.system().await.unwrap();
    tx.add_canary("k1", &[1], world.now()).await.unwrap();
    tx.add_canary("k1", &[2], world.now()).await.unwrap();
    tx.add_canary("k2", &[3], world.now()).await.unwrap();
    let canaries = tx.canaries().await.unwrap();
    assert_eq!(
        canaries,
        [("k1".to_owned(), vec![1]), ("k2".to_owned(), vec![3])]
    );
}
