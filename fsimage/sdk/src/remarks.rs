//! What was wrong and went on: a guest's own loader boots such a guest, so by default we do too, and say so.

use crate::{Error, Result};
use std::sync::{Arc, Mutex};

/// Texts kept; later ones are counted only.
const MAX_TEXTS: usize = 3;
/// Bytes kept of a text: `Info` carries 2 KiB of them.
const MAX_TEXT: usize = 400;

/// What a filesystem does about what is wrong and could go on, such as a checksum: fail when it is strict, else go on and
/// remember, for [`crate::Info::remarks`]. Clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct Remarks {
    strict: bool,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    notes: Vec<String>,
    mismatches: u64,
    first: Option<String>,
}

impl Remarks {
    /// With nothing to remark yet.
    #[must_use]
    pub fn new(strict: bool) -> Self {
        Self { strict, seen: Arc::default() }
    }

    /// Is what is wrong to fail?
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Something a user of `info` should know.
    pub fn note(&self, text: String) {
        if let Ok(mut seen) = self.seen.lock()
            && seen.notes.len() < MAX_TEXTS
        {
            seen.notes.push(cut(text));
        }
    }

    /// A checksum that is not the one of its structure.
    ///
    /// # Errors
    /// The same error when strict.
    pub fn mismatch(&self, error: Error) -> Result<()> {
        if self.strict {
            return Err(error);
        }
        if let Ok(mut seen) = self.seen.lock() {
            seen.mismatches = seen.mismatches.saturating_add(1);
            seen.first.get_or_insert_with(|| cut(error.to_string()));
        }
        Ok(())
    }

    /// Checksums that were wrong until now.
    #[must_use]
    pub fn mismatches(&self) -> u64 {
        self.seen.lock().map_or(0, |seen| seen.mismatches)
    }

    /// A line of text each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Ok(seen) = self.seen.lock() else { return Vec::new() };
        let mut lines = seen.notes.clone();
        if let Some(first) = &seen.first {
            lines.push(format!("{} wrong checksums, first: {first}", seen.mismatches));
        }
        lines
    }
}

fn cut(mut text: String) -> String {
    let end = (0..=MAX_TEXT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.truncate(end);
    text
}
