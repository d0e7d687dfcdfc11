use std::{
    io,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{sync::watch, time::timeout};

use super::server_user::ServerUser;

/// How long an immediate shutdown may take: PostgreSQL itself kills what is left after 5 s.
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(15);

/// A server process that is a child of this one. Dropping it asks it to shut down, and does not wait.
///
/// A thread of its own starts it and waits for its end. The system ties "end with the parent" to the thread
/// that started a process, and threads of the async run-time come and go.
#[derive(Debug)]
pub(super) struct Postmaster {
    /// `None` once it has ended: the number may be another process's then.
    pid: Arc<Mutex<Option<Pid>>>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Postmaster {
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        // Ctrl-C in a terminal goes to a whole process group. The server is to outlive this process's own
        // clean-up, so it gets a group of its own.
        command.process_group(0);
        let pid = Arc::new(Mutex::new(None));
        let (started, start) = mpsc::sync_channel(1);
        let (end, ended) = watch::channel(None);
        let watched = Arc::clone(&pid);
        thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                let child = command.spawn();
                let answer = child
                    .as_ref()
                    .map(Pid::from_child)
                    .map_err(|error| io::Error::from(error.kind()));
                if let Ok(id) = &answer {
                    *watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(*id);
                }
                // The receiver waits for this, and what it does with it is not this thread's affair.
                let _ = started.send(answer.map(drop));
                if let Ok(child) = child {
                    end.send_replace(Some(wait(child, &watched)));
                }
            })?;
        start.recv().map_err(io::Error::other)??;
        Ok(Self { pid, ended })
    }

    /// How it ended, if it has.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Returns when it has ended, with how.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        match self
            .ended
            .wait_for(Option::is_some)
            .await
            .map(|status| *status)
        {
            Ok(Some(status)) => status,
            // The thread is gone without a word, so nobody knows.
            Ok(None) | Err(_) => ExitStatus::from_raw(0),
        }
    }

    /// Shuts it down: fast at first (sessions end, a checkpoint is written), at once when that takes longer
    /// than `fast`. Whether it has ended.
    pub(super) async fn stop(&mut self, fast: Duration) -> bool {
        self.signal(Signal::INT);
        if timeout(fast, self.ended()).await.is_ok() {
            return true;
        }
        tracing::warn!(
            waited_s = fast.as_secs(),
            "PostgreSQL shuts down slowly: ending it at once"
        );
        self.signal(Signal::QUIT);
        timeout(IMMEDIATE_TIMEOUT, self.ended()).await.is_ok()
    }

    /// The process id, while it runs.
    pub(super) fn pid(&self) -> Option<i32> {
        self.pid
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .map(Pid::as_raw_pid)
    }

    fn signal(&self, signal: Signal) {
        // The lock keeps the number from being given up, and so from being another's, meanwhile.
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *pid
            && let Err(reason) = kill_process(pid, signal)
        {
            tracing::warn!(%pid, ?signal, %reason, "PostgreSQL could not be signalled");
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if self.status().is_none() {
            self.signal(Signal::INT);
        }
    }
}

/// Waits for the end, and gives the number up before the system may give it to another.
fn wait(mut child: Child, pid: &Mutex<Option<Pid>>) -> ExitStatus {
    let id = WaitId::Pid(Pid::from_child(&child));
    while let Err(rustix::io::Errno::INTR) =
        waitid(id.clone(), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
    {}
    *pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
    child.wait().unwrap_or_else(|_| ExitStatus::from_raw(0))
}

/// A command for the server that has the system shut it down when this process dies, however it dies. It
/// takes `setpriv` of util-linux; without it the next start finds the server and ends it.
pub(super) fn command_ending_with_parent(
    user: &ServerUser,
    program: &Path,
    directory: &Path,
) -> Command {
    const SETPRIV: &str = "setpriv";
    const END_WITH_PARENT: [&str; 2] = ["--pdeathsig", "INT"];
    let supported = user
        .command(Path::new(SETPRIV), directory)
        .args(END_WITH_PARENT)
        .arg("true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !supported {
        return user.command(program, directory);
    }
    let mut command = user.command(Path::new(SETPRIV), directory);
    command.args(END_WITH_PARENT).arg("--").arg(program);
    command
}
