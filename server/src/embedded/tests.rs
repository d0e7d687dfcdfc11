//! The embedded server as the rest of Calibr meets it. Run by root and by other users alike.

use std::{
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rand::{SeedableRng as _, rngs::StdRng};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::{
    DataDir, EmbeddedError, EmbeddedOptions, EmbeddedPostgres, ServerState, binaries::Binaries,
    leftover, pid_file::PidFile, server_user::ServerUser,
};

/// A temporary directory that an unprivileged server can pass through.
pub(super) fn reachable_directory() -> TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
}

fn random() -> StdRng {
    StdRng::seed_from_u64(u64::from(std::process::id()))
}

async fn try_start(path: &Path) -> Result<EmbeddedPostgres, EmbeddedError> {
    EmbeddedPostgres::start(
        DataDir::lock(path)?,
        EmbeddedOptions::default(),
        &mut random(),
    )
    .await
}

async fn start(path: &Path) -> EmbeddedPostgres {
    try_start(path).await.unwrap()
}

async fn connect(server: &EmbeddedPostgres) -> PgConnection {
    PgConnection::connect_with(&server.connect_options())
        .await
        .unwrap()
}

async fn ask(connection: &mut PgConnection, question: &'static str) -> String {
    sqlx::query_scalar(question)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Writes a row that is to be found again.
async fn remember(server: &EmbeddedPostgres) {
    let mut connection = connect(server).await;
    sqlx::raw_sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn assert_remembered(server: &EmbeddedPostgres) {
    assert_eq!(
        ask(&mut connect(server).await, "SELECT word FROM kept").await,
        "still here"
    );
}

fn processes(data_dir: &Path) -> Vec<i32> {
    let cluster = data_dir.join("postgres");
    let pid_file = PidFile::read(&cluster).unwrap();
    leftover::processes(&cluster, pid_file.as_ref())
}

fn postmaster(data_dir: &Path) -> i32 {
    PidFile::read(&data_dir.join("postgres"))
        .unwrap()
        .unwrap()
        .pid
}

fn kill(pid: i32) {
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

/// All files below a directory with their contents.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn the_first_start_makes_a_database_that_only_a_socket_reaches() {
    let home = reachable_directory();
    let data_dir = home.path().join("not/there/yet");
    let server = start(&data_dir).await;

    let mut connection = connect(&server).await;
    assert_eq!(
        ask(&mut connection, "SELECT current_database()::text").await,
        "calibr"
    );
    assert_eq!(ask(&mut connection, "SHOW server_encoding").await, "UTF8");
    assert_eq!(ask(&mut connection, "SELECT lower('ÄÉ')").await, "äé");
    assert_eq!(ask(&mut connection, "SHOW data_checksums").await, "on");
    assert_eq!(ask(&mut connection, "SHOW listen_addresses").await, "");
    assert_eq!(ask(&mut connection, "SHOW synchronous_commit").await, "on");
    assert_eq!(ask(&mut connection, "SHOW max_wal_size").await, "2GB");
    assert_eq!(ask(&mut connection, "SHOW jit").await, "off");
    let run = fs::metadata(data_dir.join("run")).unwrap();
    assert_eq!(run.permissions().mode() & 0o777, 0o700);

    let url: PgConnectOptions = server.database_url().expose_secret().parse().unwrap();
    let mut by_url = PgConnection::connect_with(&url).await.unwrap();
    assert_eq!(
        ask(&mut by_url, "SELECT current_user::text").await,
        "calibr"
    );
    let without_password = PgConnection::connect_with(&url.password(""))
        .await
        .unwrap_err();
    assert!(
        without_password.to_string().contains("password"),
        "{without_password}"
    );

    server.stop().await.unwrap();
    assert_eq!(processes(&data_dir), Vec::<i32>::new());
    assert!(!data_dir.join("postgres/postmaster.pid").exists());
}

#[tokio::test]
async fn data_outlives_a_restart() {
    let home = reachable_directory();
    let server = start(home.path()).await;
    remember(&server).await;
    server.stop().await.unwrap();

    let server = start(home.path()).await;
    assert_remembered(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_on_the_same_directory_is_refused_by_name() {
    let home = reachable_directory();
    let server = start(home.path()).await;

    let refused = try_start(home.path()).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::DataDirInUse { .. }));
    let this_process = format!("in use by another calibr (process {})", std::process::id());
    assert!(refused.to_string().contains(&this_process), "{refused}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_killed_is_started_again() {
    let home = reachable_directory();
    let server = start(home.path()).await;
    remember(&server).await;
    let mut state = server.state().unwrap();
    let killed = postmaster(home.path());

    kill(killed);
    state
        .wait_for(|state| *state == ServerState::Running { restarts: 1 })
        .await
        .unwrap();
    assert_ne!(postmaster(home.path()), killed);
    assert_remembered(&server).await;
    server.stop().await.unwrap();
    assert_eq!(processes(home.path()), Vec::<i32>::new());
}

#[tokio::test]
async fn a_stop_while_the_server_is_down_ends_cleanly() {
    let home = reachable_directory();
    let server = start(home.path()).await;
    let mut state = server.state().unwrap();
    kill(postmaster(home.path()));
    state
        .wait_for(|state| *state == ServerState::Restarting)
        .await
        .unwrap();
    server.stop().await.unwrap();
    assert_eq!(processes(home.path()), Vec::<i32>::new());
}

/// Not a test: the other process of the tests below, run by [`calibr_elsewhere`].
#[tokio::test]
#[ignore = "runs until it is killed"]
async fn serve_until_killed() {
    let data_dir = PathBuf::from(std::env::var_os("EMBEDDED_TEST_DATA_DIR").unwrap());
    let server = start(&data_dir).await;
    remember(&server).await;
    println!("\nserving");
    std::future::pending::<()>().await;
}

/// A process that runs a server in the directory, as another `calibr serve` would.
fn calibr_elsewhere(data_dir: &Path) -> std::process::Child {
    let this_module = module_path!().split_once("::").unwrap().1;
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            &format!("{this_module}::serve_until_killed"),
        ])
        .env("EMBEDDED_TEST_DATA_DIR", data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(
        lines.map_while(Result::ok).any(|line| line == "serving"),
        "it ended before it served"
    );
    process
}

#[tokio::test]
async fn after_calibr_is_killed_the_next_one_goes_on_with_its_data() {
    let home = reachable_directory();
    let mut other = calibr_elsewhere(home.path());
    let left_running = postmaster(home.path());
    other.kill().unwrap();
    other.wait().unwrap();

    let server = start(home.path()).await;
    assert_ne!(postmaster(home.path()), left_running);
    assert_remembered(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_left_running_is_ended_and_started_afresh() {
    let home = reachable_directory();
    let server = start(home.path()).await;
    remember(&server).await;
    server.stop().await.unwrap();
    // A server that nothing ties to its parent: what a killed calibr leaves where there is no setpriv.
    let cluster = home.path().join("postgres");
    let user = ServerUser::choose(&cluster).unwrap();
    let run = home.path().join("run");
    let mut command = user.command(&Binaries::find(None, None).unwrap().postgres(), &cluster);
    command
        .arg("-D")
        .arg(&cluster)
        .args(["-c", "listen_addresses=", "-k"])
        .arg(run);
    let mut left_running = command.stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(left_running.stderr.take().unwrap()).lines();
    assert!(
        log.map_while(Result::ok)
            .any(|line| line.contains("ready to accept connections"))
    );

    let server = start(home.path()).await;
    assert!(
        left_running.wait().unwrap().success(),
        "it was shut down in good order"
    );
    assert_remembered(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_another_program_is_stale() {
    let home = reachable_directory();
    let server = start(home.path()).await;
    remember(&server).await;
    let pid_file = PidFile::path(&home.path().join("postgres"));
    let text = fs::read_to_string(&pid_file).unwrap();
    server.stop().await.unwrap();

    // As after a restart of a container, where the numbers begin anew.
    let (_, rest) = text.split_once('\n').unwrap();
    let mut other_program = Command::new("sleep").arg("600").spawn().unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", other_program.id())).unwrap();
    let server = start(home.path()).await;
    assert_remembered(&server).await;
    assert!(
        other_program.try_wait().unwrap().is_none(),
        "the other program was not touched"
    );
    other_program.kill().unwrap();
    other_program.wait().unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_was_killed_half_way_is_done_again() {
    let home = reachable_directory();
    let half = home
        .path()
        .join("postgres.partial-0123456789abcdef/cluster");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    fs::create_dir(home.path().join("postgres")).unwrap();

    let server = start(home.path()).await;
    assert!(!half.exists());
    assert_eq!(
        ask(&mut connect(&server).await, "SELECT 'works'").await,
        "works"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_of_another_major_version_is_left_alone() {
    let home = reachable_directory();
    let cluster = home.path().join("postgres");
    fs::create_dir(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "1999\n").unwrap();
    fs::write(cluster.join("postgresql.conf"), "precious").unwrap();
    let before = contents(&cluster);

    let refused = try_start(home.path()).await.unwrap_err();
    assert!(
        matches!(refused, EmbeddedError::WrongVersion { cluster: 1999, .. }),
        "{refused}"
    );
    for word in [
        "made by PostgreSQL 1999",
        "Nothing was changed",
        "postgresql-1999",
        "pg_upgrade",
        "backup",
    ] {
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
    assert_eq!(contents(&cluster), before);
}

#[tokio::test]
async fn a_directory_of_something_else_is_left_alone() {
    let home = reachable_directory();
    let cluster = home.path().join("postgres");
    fs::create_dir(&cluster).unwrap();
    fs::write(cluster.join("notes.txt"), "precious").unwrap();
    let before = contents(&cluster);

    let refused = try_start(home.path()).await.unwrap_err();
    assert!(
        matches!(refused, EmbeddedError::ForeignDirectory { .. }),
        "{refused}"
    );
    assert_eq!(contents(&cluster), before);
}

#[tokio::test]
async fn a_first_start_that_fails_leaves_nothing_behind() {
    let home = reachable_directory();
    let programs = home.path().join("programs");
    fs::create_dir(&programs).unwrap();
    for (name, script) in [
        ("postgres", "echo 'postgres (PostgreSQL) 16.1'"),
        ("initdb", "echo 'initdb: error: no space' >&2; exit 1"),
    ] {
        fs::write(programs.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(programs.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    let data_dir = home.path().join("data");
    let options = EmbeddedOptions {
        bin_dir: Some(programs),
        ..EmbeddedOptions::default()
    };

    let failed = EmbeddedPostgres::start(DataDir::lock(&data_dir).unwrap(), options, &mut random())
        .await
        .unwrap_err();
    assert!(
        failed.to_string().contains("initdb: error: no space"),
        "{failed}"
    );
    let left: Vec<_> = fs::read_dir(&data_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["calibr.lock"]);
}

#[tokio::test]
async fn a_long_path_puts_the_socket_elsewhere() {
    let home = reachable_directory();
    let data_dir = home.path().join("long".repeat(30));
    let server = start(&data_dir).await;
    let socket = server.connect_options().get_socket().unwrap().clone();
    assert!(!socket.starts_with(&data_dir), "{}", socket.display());
    assert_eq!(
        fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o700
    );

    let mut state = server.state().unwrap();
    kill(postmaster(&data_dir));
    state
        .wait_for(|state| *state == ServerState::Running { restarts: 1 })
        .await
        .unwrap();
    assert_eq!(
        ask(&mut connect(&server).await, "SELECT 'works'").await,
        "works"
    );
    server.stop().await.unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn without_a_socket_it_listens_on_loopback_with_a_password() {
    let home = reachable_directory();
    let options = EmbeddedOptions {
        loopback_tcp: true,
        ..EmbeddedOptions::default()
    };
    let data_dir = DataDir::lock(home.path()).unwrap();
    let server = EmbeddedPostgres::start(data_dir, options, &mut random())
        .await
        .unwrap();

    assert_eq!(
        ask(&mut connect(&server).await, "SHOW listen_addresses").await,
        "127.0.0.1"
    );
    let with_another = server.connect_options().password("guessed");
    let refused = PgConnection::connect_with(&with_another).await.unwrap_err();
    assert_eq!(
        refused.into_database_error().unwrap().code().as_deref(),
        Some("28P01")
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_command_beside_serve_joins_its_server() {
    let home = reachable_directory();
    let mut serve = calibr_elsewhere(home.path());
    let options = EmbeddedOptions::default;

    let joined = EmbeddedPostgres::attach_or_start(home.path(), options(), &mut random())
        .await
        .unwrap();
    assert!(joined.state().is_none());
    assert_remembered(&joined).await;
    joined.stop().await.unwrap();
    assert!(serve.try_wait().unwrap().is_none());
    assert!(
        !processes(home.path()).is_empty(),
        "the server is not the command's to stop"
    );

    serve.kill().unwrap();
    serve.wait().unwrap();
    let own = EmbeddedPostgres::attach_or_start(home.path(), options(), &mut random())
        .await
        .unwrap();
    assert!(own.state().is_some());
    assert_remembered(&own).await;
    own.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_dropped_shuts_down_and_frees_the_directory() {
    let home = reachable_directory();
    let server = start(home.path()).await;
    remember(&server).await;
    drop(server);

    let lock = File::open(home.path().join("calibr.lock")).unwrap();
    tokio::task::spawn_blocking(move || lock.lock())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(processes(home.path()), Vec::<i32>::new());
    let server = start(home.path()).await;
    assert_remembered(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_that_fails_quotes_the_log() {
    let home = reachable_directory();
    start(home.path()).await.stop().await.unwrap();
    fs::remove_file(home.path().join("postgres/global/pg_control")).unwrap();

    let failed = try_start(home.path()).await.unwrap_err();
    assert!(matches!(failed, EmbeddedError::Start { .. }), "{failed}");
    assert!(failed.to_string().contains("pg_control"), "{failed}");
    DataDir::lock(home.path()).expect("the directory is free again");
}
