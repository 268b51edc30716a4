//! Where the result and the files go, opened before anything else.

use super::args::{DEFAULT_DIRECTORY, Options};
use crate::exit::{Failure, Result};
use crate::signals::Held;
use fsimage::output::OutputDirectory;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, ftruncate, open};
use rustix::io::write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What a pipe takes whole (POSIX's `PIPE_BUF` on Linux).
const PIPE_BUF: usize = 4096;

/// The result's file, and the directory for kernel and ramdisk.
#[derive(Debug)]
pub(super) struct Target {
    pub output: Output,
    /// None where no file is to be written.
    pub directory: Option<Directory>,
}

/// The directory, with the path that the result names.
#[derive(Debug)]
pub(super) struct Directory {
    pub held: OutputDirectory,
    pub path: PathBuf,
}

impl Target {
    pub(super) fn open(options: &Options) -> Result<Self> {
        let output = Output::open(&options.output)?;
        let writes_no_file = options.not_really || options.list_entries || options.isconfig;
        let directory = match &options.output_directory {
            Some(path) => Some(Directory::existing(path)?),
            None if writes_no_file => None,
            None => Some(Directory::usual()?),
        };
        Ok(Self { output, directory })
    }
}

impl Directory {
    fn existing(path: &Path) -> Result<Self> {
        let shown = path.display();
        let path = absolute(path)?;
        let held = OutputDirectory::open(&path).map_err(|why| {
            Failure::Failed(format!(
                "--output-directory={shown} is no directory to write to: {}",
                why.message()
            ))
        })?;
        Ok(Self { held, path })
    }

    fn usual() -> Result<Self> {
        let path = absolute(Path::new(DEFAULT_DIRECTORY))?;
        let held = OutputDirectory::open_or_create(&path).map_err(|why| {
            Failure::Failed(format!("{}; --output-directory names another directory", why.message()))
        })?;
        Ok(Self { held, path })
    }
}

/// The domain builder has a working directory of its own. Without a slash at the end, which would follow a link.
fn absolute(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).map_err(|why| Failure::io(path.display(), &why))?;
    Ok(absolute.components().collect())
}

/// Where the result's text goes.
#[derive(Debug)]
pub(super) struct Output {
    file: OwnedFd,
    shown: String,
    is_regular: bool,
}

impl Output {
    fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            let file = std::io::stdout().as_fd().try_clone_to_owned();
            let file = file.map_err(|why| Failure::io("standard output", &why))?;
            // Whatever is behind standard output, what others wrote there stays.
            return Ok(Self { file, shown: "standard output".to_owned(), is_regular: false });
        }
        let shown = format!("--output={}", path.display());
        let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = open(path, flags, Mode::empty())
            .map_err(|errno| Failure::Failed(format!("{shown}: {errno}; the file must exist")))?;
        let status = fstat(&file).map_err(|errno| Failure::Failed(format!("{shown}: {errno}")))?;
        let is_regular = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
        Ok(Self { file, shown, is_regular })
    }

    /// Writes the result, and nothing but the result: what a regular file held before is gone. On an error such a file
    /// is left empty. Ends early when one of the signals that are held back arrives; the caller has to ask for it
    /// anyway.
    pub(super) fn write(&self, mut text: &[u8], held: &Held) -> Result<()> {
        self.clear()?;
        while !text.is_empty() {
            if self.wait(held)? {
                return Ok(());
            }
            // No more than a ready pipe takes at once: a reader that has stopped reading must not keep a signal from
            // being seen.
            let piece = text.get(..PIPE_BUF).unwrap_or(text);
            let written = rustix::io::retry_on_intr(|| write(&self.file, piece));
            match written.map(|count| text.get(count..).filter(|_| count > 0)) {
                Ok(Some(rest)) => text = rest,
                Ok(None) => return Err(self.failed("nothing can be written")),
                Err(errno) => return Err(self.failed(errno)),
            }
        }
        Ok(())
    }

    /// Waits until something can be written, or a signal has arrived: true.
    fn wait(&self, held: &Held) -> Result<bool> {
        let mut ready = [PollFd::new(&self.file, PollFlags::OUT), PollFd::new(held, PollFlags::IN)];
        rustix::io::retry_on_intr(|| poll(&mut ready, None)).map_err(|errno| self.failed(errno))?;
        let [_, signal] = ready;
        Ok(signal.revents().contains(PollFlags::IN))
    }

    /// Takes back what was written, where that can be done.
    pub(super) fn clear(&self) -> Result<()> {
        match self.is_regular {
            true => ftruncate(&self.file, 0).map_err(|errno| self.failed(errno)),
            false => Ok(()),
        }
    }

    fn failed(&self, why: impl core::fmt::Display) -> Failure {
        if self.is_regular {
            let _ = ftruncate(&self.file, 0);
        }
        Failure::Failed(format!("{}: {why}", self.shown))
    }
}
