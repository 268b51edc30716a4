//! Units as types: a number of one kind cannot pass for another, and none exists unchecked.

use core::num::NonZeroU32;
use fsimage_sdk::{Error, Result};

/// Length of a block in bytes: a power of two from 4 KiB to 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockSize(NonZeroU32);

impl BlockSize {
    /// `MINBSIZE`.
    const MIN: u32 = 4096;
    /// `MAXBSIZE`.
    const MAX: u32 = 65536;

    pub(crate) fn new(bytes: u32) -> Option<Self> {
        let valid = bytes.is_power_of_two() && (Self::MIN..=Self::MAX).contains(&bytes);
        NonZeroU32::new(bytes).filter(|_| valid).map(Self)
    }

    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }

    pub(crate) fn bytes(self) -> u64 {
        u64::from(self.0.get())
    }

    /// How many things of `size` bytes a block holds; the sizes asked for are powers of two up to a block's.
    pub(crate) fn divided_by(self, size: u32) -> NonZeroU32 {
        self.0.get().checked_div(size).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }

    /// Blocks that `bytes` begin to fill: rounded up.
    pub(crate) fn blocks_of(self, bytes: u64) -> u64 {
        bytes.div_ceil(self.bytes())
    }

    /// The block that holds this byte: rounded down.
    pub(crate) fn block_at(self, byte: u64) -> u64 {
        byte.checked_div(self.bytes()).unwrap_or(0)
    }

    /// The byte at which a block of a file begins.
    pub(crate) fn start_of(self, block: u64) -> Result<u64> {
        block.checked_mul(self.bytes()).ok_or_else(beyond_64_bits)
    }
}

/// Length of a fragment in bytes: a power of two from 512, an eighth of a block or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FragmentSize {
    bytes: NonZeroU32,
    /// Fragments of a block: 1, 2, 4 or 8.
    per_block: u32,
}

impl FragmentSize {
    /// `DEV_BSIZE`.
    const MIN: u32 = 512;
    /// `MAXFRAG`.
    const MAX_PER_BLOCK: u32 = 8;

    pub(crate) fn new(bytes: u32, block_size: BlockSize) -> Option<Self> {
        let valid = bytes.is_power_of_two() && bytes >= Self::MIN;
        let size = NonZeroU32::new(bytes).filter(|_| valid)?;
        let per_block = block_size.get() / size;
        (1..=Self::MAX_PER_BLOCK).contains(&per_block).then_some(Self { bytes: size, per_block })
    }

    pub(crate) fn get(self) -> u32 {
        self.bytes.get()
    }

    pub(crate) fn bytes(self) -> u64 {
        u64::from(self.bytes.get())
    }

    pub(crate) fn per_block(self) -> u64 {
        u64::from(self.per_block)
    }

    /// Fragments that `bytes` begin to fill: rounded up.
    pub(crate) fn fragments_of(self, bytes: u64) -> u64 {
        bytes.div_ceil(self.bytes())
    }
}

/// A run of fragments that the filesystem has: its first is not 0, its last below the fragment count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fragment(u64);

impl Fragment {
    /// Fragment 0 holds the boot block and is never allocated, so it is no address.
    pub(crate) fn new(first: u64, length: u64, fragment_count: u64) -> Option<Self> {
        let end = first.checked_add(length)?;
        (first != 0 && end <= fragment_count).then_some(Self(first))
    }

    pub(crate) fn get(self) -> u64 {
        self.0
    }
}

/// An inode's number: at least the root's, below the inode count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InodeNumber(u32);

impl InodeNumber {
    /// `UFSROOTINO`: 0 means none, 1 once held bad blocks and is no file.
    pub(crate) const ROOT: Self = Self(2);

    pub(crate) fn new(number: u32, inode_count: u32) -> Option<Self> {
        (number >= Self::ROOT.0 && number < inode_count).then_some(Self(number))
    }

    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

/// A cylinder group's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupNumber(pub(crate) u32);

pub(crate) fn beyond_64_bits() -> Error {
    Error::corrupt("a position beyond 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_ends() {
        assert_eq!(BlockSize::new(2048), None);
        assert_eq!(BlockSize::new(6144), None);
        assert_eq!(BlockSize::new(131_072), None);
        let block = BlockSize::new(8192).unwrap();
        assert_eq!(FragmentSize::new(512, block), None);
        assert_eq!(FragmentSize::new(16384, block), None);
        assert_eq!(FragmentSize::new(1024, block).unwrap().per_block(), 8);
        assert_eq!(FragmentSize::new(8192, block).unwrap().per_block(), 1);
        assert_eq!(FragmentSize::new(256, BlockSize::new(4096).unwrap()), None);
        assert_eq!(block.blocks_of(8193), 2);
        assert_eq!(block.block_at(8191), 0);
        assert!(block.start_of(u64::MAX).is_err());
    }

    #[test]
    fn numbers_have_ends() {
        assert_eq!(Fragment::new(0, 1, 10), None);
        assert_eq!(Fragment::new(9, 1, 10).unwrap().get(), 9);
        assert_eq!(Fragment::new(9, 2, 10), None);
        assert_eq!(Fragment::new(u64::MAX, 2, 10), None);
        assert_eq!(InodeNumber::new(1, 10), None);
        assert_eq!(InodeNumber::new(2, 10), Some(InodeNumber::ROOT));
        assert_eq!(InodeNumber::new(10, 10), None);
    }
}
