//! A part of the guest's file as a stream.

use fsimage_sdk::{Error, Result};
use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

/// A kernel's file.
pub trait File {
    /// Length in bytes. Does not change.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// When the range does not lie wholly inside the file, or it cannot be read.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;
}

/// `length` bytes from `offset`; the caller has held `length` against a limit.
pub(crate) fn read_vec(file: &dyn File, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(offset, &mut bytes)?;
    Ok(bytes)
}

/// How far a [`Source`] has come, for whoever no longer holds it: a decoder does.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The byte of the file that is read next.
    position: Cell<u64>,
    /// Why the file could not be read. A decoder may hand that on as an error of its own.
    failure: RefCell<Option<Error>>,
}

impl Progress {
    pub(crate) fn position(&self) -> u64 {
        self.position.get()
    }

    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.failure.take()
    }
}

/// Bytes of a file from one place to another.
pub(crate) struct Source {
    file: Rc<dyn File>,
    end: u64,
    progress: Rc<Progress>,
}

impl Source {
    pub(crate) fn new(file: Rc<dyn File>, start: u64, length: u64) -> Self {
        let progress = Progress { position: Cell::new(start), failure: RefCell::default() };
        Self { file, end: start.saturating_add(length), progress: Rc::new(progress) }
    }

    pub(crate) fn progress(&self) -> Rc<Progress> {
        self.progress.clone()
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let position = self.progress.position.get();
        let left = usize::try_from(self.end.saturating_sub(position)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let space = buffer.get_mut(..count).unwrap_or_default();
        self.file.read_exact_at(position, space).map_err(|why| {
            self.progress.failure.replace(Some(why));
            io::Error::other("the file cannot be read")
        })?;
        self.progress.position.set(position.saturating_add(u64::try_from(count).unwrap_or(0)));
        Ok(count)
    }
}
