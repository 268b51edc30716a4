//! Notes for `--debug`.

use std::collections::BTreeSet;

/// A bounded list without repetitions.
#[derive(Debug)]
pub(crate) struct Notes {
    list: Vec<String>,
    seen: BTreeSet<String>,
    max: usize,
    dropped: u64,
}

impl Notes {
    pub(crate) fn new(max: usize) -> Self {
        Self { list: Vec::new(), seen: BTreeSet::new(), max, dropped: 0 }
    }

    /// The text is made only when there is room for it: a loop can ask for a million of them.
    pub(crate) fn add(&mut self, text: impl FnOnce() -> String) {
        if self.list.len() >= self.max {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let text = text();
        if self.seen.insert(text.clone()) {
            self.list.push(text);
        }
    }

    pub(crate) fn into_list(mut self) -> Vec<String> {
        if self.dropped > 0 {
            self.list.push(format!("and {} more notes", self.dropped));
        }
        self.list
    }
}
