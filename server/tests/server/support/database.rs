use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;
use uuid::Uuid;

/// A new, empty database on the tests' PostgreSQL.
pub(crate) async fn fresh_database() -> String {
    let server = std::env::var("DATABASE_URL")
        .expect("DATABASE_URL is not set; run the tests through scripts/with-postgres");
    let name = format!("calibr_{}", Uuid::from_bytes(random()).simple());
    let mut connection = PgConnection::connect(&server)
        .await
        .expect("PostgreSQL answers");
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a database can be made");
    let mut url: Url = server.parse().unwrap();
    url.set_path(&name);
    url.to_string()
}

fn random() -> [u8; 16] {
    calibr_model::Sources::system().bytes()
}
