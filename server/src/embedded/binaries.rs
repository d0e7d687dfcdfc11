use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::EmbeddedError;

/// The oldest major version that Calibr runs on.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// Where packages put the programs of one version; `*` stands for the version.
const USUAL_PLACES: [&str; 6] = [
    // Debian, Ubuntu
    "/usr/lib/postgresql/*/bin",
    // Red Hat and its kin, from the PostgreSQL project's packages
    "/usr/pgsql-*/bin",
    // Alpine
    "/usr/libexec/postgresql*",
    // built from source
    "/usr/local/pgsql/bin",
    // Homebrew on Apple's and on Intel's processors
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
];

/// The programs of one installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// The programs to use: those in `bin_dir`; else those that made the cluster, where one is there
    /// already; else the first that are found.
    pub(super) fn find(
        bin_dir: Option<&Path>,
        cluster_major: Option<u32>,
    ) -> Result<Self, EmbeddedError> {
        let found = match bin_dir {
            Some(bin_dir) => {
                vec![
                    Self::probe(bin_dir).ok_or_else(|| EmbeddedError::NotABinDir {
                        bin_dir: bin_dir.to_owned(),
                    })?,
                ]
            }
            None => installed(&search_path()),
        };
        choose(found, cluster_major)
    }

    pub(super) fn major(&self) -> u32 {
        self.major
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    /// `None` where the directory holds no server that runs.
    fn probe(directory: &Path) -> Option<Self> {
        let postgres = directory.join("postgres");
        if !postgres.is_file() || !directory.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(postgres).arg("--version").output().ok()?;
        let major = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            directory: directory.to_owned(),
            major,
        })
    }
}

fn choose(found: Vec<Binaries>, cluster_major: Option<u32>) -> Result<Binaries, EmbeddedError> {
    let usable = || {
        found
            .iter()
            .filter(|binaries| binaries.major >= OLDEST_MAJOR)
    };
    let chosen = usable()
        .find(|binaries| Some(binaries.major) == cluster_major)
        .or_else(|| usable().next());
    if let Some(chosen) = chosen {
        return Ok(chosen.clone());
    }
    match found.into_iter().max_by_key(|binaries| binaries.major) {
        Some(Binaries { directory, major }) => Err(EmbeddedError::TooOld {
            bin_dir: directory,
            major,
        }),
        None => Err(EmbeddedError::NotInstalled),
    }
}

/// Of the directories given, those that hold a server, in the same order.
fn installed(directories: &[PathBuf]) -> Vec<Binaries> {
    directories
        .iter()
        .filter_map(|directory| Binaries::probe(directory))
        .collect()
}

/// What `pg_config` says, then PATH, then the usual places, each with the newest version first.
fn search_path() -> Vec<PathBuf> {
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = env::var_os("PATH").unwrap_or_default();
    configured
        .into_iter()
        .chain(env::split_paths(&path))
        .chain(USUAL_PLACES.into_iter().flat_map(expand))
        .collect()
}

/// The directories that a pattern with one `*` stands for, highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path
                .file_name()
                .and_then(OsStr::to_str)?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((version, path.join(after.trim_start_matches('/'))))
        })
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// Major version from `postgres (PostgreSQL) 15.13 (Debian …)` or `postgres (PostgreSQL) 19beta1`.
fn parse_version(output: &str) -> Option<u32> {
    let version = output.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(majors: &[u32]) -> Vec<Binaries> {
        let directory = |major: &u32| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"));
        majors
            .iter()
            .map(|major| Binaries {
                directory: directory(major),
                major: *major,
            })
            .collect()
    }

    #[test]
    fn the_major_version_is_read_from_every_kind_of_release() {
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(parse_version("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(parse_version("postgres (PostgreSQL) 18"), Some(18));
        assert_eq!(parse_version("bash: no such file"), None);
    }

    #[test]
    fn the_version_that_made_the_cluster_is_preferred() {
        assert_eq!(choose(binaries(&[17, 16, 15]), Some(15)).unwrap().major, 15);
        assert_eq!(choose(binaries(&[17, 16, 15]), None).unwrap().major, 17);
        assert_eq!(choose(binaries(&[17, 16]), Some(18)).unwrap().major, 17);
    }

    #[test]
    fn what_is_missing_is_said_with_the_package_to_install() {
        let none = choose(Vec::new(), None).unwrap_err();
        assert!(matches!(none, EmbeddedError::NotInstalled));
        assert!(
            none.to_string().contains("apt-get install postgresql"),
            "{none}"
        );
        let old = choose(binaries(&[12, 14, 13]), None).unwrap_err();
        assert!(
            old.to_string()
                .starts_with("PostgreSQL 14 in /usr/lib/postgresql/14/bin is too old"),
            "{old}"
        );
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let top = tempfile::tempdir().unwrap();
        for version in ["9", "15", "100", "common"] {
            fs::create_dir_all(top.path().join(version).join("bin")).unwrap();
        }
        let pattern = format!("{}/*/bin", top.path().display());
        let expected: Vec<PathBuf> = ["100/bin", "15/bin", "9/bin"]
            .map(|path| top.path().join(path))
            .into();
        assert_eq!(expand(&pattern), expected);
    }

    #[test]
    fn a_directory_without_a_server_is_passed_over() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(installed(&[empty.path().to_owned()]), Vec::new());
        let refused = Binaries::find(Some(empty.path()), None).unwrap_err();
        assert!(
            matches!(refused, EmbeddedError::NotABinDir { .. }),
            "{refused}"
        );
    }
}
