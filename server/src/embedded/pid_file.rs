use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What a running server writes to `postmaster.pid` in its cluster; the lines are listed in PostgreSQL's
/// `src/include/utils/pidfile.h`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    /// The postmaster's process id.
    pub(super) pid: i32,
    /// Port of the TCP socket, and part of the Unix socket's name.
    pub(super) port: u16,
    /// Directory of the Unix socket.
    pub(super) socket_directory: Option<PathBuf>,
    /// The first address it listens on.
    pub(super) listen_address: Option<String>,
}

impl PidFile {
    pub(super) fn path(cluster: &Path) -> PathBuf {
        cluster.join("postmaster.pid")
    }

    /// `None` where there is no such file, or one that is not complete yet.
    pub(super) fn read(cluster: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(Self::path(cluster)) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let port = lines.nth(2)?.trim().parse().ok()?;
        let non_empty = |line: &str| (!line.trim().is_empty()).then(|| line.trim().to_owned());
        let socket_directory = lines.next().and_then(non_empty).map(PathBuf::from);
        let listen_address = lines.next().and_then(non_empty);
        Some(Self {
            pid,
            port,
            socket_directory,
            listen_address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_a_socket_is_read() {
        let text = "4242\n/var/lib/calibr/postgres\n1795424400\n5432\n/var/lib/calibr/run\n\n  123456    7\nready   \n";
        let expected = PidFile {
            pid: 4242,
            port: 5432,
            socket_directory: Some(PathBuf::from("/var/lib/calibr/run")),
            listen_address: None,
        };
        assert_eq!(PidFile::parse(text), Some(expected));
    }

    #[test]
    fn a_server_on_loopback_is_read() {
        let text = "4242\n/data\n1795424400\n40123\n\n127.0.0.1\n";
        let read = PidFile::parse(text).unwrap();
        assert_eq!(
            (
                read.port,
                read.socket_directory,
                read.listen_address.as_deref()
            ),
            (40123, None, Some("127.0.0.1"))
        );
    }

    #[test]
    fn a_file_that_is_being_written_is_none_yet() {
        for text in [
            "",
            "4242",
            "4242\n/data\n1795424400\n",
            "no pid\n/data\n1\n5432\n",
        ] {
            assert_eq!(PidFile::parse(text), None, "{text:?}");
        }
    }
}
