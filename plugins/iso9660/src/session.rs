//! Multi-session discs: where a session's descriptors are looked for.
//!
//! An image has no table of contents, so sessions are found by their descriptors: each begins behind the end that
//! the one before declares. On media that can be overwritten the newest session's descriptors are copied to the
//! disc's beginning, and the first session's own lie 32 sectors further on; nothing special is needed to read the
//! newest one then.

use crate::sectors::Sectors;
use crate::units::SECTOR;
use crate::volume_descriptor::DescriptorSet;
use fsimage_sdk::{Error, ErrorKind, Result};

/// Sessions of a disc (a CD holds 99 tracks).
const MAX_SESSIONS: usize = 99;
/// Sectors at which a disc that can be overwritten keeps its first session.
const FIRST_COPY: u64 = 32;
/// Sectors to which the writers align a session's beginning.
const ALIGNMENTS: [u64; 3] = [1, 16, 32];
/// Lead-out and lead-in between the first two sessions of a CD, and between later ones.
const GAPS: [u64; 2] = [11_400, 6_900];

/// Which session is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Session {
    /// What the disc's beginning describes, as Linux reads an image.
    #[default]
    Beginning,
    /// The newest one.
    Last,
    /// Counted from 1, so never 0.
    Number(usize),
    /// The one that begins at this sector.
    Sector(u64),
}

/// The sector at which the wanted session begins.
///
/// # Errors
/// `NotFound` when the disc has fewer sessions.
pub(crate) fn find(sectors: &Sectors, wanted: Session) -> Result<u64> {
    let number = match wanted {
        Session::Beginning => return Ok(0),
        Session::Sector(sector) => return Ok(sector),
        Session::Last => usize::MAX,
        Session::Number(number) => number,
    };
    let sessions = list(sectors, number.min(MAX_SESSIONS));
    let found =
        if wanted == Session::Last { sessions.last() } else { sessions.get(number.saturating_sub(1)) };
    found.copied().ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("session {number}: the disc has {}", sessions.len()))
    })
}

/// Remarks that the disc's beginning does not describe its newest session.
pub(crate) fn remark(sectors: &Sectors, session: u64) {
    let sessions = list(sectors, MAX_SESSIONS);
    if let (Some(&first), Some(&last)) = (sessions.first(), sessions.last())
        && (session, first) == (0, 0)
        && last != 0
    {
        let text =
            format_args!("of {}, the last one at sector {last}; session=last reads that", sessions.len());
        sectors.remarks().note("the first session is read", text);
    }
}

/// The sectors at which up to so many sessions begin.
fn list(sectors: &Sectors, count: usize) -> Vec<u64> {
    let begins = if end(sectors, FIRST_COPY).is_some() { FIRST_COPY } else { 0 };
    let mut sessions = vec![begins];
    while sessions.len() < count {
        let Some(last) = sessions.last().copied() else { break };
        let Some(end) = end(sectors, last).filter(|&end| end > last) else { break };
        let aligned = ALIGNMENTS.iter().map(|&unit| end.next_multiple_of(unit));
        let behind_gap = GAPS.iter().map(|&gap| end.saturating_add(gap));
        let Some(next) = aligned.chain(behind_gap).find(|&next| self::end(sectors, next).is_some()) else {
            break;
        };
        sessions.push(next);
    }
    sessions
}

/// The sector behind the session that begins here, if one does.
fn end(sectors: &Sectors, session: u64) -> Option<u64> {
    let set = DescriptorSet::read(sectors, session).ok()??;
    let descriptor = set.primary?.parse().ok()?;
    let bytes = descriptor.block_size.place(descriptor.space_size);
    let end = bytes.div_ceil(SECTOR);
    // Sizes count from the disc's beginning; some writers count from the session's.
    Some(if end > session { end } else { session.saturating_add(end) })
}
