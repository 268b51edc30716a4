//! The superblock (`struct fs`, 1376 bytes).

use crate::check_hash::CheckHashes;
use crate::flavour::{Flavour, Magic};
use crate::places::Candidate;
use crate::state::State;
use crate::units::{BlockSize, Fragment, FragmentSize, GroupNumber, InodeNumber};
use core::num::NonZeroU32;
use fsimage_sdk::{Endian, Error, Fields, Result};

/// `sizeof (struct fs)`.
pub(crate) const SUPERBLOCK_SIZE: usize = 1376;
/// `fs_magic`.
pub(crate) const MAGIC_OFFSET: usize = 0x55c;
/// `FS_44INODEFMT` of `fs_old_inodefmt`.
const FS_44INODEFMT: i32 = 2;

/// The checked superblock: what the rest of the reader needs, in its own units.
#[derive(Debug, Clone)]
pub(crate) struct Superblock {
    pub(crate) flavour: Flavour,
    pub(crate) endian: Endian,
    pub(crate) block_size: BlockSize,
    pub(crate) fragment_size: FragmentSize,
    /// Fragments of the whole filesystem.
    pub(crate) fragment_count: u64,
    group_count: u32,
    /// Fragments from one cylinder group to the next.
    fragments_per_group: NonZeroU32,
    inodes_per_group: NonZeroU32,
    inodes_per_block: NonZeroU32,
    /// UFS1 moved each group's tables by so many fragments, to lie on another platter.
    group_offset: u32,
    group_mask: u32,
    /// Within a group, in fragments: its superblock, its cylinder group block, its inodes.
    superblock_offset: u32,
    cylinder_group_offset: u32,
    inode_offset: u32,
    /// Bytes of a cylinder group block.
    pub(crate) cylinder_group_size: u32,
    /// Symbolic links shorter than this lie in the inode; `None` where `di_blocks` alone tells.
    pub(crate) max_short_link: Option<u32>,
    pub(crate) check_hashes: CheckHashes,
    pub(crate) state: State,
    pub(crate) label: Vec<u8>,
    /// `fs_id`.
    pub(crate) id: [u32; 2],
    /// Where Solaris keeps its log: a sector number, or a fragment in MTB. 0 for none.
    pub(crate) log_block: u32,
}

impl Superblock {
    /// Checks every field that is used.
    ///
    /// # Errors
    /// `Corrupt` for contradictions, `Unsupported` for an unfinished newfs; each names the field and its place.
    pub(crate) fn parse(candidate: &Candidate) -> Result<Self> {
        let sb = Fields::new(&candidate.bytes, candidate.endian, "superblock", candidate.place);
        if candidate.magic == Magic::Unfinished {
            let text = "superblock: fs_magic 0x19960408: newfs did not finish here";
            return Err(Error::unsupported(text).at(sb.place(MAGIC_OFFSET)));
        }
        let block_size = block_size(&sb)?;
        let fragment_size = fragment_size(&sb, block_size)?;
        let flavour = flavour(&sb, candidate.magic, block_size, fragment_size)?;
        let ufs2 = flavour.is_ufs2();
        let inodes_per_block = block_size.divided_by(flavour.inode_size());
        exactly(&sb, 0x78, "fs_inopb", inodes_per_block.get())?;
        exactly(&sb, 0x74, "fs_nindir", block_size.divided_by(flavour.pointer().size()).get())?;
        let state = State::parse(&sb, candidate.endian, flavour)?;
        let superblock = Self {
            flavour,
            endian: candidate.endian,
            block_size,
            fragment_size,
            fragment_count: fragment_count(&sb, ufs2, fragment_size)?,
            group_count: positive(&sb, 0x2c, "fs_ncg")?.get(),
            fragments_per_group: positive(&sb, 0xbc, "fs_fpg")?,
            inodes_per_group: positive(&sb, 0xb8, "fs_ipg")?,
            inodes_per_block,
            group_offset: if ufs2 { 0 } else { not_negative(&sb, 0x18, "fs_old_cgoffset")? },
            group_mask: if ufs2 { 0 } else { sb.u32(0x1c)? },
            superblock_offset: not_negative(&sb, 0x8, "fs_sblkno")?,
            cylinder_group_offset: not_negative(&sb, 0xc, "fs_cblkno")?,
            inode_offset: positive(&sb, 0x10, "fs_iblkno")?.get(),
            cylinder_group_size: sb.u32(0xa0)?,
            max_short_link: max_short_link(&sb, flavour)?,
            check_hashes: CheckHashes::parse(&sb, flavour, &state)?,
            state,
            label: if flavour.is_solaris() { Vec::new() } else { until_nul(sb.slice(0x2a8, 32)?) },
            id: [sb.u32(0x90)?, sb.u32(0x94)?],
            log_block: if flavour.is_solaris() { sb.u32(0x52c)? } else { 0 },
        };
        superblock.check_groups(&sb)?;
        Ok(superblock)
    }

