use sqlx::{AssertSqlSafe, Connection as _, FromRow, PgConnection, postgres::PgRow};
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

/// A look into a console's database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    url: String,
}

impl Database {
    pub(crate) fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The rows of a query.
    pub(crate) async fn rows<Row>(&self, query: &str) -> Vec<Row>
    where
        Row: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::query_as(AssertSqlSafe(query.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        self.rows::<(i64,)>(query).await[0].0
    }

    pub(crate) async fn run(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// Ends every connection to it but this one, as a restart does.
    pub(crate) async fn end_connections(&self) {
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    }
}
