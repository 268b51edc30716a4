//! The trusted side's error: a kind, a sentence that is safe to print, a place.

use core::fmt;
use fsimage_abi::ErrorKind;
use rustix::io::Errno;

/// The result of everything here.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What went wrong. Everything in it has been escaped: it can be printed as it is.
///
/// ```
/// use fsimage::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Corrupt, "inode 12").at(Some(0x400)).within("/boot/vmlinuz");
/// assert_eq!(error.to_string(), "corrupt: /boot/vmlinuz: inode 12 (at 0x400)");
/// assert_eq!((error.kind(), error.message()), (ErrorKind::Corrupt, "/boot/vmlinuz: inode 12"));
/// assert!(!error.ends_session());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    offset: Option<u64>,
    last_words: Option<String>,
    os_code: Option<i32>,
}

impl Error {
    /// An error of this kind; `message` names what it concerns and why.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), offset: None, last_words: None, os_code: None }
    }

    /// A host call failed.
    pub fn io(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Io, format!("{what}: {why}"))
    }

    /// A system call of this process failed.
    pub fn os(what: impl fmt::Display, why: Errno) -> Self {
        let text = why.to_string();
        // The number says nothing to a person.
        let text = text.rsplit_once(" (os error ").map_or(text.as_str(), |(text, _)| text);
        Self { os_code: Some(why.raw_os_error()), ..Self::io(what, text) }
    }

    /// The byte offset on the volume where the trouble lies.
    #[must_use]
    pub fn at(mut self, offset: Option<u64>) -> Self {
        self.offset = offset;
        self
    }

    /// What the worker wrote to its standard error before it died; for `--debug`.
    #[must_use]
    pub fn with_last_words(mut self, words: String) -> Self {
        self.last_words = (!words.is_empty()).then_some(words);
        self
    }

    /// The same error seen from further out.
    #[must_use]
    pub fn within(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The stable kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the worker is gone with it, so that nothing more can be asked.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Protocol | ErrorKind::WorkerDied | ErrorKind::Deadline | ErrorKind::Jail
        )
    }

    /// The sentence without kind and place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The number (`errno`) of the system call that failed in this process, where it was one.
    #[must_use]
    pub fn os_code(&self) -> Option<i32> {
        self.os_code
    }

    /// The worker's last words, where it died.
    #[must_use]
    pub fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the system says of a file of the host's needs no heading.
        if self.os_code.is_none() {
            write!(f, "{}: ", self.kind.text())?;
        }
        f.write_str(&self.message)?;
        match self.offset {
            Some(offset) => write!(f, " (at 0x{offset:x})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Error {}