    /// Groups begin within the filesystem, hold their inodes, and number these in 32 bits.
    fn check_groups(&self, sb: &Fields<'_>) -> Result<()> {
        let before_last = u64::from(self.group_count.saturating_sub(1));
        let starts_at = before_last.saturating_mul(u64::from(self.fragments_per_group.get()));
        if starts_at >= self.fragment_count {
            let (count, size) = (self.group_count, self.fragment_count);
            return Err(sb.corrupt(
                0x2c,
                format_args!("fs_ncg {count}: the last group begins behind fragment {size}"),
            ));
        }
        let blocks = u64::from(self.inodes_per_group.get().div_ceil(self.inodes_per_block.get()));
        let table_end = u64::from(self.inode_offset)
            .saturating_add(blocks.saturating_mul(self.fragment_size.per_block()));
        if table_end > u64::from(self.fragments_per_group.get()) {
            let (inodes, fragments) = (self.inodes_per_group, self.fragments_per_group);
            let why =
                format_args!("fs_ipg {inodes}: the inodes do not fit into a group of {fragments} fragments");
            return Err(sb.corrupt(0xb8, why));
        }
        if self.group_count.checked_mul(self.inodes_per_group.get()).is_none() {
            let (groups, inodes) = (self.group_count, self.inodes_per_group);
            return Err(sb.corrupt(
                0xb8,
                format_args!("fs_ipg {inodes} in {groups} groups: more than 32 bits number"),
            ));
        }
        Ok(())
    }

    /// UFS2 says where its superblock lies, so that neither an alternate nor what is left of an older filesystem
    /// passes for the primary one.
    ///
    /// # Errors
    /// `Corrupt` when it says another place.
    pub(crate) fn check_place(&self, candidate: &Candidate) -> Result<()> {
        let sb = Fields::new(&candidate.bytes, candidate.endian, "superblock", candidate.place);
        if !self.flavour.is_ufs2() {
            return Ok(());
        }
        let fs_sblockloc = sb.i64(0x3e8)?;
        if u64::try_from(fs_sblockloc) != Ok(candidate.place) {
            return Err(
                sb.corrupt(0x3e8, format_args!("fs_sblockloc {fs_sblockloc} at byte {}", candidate.place))
            );
        }
        Ok(())
    }

    /// The byte at which the first group's copy of the superblock lies.
    pub(crate) fn first_alternate(&self) -> Option<u64> {
        u64::from(self.superblock_offset).checked_mul(self.fragment_size.bytes())
    }

    /// Inodes of the whole filesystem; the first two are none.
    pub(crate) fn inode_count(&self) -> u32 {
        self.group_count.saturating_mul(self.inodes_per_group.get())
    }

    /// An inode number, if the filesystem has it.
    pub(crate) fn inode_number(&self, number: u32) -> Option<InodeNumber> {
        InodeNumber::new(number, self.inode_count())
    }

