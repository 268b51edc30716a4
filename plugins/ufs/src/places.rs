//! Where superblocks lie, and which of them counts.

use crate::flavour::Magic;
use crate::superblock::{MAGIC_OFFSET, SUPERBLOCK_SIZE, Superblock};
use fsimage_sdk::{Endian, Error, ErrorKind, Result, Volume, to_u64};

/// `SBLOCKSEARCH`, the order in which BSD's kernels look: `SBLOCK_UFS2`, `SBLOCK_UFS1`, `SBLOCK_FLOPPY`,
/// `SBLOCK_PIGGY`. Solaris has `SBOFF`, the second.
const PRIMARY: [u64; 4] = [SBLOCK_UFS2, 8192, 0, 262_144];
const SBLOCK_UFS2: u64 = 65536;

/// Where newfs puts the first alternate for each block size: at the first block boundary behind the primary superblock
/// (`fs_sblkno`). fsck's own guess, sector 32, is among them.
const ALTERNATE: [u64; 11] =
    [16384, 32768, 65536, 73728, 81920, 98304, 131_072, 270_336, 278_528, 294_912, 327_680];

/// A superblock's bytes and what its magic number says.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Byte offset on the volume.
    pub(crate) place: u64,
    pub(crate) magic: Magic,
    pub(crate) endian: Endian,
    pub(crate) bytes: Vec<u8>,
}

impl Candidate {
    /// What lies at `place`, if a magic number is there.
    ///
    /// # Errors
    /// When the host's read fails.
    fn read(volume: &Volume, place: u64) -> Result<Option<Self>> {
        if place.checked_add(to_u64(SUPERBLOCK_SIZE)).is_none_or(|end| end > volume.size()) {
            return Ok(None);
        }
        let mut magic = [0; 4];
        volume.read_exact_at(place.saturating_add(to_u64(MAGIC_OFFSET)), &mut magic)?;
        let Some((magic, endian)) = Magic::recognise(magic) else { return Ok(None) };
        let bytes = volume.read_vec_at(place, SUPERBLOCK_SIZE)?;
        Ok(Some(Self { place, magic, endian, bytes }))
    }
}

/// The superblock that counts.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) candidate: Candidate,
    pub(crate) superblock: Superblock,
    /// What was wrong with the primary one, where an alternate stands in for it.
    pub(crate) primary_error: Option<Error>,
}

/// Finds the superblock: the first sound one of the primary places, else an alternate that agrees with where it lies.
/// `None` when no primary place has a magic number: alternates outlive a filesystem that was made anew as another.
///
/// # Errors
/// The first broken superblock's, when no other stands in; `Io`.
pub(crate) fn find(volume: &Volume) -> Result<Option<Found>> {
    let mut broken = None;
    for place in PRIMARY {
        let Some(candidate) = Candidate::read(volume, place)? else { continue };
        if place == SBLOCK_UFS2 && !candidate.magic.is_ufs2() && candidate.magic != Magic::Unfinished {
            // The first alternate of a UFS1 filesystem of 64 KiB blocks.
            continue;
        }
        match Superblock::parse(&candidate).and_then(|s| s.check_place(&candidate).map(|()| s)) {
            Ok(superblock) => return Ok(Some(Found { candidate, superblock, primary_error: None })),
            Err(error) => {
                broken.get_or_insert(error);
            }
        }
    }
    let Some(error) = broken else { return Ok(None) };
    for place in ALTERNATE {
        let Some(candidate) = Candidate::read(volume, place)? else { continue };
        match Superblock::parse(&candidate) {
            Ok(superblock) if superblock.first_alternate() == Some(place) => {
                return Ok(Some(Found { candidate, superblock, primary_error: Some(error) }));
            }
            _ => {}
        }
    }
    Err(error)
}

/// The superblock at a place that the user names, as for `fsck -b`.
///
/// # Errors
/// `NotRecognised`; what [`Superblock::parse`] says; `Io`.
pub(crate) fn at(volume: &Volume, place: u64) -> Result<Found> {
    let candidate = Candidate::read(volume, place)?
        .ok_or_else(|| Error::new(ErrorKind::NotRecognised, "no UFS magic number").at(place))?;
    let superblock = Superblock::parse(&candidate)?;
    Ok(Found { candidate, superblock, primary_error: None })
}
