//! The System Use Sharing Protocol (SUSP 1.12): entries in a record's System Use field, and where they go on.

use crate::directory_record::DirectoryRecord;
use crate::sectors::Sectors;
use crate::units::BlockSize;
use core::ops::ControlFlow;
use fsimage_sdk::{Endian, Error, Fields, Result};

/// Bytes of an entry before its data: signature, length, version.
pub(crate) const HEADER: usize = 4;
/// Continuation areas that one record may have (Linux: 32).
const MAX_CONTINUATIONS: u32 = 64;
/// Length of a `CE` entry.
const CE_LENGTH: usize = 28;

/// One entry.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) signature: [u8; 2],
    /// The whole entry with its header, so that BP n of the standards is offset n - 1.
    pub(crate) fields: Fields<'a>,
}

impl<'a> Entry<'a> {
    pub(crate) fn length(&self) -> usize {
        self.fields.bytes().len()
    }

    /// What follows `offset` bytes of the entry.
    pub(crate) fn rest(&self, offset: usize) -> Result<&'a [u8]> {
        self.fields.slice(offset, self.length().checked_sub(offset).ok_or_else(|| self.too_short(offset))?)
    }

    fn too_short(&self, wanted: usize) -> Error {
        let name = self.signature.escape_ascii();
        self.fields.corrupt(2, format_args!("{name} of {} bytes, at least {wanted}", self.length()))
    }

    /// Refuses an entry that is shorter than its fields.
    pub(crate) fn need(&self, length: usize) -> Result<()> {
        if self.length() < length { Err(self.too_short(length)) } else { Ok(()) }
    }
}

/// Where an area goes on.
#[derive(Clone, Copy)]
struct Continuation {
    place: u64,
    length: usize,
}

/// Hands the entries of a record to `sink`, beginning `skip` bytes into its System Use field, and follows `CE`.
///
/// # Errors
/// `Corrupt` for an entry whose length is below its header's or past its area, for a continuation outside of a
/// block, and for one that has been there already.
pub(crate) fn for_each(
    sectors: &Sectors,
    block_size: BlockSize,
    record: &DirectoryRecord,
    skip: usize,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let place = record.system_use_place().saturating_add(u64::try_from(skip).unwrap_or(0));
    let area = record.system_use.get(skip..).unwrap_or_default();
    let mut next = area_entries(area, place, block_size, sink)?;
    let mut followed = Vec::new();
    while let Some(area) = next {
        if followed.contains(&area.place) {
            let text = format!("CE: the area at 0x{:x} goes on in itself", area.place);
            return Err(record.corrupt(text));
        }
        followed.push(area.place);
        if followed.len() > usize::try_from(MAX_CONTINUATIONS).unwrap_or(0) {
            return Err(
                Error::limit(format!("CE: more than {MAX_CONTINUATIONS} continuation areas")).at(area.place)
            );
        }
        let bytes = sectors.read(area.place, area.length)?;
        next = area_entries(&bytes, area.place, block_size, sink)?;
    }
    Ok(())
}

/// The entries of one area; where it goes on.
fn area_entries(
    area: &[u8],
    place: u64,
    block_size: BlockSize,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<ControlFlow<()>>,
) -> Result<Option<Continuation>> {
    let whole = Fields::new(area, Endian::Little, "system use area", place);
    let mut offset = 0_usize;
    let mut next = None;
    // Each round takes at least a header's bytes of at most a block. Fewer bytes than a header are padding.
    while area.len().saturating_sub(offset) >= HEADER {
        let signature: [u8; 2] = whole.array(offset)?;
        if signature == [0, 0] {
            break; // padding: no signature is of NULs
        }
        let length = usize::from(whole.u8(offset.saturating_add(2))?);
        let left = area.len().saturating_sub(offset);
        let shown = signature.escape_ascii();
        if length < HEADER || length > left {
            let text = format!("{shown} of length {length}, with {left} bytes left");
            return Err(whole.corrupt(offset, text));
        }
        let bytes = whole.slice(offset, length)?;
        let entry = Entry {
            signature,
            fields: Fields::new(bytes, Endian::Little, "system use entry", whole.place(offset)),
        };
        offset = offset.saturating_add(length);
        match &signature {
            b"ST" => return Ok(None),
            b"CE" => next = Some(continuation(&entry, block_size)?),
            _ => {
                if sink(entry)?.is_break() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(next)
}

/// `CE` (SUSP 5.1): block, offset and length of a continuation, wholly within its block as Linux wants it.
fn continuation(entry: &Entry<'_>, block_size: BlockSize) -> Result<Continuation> {
    entry.need(CE_LENGTH)?;
    let ce = &entry.fields;
    let (block, offset, length) = (ce.u32(4)?, ce.u32(12)?, ce.u32(20)?);
    let inside = offset.checked_add(length).is_some_and(|end| end <= u32::from(block_size.get()));
    if !inside {
        let text = format!("CE: {length} bytes at {offset} of a block of {}", block_size.get());
        return Err(ce.corrupt(12, text));
    }
    let place = block_size.place(block).saturating_add(u64::from(offset));
    let length = usize::try_from(length).map_err(|_| ce.corrupt(20, "CE: too long"))?;
    Ok(Continuation { place, length })
}