    /// The group whose table holds this inode.
    pub(crate) fn group_of(&self, inode: InodeNumber) -> GroupNumber {
        GroupNumber(inode.get() / self.inodes_per_group)
    }

    /// The fragment at which a group's tables begin (`cgstart`).
    fn group_start(&self, group: GroupNumber) -> u64 {
        // OK to shift and mask: as the format has it, (c & !mask) cycles over the tracks of a cylinder.
        let moved = u64::from(self.group_offset).saturating_mul(u64::from(group.0 & !self.group_mask));
        u64::from(self.fragments_per_group.get()).saturating_mul(u64::from(group.0)).saturating_add(moved)
    }

    /// The byte at which a group's cylinder group block begins (`cgtod`), if it lies within the filesystem.
    pub(crate) fn cylinder_group_place(&self, group: GroupNumber) -> Option<u64> {
        let first = self.group_start(group).checked_add(u64::from(self.cylinder_group_offset))?;
        let length = self.fragment_size.fragments_of(u64::from(self.cylinder_group_size));
        self.fragment(first, length).map(|fragment| self.place(fragment))
    }

    /// The byte at which an inode begins (`ino_to_fsba`, `ino_to_fsbo`), if it lies within the filesystem.
    pub(crate) fn inode_place(&self, inode: InodeNumber) -> Option<u64> {
        let index = inode.get() % self.inodes_per_group;
        let (block, slot) =
            (u64::from(index / self.inodes_per_block), u64::from(index % self.inodes_per_block));
        let per_block = self.fragment_size.per_block();
        let first = self
            .group_start(self.group_of(inode))
            .checked_add(u64::from(self.inode_offset))?
            .checked_add(block.checked_mul(per_block)?)?;
        let table_block = self.fragment(first, per_block)?;
        self.place(table_block).checked_add(slot.checked_mul(u64::from(self.flavour.inode_size()))?)
    }

    /// `length` fragments from `first` on, if the filesystem has them.
    pub(crate) fn fragment(&self, first: u64, length: u64) -> Option<Fragment> {
        Fragment::new(first, length, self.fragment_count)
    }

    /// The byte at which a fragment begins.
    pub(crate) fn place(&self, fragment: Fragment) -> u64 {
        // OK to saturate: fragment_count has been checked to be a number of bytes below 2^63.
        fragment.get().saturating_mul(self.fragment_size.bytes())
    }

    /// The filesystem's size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.fragment_count.saturating_mul(self.fragment_size.bytes())
    }
}

fn block_size(sb: &Fields<'_>) -> Result<BlockSize> {
    let fs_bsize = sb.u32(0x30)?;
    let size = BlockSize::new(fs_bsize).ok_or_else(|| {
        sb.corrupt(0x30, format_args!("fs_bsize {fs_bsize} is no power of two from 4096 to 65536"))
    })?;
    exactly(sb, 0x50, "fs_bshift", fs_bsize.trailing_zeros())?;
    Ok(size)
}

fn fragment_size(sb: &Fields<'_>, block_size: BlockSize) -> Result<FragmentSize> {
    let fs_fsize = sb.u32(0x34)?;
    let size = FragmentSize::new(fs_fsize, block_size).ok_or_else(|| {
        let block = block_size.get();
        sb.corrupt(
            0x34,
            format_args!("fs_fsize {fs_fsize} is not 512 or more and 1, 1/2, 1/4 or 1/8 of {block}"),
        )
    })?;
    let per_block = block_size.divided_by(fs_fsize).get();
    exactly(sb, 0x38, "fs_frag", per_block)?;
    exactly(sb, 0x54, "fs_fshift", fs_fsize.trailing_zeros())?;
    exactly(sb, 0x60, "fs_fragshift", per_block.trailing_zeros())?;
    Ok(size)
}

