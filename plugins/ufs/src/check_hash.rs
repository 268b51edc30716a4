//! FreeBSD's check hashes (`fs_metackhash`): whether a structure is what was written. What a mismatch means is the policy
//! of `remarks`.

use crate::blocks::Blocks;
use crate::flavour::Flavour;
use crate::state::{METACKHASH, State};
use fsimage_sdk::{Fields, Remarks, Result, Volume, crc32c, to_usize};

/// `CK_SUPERBLOCK`.
const SUPERBLOCK: u32 = 0x1;
/// `CK_CYLGRP`.
const CYLINDER_GROUP: u32 = 0x2;
/// `CK_INODE`.
const INODE: u32 = 0x4;
/// `SBLOCKSIZE`.
const MAX_SUPERBLOCK_SIZE: u32 = 8192;

/// Which structures are hashed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CheckHashes {
    kinds: u32,
    /// `fs_sbsize`: bytes of the superblock that its hash covers.
    superblock_size: u32,
}

impl CheckHashes {
    /// None in UFS1, and none where a kernel that does not know of them cleared `FS_METACKHASH`: what is left of them
    /// is out of date.
    ///
    /// # Errors
    /// `Corrupt` when a hashed superblock is longer than its place.
    pub(crate) fn parse(sb: &Fields<'_>, flavour: Flavour, state: &State) -> Result<Self> {
        if !flavour.is_ufs2() || state.flags & METACKHASH == 0 {
            return Ok(Self::default());
        }
        let (kinds, superblock_size) = (sb.u32(0x51c)?, sb.u32(0x68)?);
        if kinds & SUPERBLOCK != 0 && superblock_size > MAX_SUPERBLOCK_SIZE {
            return Err(sb.corrupt(0x68, format_args!("fs_sbsize {superblock_size} exceeds 8192")));
        }
        Ok(Self { kinds, superblock_size })
    }

    /// The superblock at `place`: `fs_ckhash` at 0x518.
    ///
    /// # Errors
    /// `Io`; a mismatch under `checksums=strict`.
    pub(crate) fn superblock(self, volume: &Volume, sb: &Fields<'_>, remarks: &Remarks) -> Result<()> {
        if self.kinds & SUPERBLOCK == 0 {
            return Ok(());
        }
        let bytes = volume.read_vec_at(sb.place(0), to_usize(u64::from(self.superblock_size))?)?;
        compare(sb, 0x518, &bytes, remarks)
    }

    pub(crate) fn has_cylinder_groups(self) -> bool {
        self.kinds & CYLINDER_GROUP != 0
    }

    /// An inode, whole: `di_ckhash` at 0xf4.
    ///
    /// # Errors
    /// A mismatch under `checksums=strict`.
    pub(crate) fn inode(self, inode: &Fields<'_>, blocks: &Blocks) -> Result<()> {
        if self.kinds & INODE == 0 {
            return Ok(());
        }
        compare(inode, 0xf4, inode.bytes(), blocks.remarks())
    }
}

/// Holds the hash at `offset` of a structure against that of its `bytes`, in which the hash itself counts as zeros.
///
/// # Errors
/// A mismatch under `checksums=strict`.
pub(crate) fn compare(structure: &Fields<'_>, offset: usize, bytes: &[u8], remarks: &Remarks) -> Result<()> {
    let found = structure.u32(offset)?;
    let before = bytes.get(..offset).unwrap_or(bytes);
    let (zeros, behind) = match bytes.get(offset.saturating_add(4)..) {
        Some(behind) => ([0; 4].as_slice(), behind),
        None => (Default::default(), Default::default()),
    };
    let due = [before, zeros, behind].into_iter().fold(u32::MAX, crc32c);
    if found == due {
        return Ok(());
    }
    remarks.mismatch(structure.corrupt(offset, format_args!("check hash {found:#x} where {due:#x} is due")))
}
