use std::{
    fs::{self, Metadata, Permissions},
    io,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown, lchown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::EmbeddedError;

/// The user and group `nobody`, where the machine has no user `postgres`.
const NOBODY: u32 = 65534;

/// Whether this process may become any user.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user that PostgreSQL runs as: this process's own, unless that is root, which PostgreSQL refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerUser {
    uid: u32,
    gid: u32,
    /// This process is root and becomes that user for PostgreSQL's sake.
    unprivileged: bool,
}

impl ServerUser {
    /// The owner of the cluster where there is one; else, for root, `postgres` or `nobody`.
    pub(super) fn choose(cluster: &Path) -> Result<Self, EmbeddedError> {
        let owner = fs::metadata(cluster)
            .ok()
            .map(|metadata| (metadata.uid(), metadata.gid()));
        if !is_root() {
            let (uid, gid) = (
                rustix::process::geteuid().as_raw(),
                rustix::process::getegid().as_raw(),
            );
            return match owner {
                Some((owner, _)) if owner != uid => Err(EmbeddedError::WrongOwner {
                    path: cluster.to_owned(),
                    owner,
                    user: uid,
                }),
                _ => Ok(Self {
                    uid,
                    gid,
                    unprivileged: false,
                }),
            };
        }
        let (uid, gid) = owner
            .filter(|(uid, _)| *uid != 0)
            .or_else(|| {
                find_user(
                    "postgres",
                    &fs::read_to_string("/etc/passwd").unwrap_or_default(),
                )
            })
            .unwrap_or((NOBODY, NOBODY));
        Ok(Self {
            uid,
            gid,
            unprivileged: true,
        })
    }

    /// A command that runs as this user, in `directory`, with nothing of this process's environment but
    /// PATH: neither keys nor `PG…` variables reach it.
    pub(super) fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .env_clear()
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if self.unprivileged {
            // The standard library also drops the supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes this user the owner of a file or directory, and of all that is in it.
    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        if self.unprivileged {
            give_tree(path, self.uid, self.gid)
                .map_err(EmbeddedError::file("change the owner of", path))?;
        }
        Ok(())
    }

    /// Sets a directory right that exists already: its owner, where it is root's, and its mode.
    pub(super) fn take_over(&self, directory: &Path) -> Result<(), EmbeddedError> {
        let metadata = fs::metadata(directory).map_err(EmbeddedError::file("read", directory))?;
        if metadata.uid() != self.uid {
            self.give(directory)?;
        }
        fs::set_permissions(directory, Permissions::from_mode(0o700))
            .map_err(EmbeddedError::file("set the permissions of", directory))
    }

    /// Whether this user may enter a directory, going by the mode bits on the way to it.
    pub(super) fn may_reach(&self, directory: &Path) -> bool {
        blocked_ancestor(directory, self.uid, self.gid).is_none()
    }

    /// Checks that a program can be run as this user inside a directory, by running `program --version`.
    pub(super) fn check_reach(
        &self,
        program: &Path,
        directory: &Path,
    ) -> Result<(), EmbeddedError> {
        let run = self
            .command(program, directory)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        match run {
            Ok(_) => Ok(()),
            Err(refused) if refused.kind() == io::ErrorKind::PermissionDenied => {
                let blocked = blocked_ancestor(directory, self.uid, self.gid).or_else(|| {
                    blocked_ancestor(program.parent().unwrap_or(program), self.uid, self.gid)
                });
                Err(match blocked {
                    Some(blocked) => EmbeddedError::NotTraversable {
                        user: self.uid,
                        blocked,
                    },
                    None => EmbeddedError::Run {
                        program: program.to_owned(),
                        source: refused,
                    },
                })
            }
            Err(source) => Err(EmbeddedError::Run {
                program: program.to_owned(),
                source,
            }),
        }
    }
}

/// The topmost directory on the way to `path` that a user cannot pass, going by the mode bits.
fn blocked_ancestor(path: &Path, uid: u32, gid: u32) -> Option<PathBuf> {
    let mut way: Vec<&Path> = path.ancestors().collect();
    way.reverse();
    way.into_iter()
        .find(|directory| {
            fs::metadata(directory).is_ok_and(|metadata| !may_pass(&metadata, uid, gid))
        })
        .map(Path::to_owned)
}

fn may_pass(directory: &Metadata, uid: u32, gid: u32) -> bool {
    let bit = if directory.uid() == uid {
        0o100
    } else if directory.gid() == gid {
        0o010
    } else {
        0o001
    };
    directory.mode() & bit != 0
}

fn give_tree(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return lchown(path, Some(uid), Some(gid));
    }
    chown(path, Some(uid), Some(gid))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            give_tree(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}

/// User and group id of a user, from the text of `/etc/passwd`.
fn find_user(name: &str, passwd: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_postgres_user_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgresql:x:7:7::/:\npostgres:x:101:104:admin:/var/lib:/bin/sh\n";
        assert_eq!(find_user("postgres", passwd), Some((101, 104)));
        assert_eq!(find_user("mysql", passwd), None);
        assert_eq!(find_user("postgres", "postgres:x:many:few\n"), None);
    }

    #[test]
    fn the_directory_that_bars_the_way_is_named() {
        let top = super::super::tests::reachable_directory();
        let (closed, inner) = (top.path().join("closed"), top.path().join("closed/inner"));
        fs::create_dir_all(&inner).unwrap();
        let stranger = rustix::process::geteuid().as_raw() + 1;
        assert_eq!(blocked_ancestor(&inner, stranger, stranger), None);

        fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
        assert_eq!(
            blocked_ancestor(&inner, stranger, stranger),
            Some(closed.clone())
        );
        let owner = fs::metadata(&closed).unwrap();
        assert_eq!(blocked_ancestor(&inner, owner.uid(), owner.gid()), None);
    }
}
