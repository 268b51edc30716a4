//! Why there is no menu.

use crate::limits::LimitName;
use std::fmt;

/// A configuration was found and no menu can be made of it.
///
/// A mistake in one command, or in one entry, is not one of these: GRUB goes on after it, and so do we.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A budget ran out outside any entry.
    Limit {
        /// Which one.
        limit: LimitName,
        /// Its value.
        value: u64,
        /// The configuration file, escaped.
        file: String,
        /// The line in it, from 1; 0 when it concerns the whole file.
        line: u32,
    },
    /// The configuration file exists and cannot be read.
    Read {
        /// The configuration file, escaped.
        file: String,
        /// The guest's error.
        message: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { limit, value, file, line: 0 } => {
                write!(f, "{file}: the limit {limit} ({value}) is exceeded")
            }
            Self::Limit { limit, value, file, line } => {
                write!(f, "{file}:{line}: the limit {limit} ({value}) is exceeded")
            }
            Self::Read { file, message } => write!(f, "{file}: {message}"),
        }
    }
}

impl std::error::Error for Error {}
