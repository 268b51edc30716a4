//! An entry before it has its place in the menu.

use crate::menu::BootEntry;

/// What entries are ordered and named by, and what they boot.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The file's name without its counter, in lower case; of a further profile of an image, with `@` and its name.
    pub(super) id: Vec<u8>,
    /// The same without `@`.
    pub(super) file_id: Vec<u8>,
    pub(super) title: Option<Vec<u8>>,
    pub(super) sort_key: Option<Vec<u8>>,
    pub(super) version: Option<Vec<u8>>,
    pub(super) machine_id: Option<Vec<u8>>,
    /// The profile of an image, from 0.
    pub(super) profile: usize,
    /// Attempts left and made.
    pub(super) tries: Option<(u32, u32)>,
    pub(super) boots: BootEntry,
}

impl Entry {
    /// What it takes to keep it.
    pub(super) fn cost(&self) -> usize {
        let texts = [&self.title, &self.sort_key, &self.version, &self.machine_id];
        let texts = texts.into_iter().flatten().map(Vec::len);
        let files = self.boots.ramdisks.iter().chain(&self.boots.kernel).map(|image| image.file.path.len());
        let lengths = [self.id.len(), self.file_id.len(), self.boots.arguments.len(), size_of::<Self>()];
        texts.chain(files).chain(lengths).fold(0, usize::saturating_add)
    }
}
