use std::{
    path::PathBuf,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

use super::{Client, PATIENCE, fresh_database};

/// One key for every test's console.
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// How a console is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Launch {
    /// On this database, with the tests' key.
    pub(crate) fn on_database(url: &str) -> Self {
        Self::default()
            .variable("DATABASE_URL", url)
            .variable("ENCRYPTION_KEY", KEY)
    }

    /// With a PostgreSQL of its own in this directory.
    pub(crate) fn embedded(data_dir: &DataFolder) -> Self {
        let path = data_dir.0.path().to_str().unwrap().to_owned();
        Self::default().argument("--data-dir").argument(path)
    }

    pub(crate) fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub(crate) fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Starts the console on a free port.
    pub(crate) async fn start(&self) -> Console {
        self.start_at(0).await
    }

    /// Starts the console on this port; 0 is a free one.
    pub(crate) async fn start_at(&self, port: u16) -> Console {
        let address = format!("127.0.0.1:{port}");
        let launch = self.clone().argument("--listen").argument(address);
        let mut variables = self.variables.iter();
        let database = variables.find(|(name, _)| name == "DATABASE_URL");
        let database = database.map(|(_, url)| url.clone());
        Console::start(launch.command("serve"), database).await
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, command: &str) -> Output {
        let output = self.command(command).stdin(Stdio::null()).output();
        timeout(PATIENCE, output)
            .await
            .expect("the command ends")
            .expect("the command runs")
    }

    fn command(&self, command: &str) -> Command {
        let mut run = Command::new(env!("CARGO_BIN_EXE_calibr"));
        run.args(command.split(' ')).args(&self.arguments);
        run.env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        for kept in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = std::env::var_os(kept) {
                run.env(kept, value);
            }
        }
        run.kill_on_drop(true);
        run
    }
}

/// A bare command line, without a database.
pub(crate) fn launch() -> Launch {
    Launch::default()
}

/// A folder for data, which PostgreSQL may pass through where it runs as another user.
#[derive(Debug)]
pub(crate) struct DataFolder(TempDir);

impl DataFolder {
    pub(crate) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = TempDir::new_in("/tmp").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

/// A running console; ended with the test.
#[derive(Debug)]
pub(crate) struct Console {
    child: Child,
    url: String,
    database: Option<String>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Console {
    /// On a database of its own.
    pub(crate) async fn fresh() -> Self {
        Launch::on_database(&fresh_database().await).start().await
    }

    async fn start(mut command: Command, database: Option<String>) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, listening) = oneshot::channel();
        watch(child.stdout.take().unwrap(), Arc::clone(&log), Some(found));
        watch(child.stderr.take().unwrap(), Arc::clone(&log), None);
        let url = match timeout(PATIENCE, listening).await {
            Ok(Ok(url)) => url,
            _ => panic!(
                "the console did not start:\n{}",
                log.lock().unwrap().join("\n")
            ),
        };
        Self {
            child,
            url,
            database,
            log,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// The memory that it has now, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory_by("VmRSS:")
    }

    /// The most memory that it ever had, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory_by("VmHWM:")
    }

    fn memory_by(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(path).unwrap();
        let kilobytes = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = kilobytes.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    /// A browser without a session.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).of_database(self.database.clone())
    }

    /// The owner's browser, after the first start's set-up.
    pub(crate) async fn set_up(&self) -> Client {
        let client = self.client();
        client.set_up().await;
        client
    }

    /// Asks it to end, and gives its exit code.
    pub(crate) async fn stop(mut self) -> Option<i32> {
        let pid =
            rustix::process::Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = timeout(PATIENCE, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();
        status.code()
    }

    /// Ends it as a loss of power would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of {}:\n{}", self.url, self.log());
        }
    }
}

/// Keeps what a stream says; the first address that it says it listens on goes to `found`.
fn watch(
    stream: impl AsyncRead + Unpin + Send + 'static,
    log: Arc<Mutex<Vec<String>>>,
    mut found: Option<oneshot::Sender<String>>,
) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(url) = line.strip_prefix("listening on ")
                && let Some(found) = found.take()
            {
                let _nobody_waits = found.send(url.to_owned());
            }
            log.lock().unwrap().push(line);
        }
    });
}
