use std::{path::Path, time::Duration};

use rand::CryptoRng;
use secrecy::SecretString;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{
    DataDir, EmbeddedError, EmbeddedOptions, ServerState,
    binaries::Binaries,
    cluster::{self, ClusterState},
    data_dir::cluster_in,
    endpoint::{Access, DATABASE, Endpoint},
    pid_file::PidFile,
    server_user::ServerUser,
    supervisor::{Launch, supervise, try_connect},
};

/// How long to wait for a server that another process is starting just now.
const ATTACH_TIMEOUT: Duration = Duration::from_secs(30);
/// Time between two looks whether it runs.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A PostgreSQL server in the data directory: one that this process runs, or one that it found running.
///
/// Await [`EmbeddedPostgres::stop`] before the process ends. Dropping it instead asks the server to shut
/// down and does not wait.
#[derive(Debug)]
pub(crate) struct EmbeddedPostgres {
    access: Access,
    /// `None` where another process runs the server.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    state: watch::Receiver<ServerState>,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<Result<(), EmbeddedError>>,
}

impl EmbeddedPostgres {
    /// Runs a server in a data directory that this process holds. On first use it makes the cluster, and
    /// the database `calibr` in it.
    ///
    /// # Errors
    ///
    /// Any of [`EmbeddedError`]; the data directory stays as it was, or can be started on again.
    pub(crate) async fn start<R: CryptoRng + ?Sized>(
        data_dir: DataDir,
        options: EmbeddedOptions,
        random: &mut R,
    ) -> Result<Self, EmbeddedError> {
        let launch = prepare(data_dir, options, random).await?;
        let access = launch.access.clone();
        let postmaster = launch.run().await.inspect_err(|_| access.endpoint.tidy())?;
        create_database(&access)
            .await
            .map_err(EmbeddedError::Connect)?;

        let (state_sender, state) = watch::channel(ServerState::Running { restarts: 0 });
        let (stop, stopped) = oneshot::channel();
        let supervisor = tokio::spawn(supervise(launch, postmaster, state_sender, stopped));
        Ok(Self {
            access,
            own: Some(Own {
                state,
                stop,
                supervisor,
            }),
        })
    }

    /// For commands beside `serve`: connects to the server that a running Calibr has in this data directory,
    /// or runs one where none does.
    ///
    /// # Errors
    ///
    /// As [`EmbeddedPostgres::start`], and [`EmbeddedError::NotRunning`] where another process holds the data
    /// directory without a server that answers.
    pub(crate) async fn attach_or_start<R: CryptoRng + ?Sized>(
        data_dir: &Path,
        options: EmbeddedOptions,
        random: &mut R,
    ) -> Result<Self, EmbeddedError> {
        let deadline = Instant::now() + ATTACH_TIMEOUT;
        loop {
            let path = match DataDir::lock(data_dir) {
                Ok(data_dir) => return Self::start(data_dir, options, random).await,
                Err(EmbeddedError::DataDirInUse { path, .. }) => path,
                Err(error) => return Err(error),
            };
            if let Some(access) = access_to_running(&cluster_in(&path))?
                && try_connect(&access).await?
            {
                return Ok(Self { access, own: None });
            }
            if Instant::now() >= deadline {
                return Err(EmbeddedError::NotRunning { path });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The server and its database `calibr`, as its owner.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.access.connect_options(DATABASE)
    }

    /// The same as a URL, with the password in it: for other programs such as `pg_dump`.
    pub(crate) fn database_url(&self) -> SecretString {
        self.access.database_url()
    }

    /// What the server is doing, and whenever that changes. `None` where another process runs it.
    pub(crate) fn state(&self) -> Option<watch::Receiver<ServerState>> {
        self.own.as_ref().map(|own| own.state.clone())
    }

    /// Shuts the server down and returns when it has ended; then the data directory is free. A server that
    /// another process runs is left alone.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::DoesNotStop`] where it stays in spite of an immediate shutdown.
    pub(crate) async fn stop(self) -> Result<(), EmbeddedError> {
        let Some(Own {
            stop, supervisor, ..
        }) = self.own
        else {
            return Ok(());
        };
        // Where nobody receives it, the supervisor has ended already.
        let _ = stop.send(());
        supervisor.await.map_err(EmbeddedError::Supervisor)?
    }
}

async fn prepare<R: CryptoRng + ?Sized>(
    data_dir: DataDir,
    options: EmbeddedOptions,
    random: &mut R,
) -> Result<Launch, EmbeddedError> {
    let cluster = data_dir.cluster();
    let user = ServerUser::choose(&cluster)?;
    let state = cluster::inspect(&cluster)?;
    let cluster_major = match state {
        ClusterState::Made { major } => Some(major),
        ClusterState::Absent => None,
    };
    let binaries = Binaries::find(options.bin_dir.as_deref(), cluster_major)?;
    if let Some(major) = cluster_major.filter(|major| *major != binaries.major()) {
        return Err(EmbeddedError::WrongVersion {
            path: cluster,
            cluster: major,
            installed: binaries.major(),
        });
    }
    user.check_reach(&binaries.postgres(), data_dir.path())?;
    cluster::remove_unfinished(&data_dir)?;
    if state == ClusterState::Absent {
        tracing::info!(
            directory = %cluster.display(),
            version = binaries.major(),
            programs = %binaries.directory().display(),
            "making a PostgreSQL database"
        );
        cluster::make(&data_dir, &binaries, &user, random).await?;
    }
    user.take_over(&cluster)?;
    let password = cluster::password(&cluster)?;
    let endpoint = Endpoint::choose(data_dir.path(), &user, options.loopback_tcp, random)?;
    Ok(Launch {
        data_dir,
        binaries,
        user,
        access: Access { endpoint, password },
        options,
    })
}

/// `None` while there is no server, or one that does not listen yet.
fn access_to_running(cluster: &Path) -> Result<Option<Access>, EmbeddedError> {
    let pid_file =
        PidFile::read(cluster).map_err(EmbeddedError::file("read", PidFile::path(cluster)))?;
    match pid_file.as_ref().and_then(Endpoint::of_running) {
        Some(endpoint) => Ok(Some(Access {
            endpoint,
            password: cluster::password(cluster)?,
        })),
        None => Ok(None),
    }
}

async fn create_database(access: &Access) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&access.connect_options("postgres")).await?;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
    if !exists {
        sqlx::query("CREATE DATABASE calibr")
            .execute(&mut connection)
            .await?;
    }
    connection.close().await
}
