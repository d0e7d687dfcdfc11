use std::{
    env, fs,
    fs::DirBuilder,
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::DirBuilderExt as _, net::UnixListener},
    path::{Path, PathBuf},
};

use rand::CryptoRng;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{EmbeddedError, pid_file::PidFile, server_user::ServerUser};

/// The owner of the cluster and of Calibr's database in it.
pub(super) const ROLE: &str = "calibr";
/// Calibr's database.
pub(super) const DATABASE: &str = "calibr";

/// The port in the name of a Unix socket. The socket's directory is Calibr's own, so it never clashes.
const SOCKET_PORT: u16 = 5432;
/// Longest path of a Unix socket that the system takes, in bytes.
const LONGEST_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// Begins the name of a socket directory outside the data directory.
const OUTSIDE_PREFIX: &str = "calibr-postgres-";

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A Unix socket in a directory that only the server's user (and root) may enter.
    Socket {
        /// The socket's directory, as text because PostgreSQL and its clients take it so.
        directory: String,
        /// Part of the socket's name.
        port: u16,
    },
    /// 127.0.0.1.
    Loopback {
        /// The port.
        port: u16,
    },
}

impl Endpoint {
    /// A socket in the data directory; where that cannot be, in a fresh directory for temporary files; where
    /// that cannot be either, or where `loopback_tcp` asks for it, a free port of 127.0.0.1.
    pub(super) fn choose<R: CryptoRng + ?Sized>(
        data_dir: &Path,
        user: &ServerUser,
        loopback_tcp: bool,
        random: &mut R,
    ) -> Result<Self, EmbeddedError> {
        if !loopback_tcp {
            let inside = data_dir.join("run");
            let outside = temporary_directories()
                .into_iter()
                .map(|parent| parent.join(fresh_name(random)));
            for directory in std::iter::once(inside.clone()).chain(outside) {
                match socket_in(&directory, directory == inside, user) {
                    Ok(endpoint) => return Ok(endpoint),
                    Err(reason) => {
                        tracing::debug!(directory = %directory.display(), %reason, "no socket there")
                    }
                }
            }
            tracing::warn!(
                "no directory takes a Unix socket: PostgreSQL listens on 127.0.0.1 instead"
            );
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(EmbeddedError::NowhereToListen)?
            .port();
        Ok(Self::Loopback { port })
    }

    /// Where a running server listens, or will in a moment (`None`).
    pub(super) fn of_running(pid_file: &PidFile) -> Option<Self> {
        let PidFile { port, .. } = *pid_file;
        match (&pid_file.socket_directory, &pid_file.listen_address) {
            (Some(directory), _) => Some(Self::Socket {
                directory: directory.to_str()?.to_owned(),
                port,
            }),
            (None, Some(_)) => Some(Self::Loopback { port }),
            (None, None) => None,
        }
    }

    /// As `name=value`, for `postgres -c`.
    pub(super) fn settings(&self) -> Vec<String> {
        match self {
            Self::Socket { directory, port } => vec![
                // A list of directories, where quotes keep a comma from parting one in two.
                format!(
                    "unix_socket_directories=\"{}\"",
                    directory.replace('"', "\"\"")
                ),
                "unix_socket_permissions=0700".to_owned(),
                "listen_addresses=".to_owned(),
                format!("port={port}"),
            ],
            Self::Loopback { port } => vec![
                "unix_socket_directories=".to_owned(),
                "listen_addresses=127.0.0.1".to_owned(),
                format!("port={port}"),
            ],
        }
    }

    /// Removes what a server that was killed left where it listened.
    pub(super) fn tidy(&self) {
        let Self::Socket { directory, port } = self else {
            return;
        };
        let directory = Path::new(directory);
        for name in [format!(".s.PGSQL.{port}"), format!(".s.PGSQL.{port}.lock")] {
            // Mostly there is nothing to remove, and what stays in spite of this stops the next start in words.
            let _ = fs::remove_file(directory.join(name));
        }
        let outside = directory
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(OUTSIDE_PREFIX));
        if outside {
            let _ = fs::remove_dir(directory);
        }
    }

    /// Makes the socket's directory again where it is gone, as directories for temporary files may be.
    pub(super) fn prepare(&self, user: &ServerUser) -> Result<(), EmbeddedError> {
        match self {
            Self::Socket { directory, .. } if !Path::new(directory).exists() => {
                make_directory(Path::new(directory), user)
            }
            Self::Socket { .. } | Self::Loopback { .. } => Ok(()),
        }
    }
}

