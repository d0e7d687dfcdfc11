//! A table as it comes in, bit by bit: in memory while it is short, in a file of
//! its own beyond that, which is gone with the process that wrote it.

use std::{
    io::{self, Read, Seek, Write as _},
    mem,
};

use calibr_model::{Problem, ProblemKind, Role};
use tempfile::SpooledTempFile;

use crate::Actor;

/// The longest table, in bytes: a million lines and more.
pub const LONGEST_TABLE: u64 = 64 * 1024 * 1024;

/// So much of a table is kept in memory, in bytes.
const IN_MEMORY: usize = 1024 * 1024;

/// So much is gathered before it is written, in bytes.
const GATHERED: usize = 256 * 1024;

/// What a table is read from: it is read twice.
pub(super) trait Bytes: Read + Seek + Send {}

impl<T: Read + Seek + Send> Bytes for T {}

/// A table that is being uploaded.
#[derive(Debug)]
pub struct TableUpload {
    gathered: Vec<u8>,
    kept: Option<SpooledTempFile>,
    length: u64,
}

impl TableUpload {
    /// Makes room for a table; `announced` is how many bytes it is said to have,
    /// where that was said.
    ///
    /// # Errors
    /// `forbidden` below editor; `too-large` beyond [`LONGEST_TABLE`].
    pub fn begin(actor: &Actor, announced: Option<u64>) -> Result<Self, Problem> {
        actor.must_be(Role::Editor, "set prices")?;
        if announced.is_some_and(|length| length > LONGEST_TABLE) {
            return Err(too_large());
        }
        Ok(Self {
            gathered: Vec::new(),
            kept: Some(SpooledTempFile::new(IN_MEMORY)),
            length: 0,
        })
    }

    /// Takes the next part of it.
    ///
    /// # Errors
    /// `too-large` beyond [`LONGEST_TABLE`]; `unavailable` where there is no room
    /// for it.
    pub async fn add(&mut self, part: &[u8]) -> Result<(), Problem> {
        self.length = self.length.saturating_add(part.len() as u64);
        if self.length > LONGEST_TABLE {
            return Err(too_large());
        }
        self.gathered.extend_from_slice(part);
        if self.gathered.len() >= GATHERED {
            self.write().await?;
        }
        Ok(())
    }

    /// The whole of it.
    pub(super) async fn finish(mut self) -> Result<Box<dyn Bytes>, Problem> {
        self.write().await?;
        let mut kept = self.kept.take().ok_or_else(|| no_room(&lost()))?;
        kept.rewind().map_err(|error| no_room(&error))?;
        Ok(Box::new(kept))
    }

    /// Writes what was gathered, where waiting for a disk keeps nobody else
    /// waiting.
    async fn write(&mut self) -> Result<(), Problem> {
        let gathered = mem::take(&mut self.gathered);
        let mut kept = self.kept.take().ok_or_else(|| no_room(&lost()))?;
        let written = tokio::task::spawn_blocking(move || {
            kept.write_all(&gathered)?;
            Ok((kept, gathered))
        });
        let (kept, mut gathered) = written
            .await
            .unwrap_or_else(|_| Err(lost()))
            .map_err(|error| no_room(&error))?;
        gathered.clear();
        self.kept = Some(kept);
        self.gathered = gathered;
        Ok(())
    }
}

fn lost() -> io::Error {
    io::Error::other("writing broke off")
}

fn too_large() -> Problem {
    Problem::new(
        ProblemKind::TooLarge,
        "This table is larger than 64 MB. Nothing of it was kept; divide it and upload the parts \
         one by one.",
    )
}

fn no_room(error: &io::Error) -> Problem {
    tracing::error!(%error, "a table of prices could not be kept while it was uploaded");
    Problem::new(
        ProblemKind::Unavailable,
        "The console has no room for this table at the moment. Nothing of it was kept; tell \
         whoever runs this console that its folder for temporary files is full or closed.",
    )
}
