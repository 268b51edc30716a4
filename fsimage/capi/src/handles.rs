//! What the handles of C's stand for.

use crate::guard::Failure;
use fsimage::{Disk, FileType, Node, Options, Reader, Session};
use std::sync::{Arc, Mutex, MutexGuard};

/// Largest file that is opened when nobody says otherwise, as the extractor has it: 64 GiB.
pub(crate) const MAX_FILE_SIZE: u64 = 64 << 30;

/// A worker with its disk: shared by an open filesystem and its files.
#[derive(Debug)]
pub(crate) struct Worker {
    /// The process that opened it.
    opener: u32,
    volume: u32,
    /// Largest file that is opened, in bytes.
    max_file_size: u64,
    /// None once the filesystem is closed.
    session: Mutex<Option<Session>>,
}

/// `fsi_t`: an open filesystem.
#[derive(Debug)]
pub struct Filesystem {
    pub(crate) worker: Arc<Worker>,
    boot_string: Mutex<BootString>,
}

/// The string of `fsi_fs_bootstring`, with a NUL at its end. C holds its address.
#[derive(Debug, Default)]
pub(crate) enum BootString {
    /// The worker has not been asked.
    #[default]
    Unasked,
    /// There is none.
    None,
    Some(Box<[u8]>),
}

/// `fsi_file_t`: an open regular file.
#[derive(Debug)]
pub struct OpenFile {
    worker: Arc<Worker>,
    state: Mutex<FileState>,
}

#[derive(Debug)]
struct FileState {
    reader: Reader,
    /// Where `fsi_read_file` goes on.
    position: u64,
}

impl Worker {
    /// Does something with the session; one thread after the other.
    pub(crate) fn ask<T, E: Into<Failure>>(
        &self,
        question: impl FnOnce(&mut Session, u32) -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.check_process()?;
        self.ask_here(question)
    }

    /// The same where it is known that this is the process that opened it: to know it takes a system call.
    fn ask_here<T, E: Into<Failure>>(
        &self,
        question: impl FnOnce(&mut Session, u32) -> Result<T, E>,
    ) -> Result<T, Failure> {
        match lock(&self.session)?.as_mut() {
            Some(session) => question(session, self.volume).map_err(Into::into),
            None => Err(Failure::new(libc::EBADF, "the filesystem has been closed")),
        }
    }

    /// Before any lock: in a process that was forked, the thread that holds it may not exist.
    fn check_process(&self) -> Result<(), Failure> {
        match self.is_ours() {
            true => Ok(()),
            false => Err(Failure::new(
                libc::ECHILD,
                "the filesystem was opened before fork(2), by another process: open it again in this one",
            )),
        }
    }

    fn is_ours(&self) -> bool {
        self.opener == std::process::id()
    }

    pub(crate) fn stat(&self, path: &[u8], follow: bool) -> Result<Node, Failure> {
        self.ask(|session, volume| session.stat(volume, path, follow))
    }
}

impl Filesystem {
    /// Starts a worker; `choose` names the volume.
    pub(crate) fn open(
        disk: Disk,
        options: &Options,
        max_file_size: u64,
        choose: impl FnOnce(&mut Session) -> Result<u32, Failure>,
    ) -> Result<Self, Failure> {
        let mut session = Session::open(vec![disk], options)?;
        let volume = choose(&mut session)?;
        // Whether there is a filesystem is to be known now.
        session.stat(volume, b"/", true)?;
        let session = Mutex::new(Some(session));
        let worker = Worker { opener: std::process::id(), volume, max_file_size, session };
        Ok(Self { worker: Arc::new(worker), boot_string: Mutex::default() })
    }

    /// Ends the worker. Files that are open know that they are closed.
    pub(crate) fn close(self) {
        if self.worker.is_ours() {
            // A panic in another call does not keep the worker alive.
            let mut session = self.worker.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            drop(session.take());
        }
    }

    /// The boot string, to be looked at by one thread.
    pub(crate) fn boot_string(&self) -> Result<MutexGuard<'_, BootString>, Failure> {
        self.worker.check_process()?;
        lock(&self.boot_string)
    }

    /// A regular file, symbolic links followed.
    pub(crate) fn open_file(&self, path: &[u8]) -> Result<OpenFile, Failure> {
        let file = self.worker.stat(path, true)?;
        match file.file_type {
            FileType::Regular if file.metadata.size <= self.worker.max_file_size => {}
            FileType::Regular => {
                let (path, size, most) =
                    (fsimage::escape(path), file.metadata.size, self.worker.max_file_size);
                let why = format!(
                    "{path}: a file of {size} bytes, where at most {most} are opened (max-file-size)"
                );
                return Err(Failure::new(libc::EFBIG, why));
            }
            FileType::Directory => {
                return Err(Failure::new(libc::EISDIR, format!("{} is a directory", fsimage::escape(path))));
            }
            other => {
                let why = format!("{} is no regular file, but a {}", fsimage::escape(path), other.text());
                return Err(Failure::new(libc::ENXIO, why));
            }
        }
        let reader = Reader::new(self.worker.volume, file);
        let state = Mutex::new(FileState { reader, position: 0 });
        Ok(OpenFile { worker: Arc::clone(&self.worker), state })
    }
}

impl OpenFile {
    /// Reads at most `count` bytes from `offset` on, or from where the last such read ended. `buffer` gives room for as
    /// many as there are: only so much of the caller's memory is touched.
    pub(crate) fn read<'a>(
        &self,
        offset: Option<u64>,
        count: usize,
        buffer: impl FnOnce(usize) -> Result<&'a mut [u8], Failure>,
    ) -> Result<usize, Failure> {
        let mut state = self.state()?;
        let from = offset.unwrap_or(state.position);
        let left = state.reader.file().metadata.size.saturating_sub(from);
        let buffer = buffer(usize::try_from(left).unwrap_or(usize::MAX).min(count))?;
        let count = self.worker.ask_here(|session, _| session.read_at(&mut state.reader, from, buffer))?;
        if offset.is_none() {
            state.position = from.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(count)
    }

    /// Does something with the session and the file on it.
    pub(crate) fn ask<T>(
        &self,
        question: impl FnOnce(&mut Session, u32, &Node) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let state = self.state()?;
        self.worker.ask_here(|session, volume| question(session, volume, state.reader.file()))
    }

    fn state(&self) -> Result<MutexGuard<'_, FileState>, Failure> {
        self.worker.check_process()?;
        lock(&self.state)
    }
}

/// Locks. Where a thread panicked with the lock held, nobody knows in what state things are.
fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, Failure> {
    let why = "internal error: an earlier call panicked; close this handle";
    mutex.lock().map_err(|_| Failure::new(libc::ENOTRECOVERABLE, why))
}
