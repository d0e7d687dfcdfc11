//! People, projects and who belongs where.

use calibr_model::{
    ProjectId, ProjectSlug, Role, UserId,
    views::{Membership, ProjectView},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::{PersonTx, SystemTx, TenantTx},
    error::StoreError,
    rows::word,
};

/// A person as stored.
#[derive(Clone)]
pub struct UserRecord {
    /// Their id.
    pub id: UserId,
    /// The address they sign in with, as they wrote it.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Argon2id, in the PHC string format.
    pub password_hash: String,
}

#[derive(FromRow)]
struct UserRow {
    id: uuid::Uuid,
    email: String,
    name: String,
    password_hash: String,
}

impl From<UserRow> for UserRecord {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.into(),
            email: row.email,
            name: row.name,
            password_hash: row.password_hash,
        }
    }
}

impl SystemTx {
    /// Whether anybody has an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn any_user(&mut self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM users)")
            .fetch_one(self.conn())
            .await?)
    }

    /// Lets one transaction at a time decide who the first owner is; held until
    /// the transaction ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lock_setup(&mut self) -> Result<(), StoreError> {
        // An arbitrary number that nothing else locks: "calibr" in ASCII.
        sqlx::query("SELECT pg_advisory_xact_lock(109270081823346)")
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the address has one.
    pub async fn add_user(
        &mut self,
        user: &UserRecord,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO users (id, email, name, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(user.id.0)
        .bind(&user.email)
        .bind(&user.name)
        .bind(&user.password_hash)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The account of an address, however that is capitalised.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_by_email(&mut self, email: &str) -> Result<Option<UserRecord>, StoreError> {
        let row: Option<UserRow> = sqlx::query_as(
            "SELECT id, email, name, password_hash FROM users WHERE lower(email) = lower($1)",
        )
        .bind(email)
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(UserRecord::from))
    }

    /// Turns this transaction to one project, which may not be there yet: what
    /// follows sees and writes that project's rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn into_tenant(mut self, project: ProjectId) -> Result<TenantTx, StoreError> {
        sqlx::query("SELECT set_config('calibr.project_id', $1, true)")
            .bind(project.to_string())
            .execute(self.conn())
            .await?;
        Ok(self.bound_to(project))
    }
}

#[derive(FromRow)]
struct ProjectRow {
    id: uuid::Uuid,
    slug: String,
    name: String,
    time_zone: String,
    role: String,
}

impl ProjectRow {
    fn into_membership(self) -> Result<Membership, StoreError> {
        Ok(Membership {
            project: ProjectView {
                id: self.id.into(),
                slug: word::<ProjectSlug>("project slug", &self.slug)?,
                name: self.name,
                time_zone: self.time_zone,
            },
            role: word("role", &self.role)?,
        })
    }
}

impl PersonTx {
    /// The person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_record(&mut self) -> Result<Option<UserRecord>, StoreError> {
        let id = self.user().0;
        let row: Option<UserRow> =
            sqlx::query_as("SELECT id, email, name, password_hash FROM users WHERE id = $1")
                .bind(id)
                .fetch_optional(self.conn())
                .await?;
        Ok(row.map(UserRecord::from))
    }

    /// The projects the person belongs to, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn memberships(&mut self) -> Result<Vec<Membership>, StoreError> {
        let id = self.user().0;
        let rows: Vec<ProjectRow> = sqlx::query_as(
            "SELECT p.id, p.slug, p.name, p.time_zone, m.role
             FROM memberships m JOIN projects p ON p.id = m.project_id
             WHERE m.user_id = $1
             ORDER BY lower(p.name), p.id",
        )
        .bind(id)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter().map(ProjectRow::into_membership).collect()
    }

    /// One project by its address, where the person belongs to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn membership(
        &mut self,
        slug: &ProjectSlug,
    ) -> Result<Option<Membership>, StoreError> {
        let id = self.user().0;
        let row: Option<ProjectRow> = sqlx::query_as(
            "SELECT p.id, p.slug, p.name, p.time_zone, m.role
             FROM memberships m JOIN projects p ON p.id = m.project_id
             WHERE m.user_id = $1 AND p.slug = $2",
        )
        .bind(id)
        .bind(slug.as_str())
        .fetch_optional(self.conn())
        .await?;
        row.map(ProjectRow::into_membership).transpose()
    }
}

impl TenantTx {
    /// Makes the project this transaction is bound to.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the address is taken.
    pub async fn add_project(
        &mut self,
        slug: &ProjectSlug,
        name: &str,
        time_zone: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = self.project().0;
        sqlx::query(
            "INSERT INTO projects (id, slug, name, time_zone, created_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(slug.as_str())
        .bind(name)
        .bind(time_zone)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Makes a person a member of this project.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where they are one.
    pub async fn add_member(
        &mut self,
        user: UserId,
        role: Role,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO memberships (project_id, user_id, role, created_at)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(project)
        .bind(user.0)
        .bind(role.as_str())
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