/// `fs_qbmask` and `fs_qfmask` lie four bytes further on in Sun's superblock than in BSD's; they are not zero, so one
/// pair cannot pass for the other. Where neither is right they have not been written yet, or are damaged: then what
/// 4.4BSD added tells its filesystems from older ones.
fn flavour(
    sb: &Fields<'_>,
    magic: Magic,
    block_size: BlockSize,
    fragment_size: FragmentSize,
) -> Result<Flavour> {
    let masks = |qbmask: usize, qfmask: usize| -> Result<bool> {
        let block = sb.u64(qbmask)? == block_size.bytes().saturating_sub(1);
        Ok(block && sb.u64(qfmask)? == fragment_size.bytes().saturating_sub(1))
    };
    Ok(match magic {
        Magic::Ufs2 => Flavour::Ufs2,
        Magic::Ufs2Ea => Flavour::Ufs2Ea,
        Magic::Mtb => Flavour::SolarisMtb,
        Magic::Ufs1 | Magic::Unfinished => {
            let is_44 = sb.i32(0x52c)? == FS_44INODEFMT && sb.i32(0x528)? > 0;
            match (masks(0x53c, 0x544)?, is_44) {
                (true, _) => Flavour::Solaris,
                (false, true) => Flavour::Bsd44,
                (false, false) => Flavour::Old,
            }
        }
    })
}

fn fragment_count(sb: &Fields<'_>, ufs2: bool, fragment_size: FragmentSize) -> Result<u64> {
    let (offset, fs_size) = if ufs2 { (0x438, sb.i64(0x438)?) } else { (0x24, i64::from(sb.i32(0x24)?)) };
    // A size in bytes must stay a file offset; every product of a valid address then fits into 64 bits.
    u64::try_from(fs_size)
        .ok()
        .filter(|count| *count != 0)
        .filter(|count| {
            count.checked_mul(fragment_size.bytes()).is_some_and(|size| i64::try_from(size).is_ok())
        })
        .ok_or_else(|| {
            sb.corrupt(offset, format_args!("fs_size {fs_size} fragments of {} bytes", fragment_size.get()))
        })
}

fn max_short_link(sb: &Fields<'_>, flavour: Flavour) -> Result<Option<u32>> {
    let longest: u32 = match flavour {
        Flavour::Bsd44 => 60,
        Flavour::Ufs2 | Flavour::Ufs2Ea => 120,
        Flavour::Solaris | Flavour::SolarisMtb | Flavour::Old => return Ok(None),
    };
    let fs_maxsymlinklen = sb.i32(0x528)?;
    u32::try_from(fs_maxsymlinklen).ok().filter(|length| *length <= longest).map(Some).ok_or_else(|| {
        sb.corrupt(
            0x528,
            format_args!("fs_maxsymlinklen {fs_maxsymlinklen} where an inode holds {longest} bytes"),
        )
    })
}

/// A field that others determine: kernels use it in their place.
fn exactly(sb: &Fields<'_>, offset: usize, name: &str, due: u32) -> Result<u32> {
    let value = sb.u32(offset)?;
    if value != due {
        return Err(sb.corrupt(offset, format_args!("{name} {value} where {due} is due")));
    }
    Ok(value)
}

fn positive(sb: &Fields<'_>, offset: usize, name: &str) -> Result<NonZeroU32> {
    let value = sb.i32(offset)?;
    let number = u32::try_from(value).ok().and_then(NonZeroU32::new);
    number.ok_or_else(|| sb.corrupt(offset, format_args!("{name} {value}")))
}

fn not_negative(sb: &Fields<'_>, offset: usize, name: &str) -> Result<u32> {
    let value = sb.i32(offset)?;
    u32::try_from(value).map_err(|_| sb.corrupt(offset, format_args!("{name} {value}")))
}

/// A padded name without its padding.
pub(crate) fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|&b| b != 0).collect()
}
