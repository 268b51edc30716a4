//! The Rock Ridge Interchange Protocol (RRIP 1.12, and what differs in 1.09 and 1.10).

use crate::date;
use crate::directory_record::DirectoryRecord;
use crate::sectors::Sectors;
use crate::susp::{self, Entry};
use crate::symlink_component::Target;
use crate::units::BlockSize;
use crate::zisofs::Compression;
use core::ops::ControlFlow;
use fsimage_sdk::{FileType, Result};

/// Longest name, in bytes.
const MAX_NAME: usize = 255;
/// `NM` flags: the name of `.`, of `..`, of the host. Linux then takes the record's own name.
const NM_NO_NAME: u8 = 1 << 1 | 1 << 2 | 1 << 5;
/// `TF` flags: a creation date comes before the modification date; dates of seventeen bytes.
const TF_CREATION: u8 = 1;
const TF_MODIFY: u8 = 1 << 1;
const TF_LONG_FORM: u8 = 1 << 7;

/// `PX` (RRIP 4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posix {
    pub(crate) mode: u32,
    pub(crate) links: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Posix {
    /// The type in `st_mode`; nothing for a number that is none.
    pub(crate) fn file_type(self) -> Option<FileType> {
        Some(match self.mode & 0o170_000 {
            0o100_000 => FileType::Regular,
            0o040_000 => FileType::Directory,
            0o120_000 => FileType::Symlink,
            0o060_000 => FileType::BlockDevice,
            0o020_000 => FileType::CharDevice,
            0o010_000 => FileType::Fifo,
            0o140_000 => FileType::Socket,
            _ => return None,
        })
    }
}

/// What the entries of one record say together.
#[derive(Debug, Default)]
pub(crate) struct RockRidge {
    name: Vec<u8>,
    pub(crate) posix: Option<Posix>,
    pub(crate) target: Option<Target>,
    /// `CL`: the block of a directory that was moved elsewhere.
    pub(crate) child: Option<u32>,
    /// `PL`: the block of the directory that a moved one belongs to.
    pub(crate) parent: Option<u32>,
    /// `RE`: a directory that was moved here and is shown in its own place.
    pub(crate) relocated: bool,
    pub(crate) mtime: Option<i64>,
    pub(crate) compression: Option<Compression>,
    /// `SF`: stored without its holes.
    pub(crate) sparse: bool,
}

impl RockRidge {
    /// Reads the entries of a record, which begin `skip` bytes into its System Use field.
    ///
    /// # Errors
    /// `Corrupt`, `Limit`, `Unsupported`; `Io` when a continuation lies past the volume's end.
    pub(crate) fn read(
        sectors: &Sectors,
        block_size: BlockSize,
        record: &DirectoryRecord,
        skip: usize,
    ) -> Result<Self> {
        let mut all = Self::default();
        susp::for_each(sectors, block_size, record, skip, &mut |entry| {
            all.add(&entry)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    fn add(&mut self, entry: &Entry<'_>) -> Result<()> {
        match &entry.signature {
            b"NM" => self.add_name(entry)?,
            b"PX" => self.posix = Some(posix(entry)?),
            b"SL" => self.target.get_or_insert_default().add(entry)?,
            b"CL" => self.child = Some(location(entry)?),
            b"PL" => self.parent = Some(location(entry)?),
            b"RE" => self.relocated = true,
            b"TF" => self.mtime = modification(entry)?.or(self.mtime),
            b"ZF" | b"Z2" => self.compression = Compression::parse(entry)?.or(self.compression),
            b"SF" => self.sparse = true,
            _ => {} // SP and ER concern the disc; PN, RR, ES and strangers concern nothing that is read
        }
        Ok(())
    }

    /// `NM` (RRIP 4.1.4): a piece of the name.
    fn add_name(&mut self, entry: &Entry<'_>) -> Result<()> {
        entry.need(5)?;
        if entry.fields.u8(4)? & NM_NO_NAME != 0 {
            return Ok(());
        }
        let piece = entry.rest(5)?;
        if self.name.len().saturating_add(piece.len()) > MAX_NAME {
            return Err(entry.fields.corrupt(0, format_args!("NM: a name of more than {MAX_NAME} bytes")));
        }
        self.name.extend_from_slice(piece);
        Ok(())
    }

    /// The name, if there is one.
    pub(crate) fn name(&self) -> Option<&[u8]> {
        Some(&*self.name).filter(|name| !name.is_empty())
    }
}

/// `PX`: 36 bytes, or 44 with a serial number since 1.12.
fn posix(entry: &Entry<'_>) -> Result<Posix> {
    entry.need(36)?;
    let px = &entry.fields;
    Ok(Posix { mode: px.u32(4)?, links: px.u32(12)?, uid: px.u32(20)?, gid: px.u32(28)? })
}

/// `CL` and `PL` (RRIP 4.1.5.1, 4.1.5.2).
fn location(entry: &Entry<'_>) -> Result<u32> {
    entry.need(12)?;
    entry.fields.u32(4)
}

/// `TF` (RRIP 4.1.6): dates in a fixed order, those there whose flag is set.
fn modification(entry: &Entry<'_>) -> Result<Option<i64>> {
    entry.need(5)?;
    let tf = &entry.fields;
    let flags = tf.u8(4)?;
    if flags & TF_MODIFY == 0 {
        return Ok(None);
    }
    let size: usize = if flags & TF_LONG_FORM == 0 { 7 } else { 17 };
    let offset = if flags & TF_CREATION == 0 { 5 } else { size.saturating_add(5) };
    entry.need(offset.saturating_add(size))?;
    Ok(Some(if size == 7 { date::short(tf.array(offset)?) } else { date::long(tf.array(offset)?) }))
}

/// Whether a disc has Rock Ridge, and where its entries begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skip {
    /// In the root's first record: behind attributes of CD-ROM XA where there are some.
    pub(crate) root: usize,
    /// In every other record: what `SP` says.
    pub(crate) others: usize,
}

impl Skip {
    /// Bytes of the attributes that CD-ROM XA puts first.
    const XA: usize = 14;

    /// Looks for `SP` and `ER` in the root's first record. As in Linux an `ER` of any identifier will do.
    ///
    /// # Errors
    /// As [`susp::for_each`].
    pub(crate) fn find(
        sectors: &Sectors,
        block_size: BlockSize,
        root: &DirectoryRecord,
    ) -> Result<Option<Self>> {
        let begins = |at: usize, signature: &[u8]| {
            root.system_use.get(at..).is_some_and(|area| area.starts_with(signature))
        };
        let start = if begins(Self::XA, b"SP") {
            Self::XA
        } else if [b"SP", b"RR", b"PX", b"ER", b"CE", b"TF"].iter().any(|signature| begins(0, *signature)) {
            0
        } else {
            return Ok(None);
        };
        let (mut skip, mut extensions) = (None, false);
        susp::for_each(sectors, block_size, root, start, &mut |entry| {
            match &entry.signature {
                b"SP" => {
                    entry.need(7)?;
                    let check: [u8; 2] = entry.fields.array(4)?;
                    if check != [0xbe, 0xef] {
                        return Err(entry.fields.corrupt(4, format_args!("SP: check bytes {check:02x?}")));
                    }
                    skip = Some(usize::from(entry.fields.u8(6)?));
                }
                b"ER" => extensions = true,
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(extensions.then_some(Self { root: start, others: skip.unwrap_or(start) }))
    }
}
