//! Several ramdisks become one, as the guest's own loader would have joined them.

use super::image::{Located, of};
use crate::exit::{Failure, Result};
use crate::newc::{ALIGNMENT, Archive};
use fsimage::Session;
use fsimage::output::Draft;
use rustix::io::Errno;
use std::os::fd::AsFd;

/// What a ramdisk is made of: each file, and the bytes that stand before it; then the bytes at the end.
///
/// Each ramdisk begins at a multiple of [`ALIGNMENT`], as the kernel wants its archives. Those with a `newc_name` in a
/// row are one archive, which ends where the next plain one begins.
#[derive(Debug)]
pub(super) struct Layout {
    before: Vec<Vec<u8>>,
    after: Vec<u8>,
    /// Bytes in all.
    pub(super) size: u64,
}

impl Layout {
    /// For files of these sizes, those to be packed with their names.
    pub(super) fn new<'a>(files: impl Iterator<Item = (u64, Option<&'a [u8]>)>) -> Result<Self, String> {
        let mut layout = Self { before: Vec::new(), after: Vec::new(), size: 0 };
        let mut open: Option<Archive> = None;
        for (size, name) in files {
            let mut bytes = Vec::new();
            match name {
                Some(name) => bytes.extend(open.get_or_insert_default().file(name, size)?),
                None if open.take().is_some() => bytes.extend(Archive::end()),
                None => {}
            }
            layout.grow(bytes.len());
            layout.before.push(bytes);
            layout.size = layout.size.saturating_add(size);
        }
        if open.is_some() {
            layout.after = Archive::end();
            layout.grow(layout.after.len());
        }
        Ok(layout)
    }

    fn grow(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.size = aligned(self.size).saturating_add(bytes);
    }

    /// Writes the files, in the order they were told in, with what belongs between them.
    pub(super) fn write(
        &self,
        session: &mut Session,
        files: &[Located<'_>],
        draft: &Draft<'_>,
    ) -> Result<()> {
        let mut end = 0;
        for (file, before) in files.iter().zip(&self.before) {
            end = write(draft, before, aligned(end))?;
            end = file.copy(session, draft, end).map_err(|why| of(file.found, why))?;
        }
        if !self.after.is_empty() {
            write(draft, &self.after, aligned(end))?;
        }
        Ok(())
    }
}

fn aligned(offset: u64) -> u64 {
    offset.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX)
}

/// Writes all of the bytes, and returns where they end.
fn write(draft: &Draft<'_>, mut bytes: &[u8], mut at: u64) -> Result<u64> {
    while !bytes.is_empty() {
        let written = match rustix::io::pwrite(draft.as_fd(), bytes, at) {
            Ok(0) => return Err(Failure::io("the ramdisk", &Errno::NOSPC.into())),
            Ok(written) => written,
            Err(Errno::INTR) => 0,
            Err(errno) => return Err(Failure::io("the ramdisk", &errno.into())),
        };
        bytes = bytes.get(written..).unwrap_or_default();
        at = at.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ramdisks_are_joined_at_multiples_of_four() {
        let layout = Layout::new([(5, None), (6, None), (0, None)].into_iter()).unwrap();
        assert_eq!(layout.size, 16);
        assert!(layout.before.iter().all(Vec::is_empty) && layout.after.is_empty());
    }

    #[test]
    fn an_archive_ends_where_a_plain_ramdisk_begins() {
        let files: [(u64, Option<&[u8]>); 4] = [(3, Some(b"a")), (4, Some(b"b")), (8, None), (1, Some(b"c"))];
        let layout = Layout::new(files.into_iter()).unwrap();
        let trailer = Archive::end();
        assert!(layout.before[2] == trailer && layout.after == trailer);
        let header = Archive::default().file(b"a", 3).unwrap().len();
        assert_eq!(
            layout.size,
            u64::try_from(header * 3 + 4 + 4 + trailer.len() + 8 + 4 + trailer.len()).unwrap()
        );
    }
}
