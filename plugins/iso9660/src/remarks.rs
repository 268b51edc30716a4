//! What was odd and went on.

use core::fmt::Display;
use std::sync::Mutex;

/// Texts kept: the first ones say most.
const MAX_TEXTS: usize = 8;
/// Bytes kept of a text, so that all of them fit into `Info`.
const MAX_TEXT: usize = 200;

/// Remarks, in the order in which they were made, one of each kind.
#[derive(Debug, Default)]
pub(crate) struct Remarks(Mutex<Vec<String>>);

impl Remarks {
    /// Something that a user of `info` should know: what it is, and the first place or number that shows it.
    pub(crate) fn note(&self, kind: &'static str, example: impl Display) {
        let Ok(mut texts) = self.0.lock() else { return };
        if texts.len() < MAX_TEXTS && !texts.iter().any(|text| text.starts_with(kind)) {
            let mut text = format!("{kind}: {example}");
            let end = (0..=MAX_TEXT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
            text.truncate(end);
            texts.push(text);
        }
    }

    /// All of them.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().map(|texts| texts.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Remarks;

    #[test]
    fn few_short_and_different() {
        let remarks = Remarks::default();
        for kind in ["a", "a", "b", "c", "d", "e", "f", "g", "h", "i"] {
            remarks.note(kind, "\u{e9}".repeat(500));
        }
        let lines = remarks.lines();
        assert_eq!(lines.len(), 8);
        assert!(lines.iter().all(|line| line.len() <= 200 && line.ends_with('\u{e9}')));
    }
}
