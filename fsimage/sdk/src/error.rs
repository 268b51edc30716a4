//! One error type: a stable kind, what it concerns, where, and the cause.

use core::fmt;
use fsimage_abi::ErrorKind;

/// The result of everything that touches a volume.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What went wrong: kind, text, place, cause.
///
/// Shown as `kind: text (at 0xOFFSET): cause`. The text may quote the guest; whoever prints it escapes it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: String,
    offset: Option<u64>,
    source: Option<Box<Error>>,
}

impl Error {
    /// An error of this kind; `context` names what it concerns and why, without the kind's own words.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), offset: None, source: None }
    }

    /// The bytes contradict their format.
    pub fn corrupt(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, context)
    }

    /// Well-formed, but not read by this version.
    pub fn unsupported(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, context)
    }

    /// A limit was reached; `context` names the limit.
    pub fn limit(context: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, context)
    }

    /// The byte offset on the volume where the trouble lies.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The same error seen from further out: `context` says what was being done. The kind and place stay.
    #[must_use]
    pub fn within(self, context: impl Into<String>) -> Self {
        Self { kind: self.kind, context: context.into(), offset: self.offset, source: Some(Box::new(self)) }
    }

    /// The stable kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Byte offset on the volume, where one is known.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// Everything but the kind: contexts from the outermost to the innermost, then the place.
    #[must_use]
    pub fn message(&self) -> String {
        let mut text = self.context.clone();
        let mut cause = self.source.as_deref();
        while let Some(error) = cause {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.context);
            cause = error.source.as_deref();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.text(), self.message())?;
        match self.offset {
            Some(offset) => write!(f, " (at 0x{offset:x})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Error {}
