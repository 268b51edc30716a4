//! Names without regard to case: exact bytes first, then ASCII's letters.
//!
//! Linux compares by Unicode 12.1's normal form and case folding, tables of 200 KiB. Boot files have ASCII names, so
//! that is what is compared; where another name could be equal by those tables the answer is neither yes nor no.

use crate::units::InodeNumber;
use core::ops::ControlFlow;
use fsimage_sdk::Result;

/// Who receives a name and its inode.
pub(crate) type NameSink<'a> = &'a mut dyn FnMut(&[u8], InodeNumber) -> ControlFlow<()>;

/// Whether a directory has a name.
pub(crate) enum Match {
    Found(InodeNumber),
    Missing,
    /// A name is not ASCII: only the tables know.
    Unknown,
}

/// Looks for `name` among those that `for_each` hands on.
pub(crate) fn lookup(name: &[u8], for_each: &mut dyn FnMut(NameSink<'_>) -> Result<()>) -> Result<Match> {
    let mut unknown = !name.is_ascii();
    let mut folded = None;
    let mut exact = None;
    for_each(&mut |found, inode| {
        if found == name {
            exact = Some(inode);
            return ControlFlow::Break(());
        }
        if found.eq_ignore_ascii_case(name) {
            folded.get_or_insert(inode);
        }
        unknown |= !found.is_ascii();
        ControlFlow::Continue(())
    })?;
    Ok(match exact.or(folded) {
        Some(inode) => Match::Found(inode),
        None if unknown => Match::Unknown,
        None => Match::Missing,
    })
}
