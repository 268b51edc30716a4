//! A block that is unpacked as a whole and given away piece by piece.

/// Bytes, and how many of them have been given away.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The block.
    pub(crate) bytes: Vec<u8>,
    given: usize,
}

impl Pending {
    /// The block has been filled anew.
    pub(crate) fn restart(&mut self) {
        self.given = 0;
    }

    /// Gives as many bytes as there are and as `buffer` takes.
    pub(crate) fn give(&mut self, buffer: &mut [u8]) -> usize {
        let left = self.bytes.get(self.given..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given = self.given.saturating_add(count);
        count
    }
}
