//! Metadata read last.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// The last few pieces of metadata that were read, by whatever names them: a block's number, a place. File data does not belong
/// here: it would push the metadata out.
///
/// A mutex that is only ever tried: a reader that finds it taken does without.
#[derive(Debug)]
pub struct Recent<K> {
    /// Newest last.
    kept: Mutex<VecDeque<(K, Arc<[u8]>)>>,
    capacity: usize,
}

impl<K: Copy + PartialEq> Recent<K> {
    /// For at most so many pieces.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { kept: Mutex::default(), capacity }
    }

    /// A piece that is still here.
    pub fn get(&self, key: K) -> Option<Arc<[u8]>> {
        let mut kept = self.kept.try_lock().ok()?;
        let index = kept.iter().rposition(|(other, _)| *other == key)?;
        let entry = kept.remove(index)?;
        let bytes = Arc::clone(&entry.1);
        kept.push_back(entry);
        Some(bytes)
    }

    /// Keeps a piece in the place of the one that was asked for the longest time ago.
    pub fn keep(&self, key: K, bytes: &Arc<[u8]>) {
        if let Ok(mut kept) = self.kept.try_lock()
            && self.capacity > 0
        {
            if kept.len() >= self.capacity {
                kept.pop_front();
            }
            kept.push_back((key, Arc::clone(bytes)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_asked_for_longest_ago_goes() {
        let recent = Recent::new(2);
        let piece = |byte| Arc::from([byte; 2]);
        recent.keep(1, &piece(1));
        recent.keep(2, &piece(2));
        assert_eq!(recent.get(1), Some(piece(1)));
        recent.keep(3, &piece(3));
        assert_eq!((recent.get(1), recent.get(2), recent.get(3)), (Some(piece(1)), None, Some(piece(3))));
    }

    #[test]
    fn nothing_is_kept_without_room() {
        let recent = Recent::new(0);
        recent.keep(1, &Arc::from([1]));
        assert_eq!(recent.get(1), None);
    }
}
