//! Several people at one store at the same time.

use calibr_model::ProjectSlug;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PROJECT, SHOP, Scene, TOKEN, usual_shop};

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn a_shop_that_several_connect_at_once_is_connected_once() {
    let scene = Scene::of(usual_shop(60)).await;
    let path = Client::in_project("integrations");
    let form = Scene::form(SHOP, TOKEN);
    let answers = join_all((0..6).map(|_| scene.client.post(&path, &form))).await;
    assert_eq!(statuses(&answers), [201, 409, 409, 409, 409, 409]);
    for refused in answers.into_iter().filter(|answer| answer.status == 409) {
        let problem = refused.problem(409, "conflict");
        assert!(
            problem["detail"].as_str().unwrap().contains("Acme Shop"),
            "{problem}"
        );
    }
    let integrations = scene.client.all(&path).await;
    assert_eq!(integrations.len(), 1);
    let integration = integrations[0]["id"].as_str().unwrap();
    assert_eq!(
        scene.newest_run_ended(integration).await["status"],
        "success"
    );
    assert_eq!(
        scene
            .client
            .all(&Scene::at(integration, "/syncs"))
            .await
            .len(),
        1
    );
    scene.assert_all_there().await;
}

#[tokio::test]
async fn a_sync_that_several_ask_for_at_once_is_made_once() {
    let (scene, integration) = Scene::connected(usual_shop(600)).await;
    let path = Scene::at(&integration, "/syncs");
    let body = json!({ "type": "full" });
    let answers = join_all((0..6).map(|_| scene.client.post(&path, &body))).await;
    assert_eq!(statuses(&answers), [201, 409, 409, 409, 409, 409]);
    scene.newest_run_ended(&integration).await;
    assert_eq!(scene.client.all(&path).await.len(), 2);
}

#[tokio::test]
async fn names_that_several_give_at_once_do_not_mix() {
    let (scene, integration) = Scene::connected(usual_shop(10)).await;
    let slug: ProjectSlug = PROJECT.parse().unwrap();
    let bodies: Vec<Value> = (0..6)
        .map(|number| json!({ "project": slug, "id": integration, "name": format!("Name {number}") }))
        .collect();
    let renames = bodies
        .iter()
        .map(|body| scene.client.post("/api/fn/rename_integration", body));
    let mut given: Vec<String> = Vec::new();
    for answer in join_all(renames).await {
        given.push(answer.expect(200)["name"].as_str().unwrap().to_owned());
    }
    given.sort();
    assert_eq!(
        given,
        ["Name 0", "Name 1", "Name 2", "Name 3", "Name 4", "Name 5"]
    );
    let name = scene.integration(&integration).await["name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(given.contains(&name), "{name}");
}

#[tokio::test]
async fn a_store_that_several_disconnect_rename_sync_and_connect_at_once_is_one_thing_or_the_other()
{
    let (scene, integration) = Scene::connected(usual_shop(60)).await;
    let at = |rest: &str| Scene::at(&integration, rest);
    let (card, test, syncs) = (at(""), at("/test"), at("/syncs"));
    let (all, form, empty) = (
        Client::in_project("integrations"),
        Scene::form(SHOP, TOKEN),
        json!({}),
    );
    for round in 0..6 {
        let rename =
            json!({ "project": PROJECT, "id": integration, "name": format!("Round {round}") });
        let client = &scene.client;
        let (gone, gone_too, renamed, tested, synced, connected) = tokio::join!(
            client.delete(&card),
            client.delete(&card),
            client.post("/api/fn/rename_integration", &rename),
            client.post(&test, &empty),
            client.post(&syncs, &empty),
            client.post(&all, &form),
        );
        for (what, answer, fine) in [
            ("disconnect", gone, [200, 409]),
            ("disconnect", gone_too, [200, 409]),
            ("rename", renamed, [200, 409]),
            ("test", tested, [200, 409]),
            ("sync", synced, [201, 409]),
            ("connect", connected, [201, 409]),
        ] {
            assert!(
                fine.contains(&answer.status),
                "{what}: {} {}",
                answer.status,
                answer.text()
            );
        }
        let kept = "SELECT count(*) FROM integrations i
                    WHERE (status = 'disconnected')
                          = EXISTS (SELECT FROM credentials c WHERE c.integration_id = i.id)";
        assert_eq!(
            scene.database.number(kept).await,
            0,
            "credentials are where they belong"
        );
        let again = client.post(&all, &form).await;
        assert!([201, 409].contains(&again.status), "{}", again.text());
    }
    assert_eq!(scene.client.all(&all).await.len(), 1);
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    scene.assert_all_there().await;
}