/// How to get into a server: where it listens, and the password of [`ROLE`].
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) endpoint: Endpoint,
    pub(super) password: SecretString,
}

impl Access {
    pub(super) fn connect_options(&self, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass()
            .username(ROLE)
            .password(self.password.expose_secret())
            .database(database)
            .ssl_mode(PgSslMode::Disable);
        match &self.endpoint {
            Endpoint::Socket { directory, port } => {
                options.host("localhost").socket(directory).port(*port)
            }
            Endpoint::Loopback { port } => options.host("127.0.0.1").port(*port),
        }
    }

    /// The same for other programs, in the form that `psql` and `pg_dump` take too.
    pub(super) fn database_url(&self) -> SecretString {
        let (host, port) = match &self.endpoint {
            Endpoint::Socket { directory, port } => (percent_encode(directory), port),
            Endpoint::Loopback { port } => ("127.0.0.1".to_owned(), port),
        };
        let password = percent_encode(self.password.expose_secret());
        SecretString::from(format!(
            "postgres://{ROLE}:{password}@{host}:{port}/{DATABASE}?sslmode=disable"
        ))
    }
}

fn socket_in(directory: &Path, ours: bool, user: &ServerUser) -> io::Result<Endpoint> {
    let text = directory
        .to_str()
        .ok_or_else(|| io::Error::other("its path is not UTF-8"))?;
    let longest = directory.join(format!(".s.PGSQL.{SOCKET_PORT}"));
    if longest.as_os_str().len() > LONGEST_SOCKET_PATH {
        return Err(io::Error::other("its path is too long for a socket"));
    }
    // Root must not be led elsewhere by a symbolic link, hence no `is_dir` of the path itself.
    let exists = fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir());
    let prepared = if ours && exists {
        user.take_over(directory)
    } else if directory
        .parent()
        .is_some_and(|parent| user.may_reach(parent))
    {
        make_directory(directory, user)
    } else {
        return Err(io::Error::other("the server's user cannot reach it"));
    };
    prepared.map_err(io::Error::other)?;
    // Some shared and network file systems hold directories but no sockets.
    let probe = directory.join(".probe");
    let _ = fs::remove_file(&probe);
    UnixListener::bind(&probe)?;
    fs::remove_file(&probe)?;
    Ok(Endpoint::Socket {
        directory: text.to_owned(),
        port: SOCKET_PORT,
    })
}

/// Making it fails where anything is there already, so nobody else can have put it there.
fn make_directory(directory: &Path, user: &ServerUser) -> Result<(), EmbeddedError> {
    DirBuilder::new()
        .mode(0o700)
        .create(directory)
        .map_err(EmbeddedError::file("create", directory))?;
    user.give(directory)
}

fn temporary_directories() -> Vec<PathBuf> {
    let run_time = env::var_os("XDG_RUNTIME_DIR")
        .filter(|_| !super::server_user::is_root())
        .map(PathBuf::from);
    run_time
        .into_iter()
        .chain([env::temp_dir(), PathBuf::from("/tmp")])
        .collect()
}

fn fresh_name<R: CryptoRng + ?Sized>(random: &mut R) -> String {
    let mut bytes = [0; 8];
    random.fill_bytes(&mut bytes);
    format!("{OUTSIDE_PREFIX}{}", hex::encode(bytes))
}

fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(directory: &str) -> Access {
        let endpoint = Endpoint::Socket {
            directory: directory.to_owned(),
            port: 5432,
        };
        Access {
            endpoint,
            password: SecretString::from("pass/word"),
        }
    }

    #[test]
    fn the_url_says_the_same_as_the_options() {
        let access = socket("/srv/my shop/é,\"/run");
        let url: PgConnectOptions = access.database_url().expose_secret().parse().unwrap();
        let options = access.connect_options(DATABASE);
        assert_eq!(url.get_socket(), options.get_socket());
        assert_eq!(
            url.get_socket().unwrap(),
            Path::new("/srv/my shop/é,\"/run")
        );
        assert_eq!((url.get_port(), url.get_username()), (5432, "calibr"));
        assert_eq!(url.get_database(), Some("calibr"));
    }

    #[test]
    fn a_socket_directory_with_a_comma_stays_one_directory() {
        let settings = socket("/srv/a,b\"c").endpoint.settings();
        assert_eq!(settings[0], "unix_socket_directories=\"/srv/a,b\"\"c\"");
    }

    #[test]
    fn debug_output_hides_the_password() {
        let shown = format!("{:?}", socket("/run"));
        assert!(!shown.contains("pass/word"), "{shown}");
    }
}
