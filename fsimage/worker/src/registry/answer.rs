//! What a callback returned, checked.

use fsimage_sdk::{Error, ErrorKind, Result, abi};
use std::sync::Arc;

/// A callback under way: its plugin and its name, for the error.
#[derive(Clone)]
pub(super) struct Call {
    plugin: Arc<str>,
    callback: &'static str,
}

impl Call {
    pub(super) fn new(plugin: &Arc<str>, callback: &'static str) -> Self {
        Self { plugin: Arc::clone(plugin), callback }
    }

    /// The plugin broke the contract of this callback.
    pub(super) fn fault(&self, why: impl core::fmt::Display) -> Error {
        Error::new(ErrorKind::PluginFault, format!("plugin {}, {}: {why}", self.plugin, self.callback))
    }

    /// A return code and the error that came with it.
    pub(super) fn answer(&self, code: i32, error: &abi::Error) -> Result<()> {
        match code {
            0 => Ok(()),
            _ => Err(self.error(code, error)),
        }
    }

    /// The error a plugin reports under a code of its own choice.
    pub(super) fn error(&self, code: i32, error: &abi::Error) -> Error {
        let Some(kind) = ErrorKind::from_code(code) else {
            return self.fault(format_args!("unknown error code {code}"));
        };
        if is_reserved(kind) {
            return self.fault(format_args!("error code {code} ({}) is the host's own", kind.text()));
        }
        let length = usize::try_from(error.message_length).unwrap_or(usize::MAX);
        let Some(message) = error.message.get(..length) else {
            return self.fault(format_args!("an error message of {length} bytes"));
        };
        let mut text = String::from_utf8_lossy(message).into_owned();
        if matches!(kind, ErrorKind::PluginFault | ErrorKind::Internal) || text.is_empty() {
            // These concern the plugin more than the disk, and an empty message says nothing by itself.
            let separator = if text.is_empty() { "" } else { ": " };
            text = format!("plugin {}, {}{separator}{text}", self.plugin, self.callback);
        }
        let found = Error::new(kind, text);
        if error.offset == abi::NO_OFFSET { found } else { found.at(error.offset) }
    }

    /// A text in a buffer of the answer.
    pub(super) fn part<'a>(&self, buffer: &'a [u8], length: u32, what: &str) -> Result<&'a [u8]> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.filled(buffer, length, what)
    }

    /// The part of a buffer the plugin says it filled.
    pub(super) fn filled<'a>(&self, buffer: &'a [u8], length: usize, what: &str) -> Result<&'a [u8]> {
        buffer.get(..length).ok_or_else(|| {
            self.fault(format_args!("{what} of {length} bytes in a buffer of {}", buffer.len()))
        })
    }
}

/// Kinds that only the host can know to be true.
fn is_reserved(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotRecognised
            | ErrorKind::Protocol
            | ErrorKind::WorkerDied
            | ErrorKind::Deadline
            | ErrorKind::Jail
    )
}
