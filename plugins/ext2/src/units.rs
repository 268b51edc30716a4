//! Units as types: a number of one kind cannot pass for another, and none exists unchecked.

use core::num::NonZeroU32;
use fsimage_sdk::{Error, Place, Result, to_usize};

/// Length of a block in bytes: a power of two from 1 KiB to 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockSize(NonZeroU32);

impl BlockSize {
    /// `s_log_block_size` of 64 KiB blocks, the largest that Linux knows.
    const MAX_LOG: u32 = 6;

    /// From `s_log_block_size`: 1024 shifted left by it.
    pub(crate) fn from_log(log: u32) -> Option<Self> {
        if log > Self::MAX_LOG {
            return None;
        }
        1024_u32.checked_shl(log).and_then(NonZeroU32::new).map(Self)
    }

    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }

    pub(crate) fn bytes(self) -> u64 {
        u64::from(self.0.get())
    }

    pub(crate) fn to_usize(self) -> Result<usize> {
        to_usize(self.bytes())
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

/// A block of the volume that the filesystem may use: never 0, below the block count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockNumber(u64);

impl BlockNumber {
    /// Block 0 holds the boot sector and is never allocated, so it is no block number.
    pub(crate) fn new(number: u64, block_count: u64) -> Option<Self> {
        (number != 0 && number < block_count).then_some(Self(number))
    }

    pub(crate) fn get(self) -> u64 {
        self.0
    }

    /// A later block of a run whose last block is known to be one of the filesystem's.
    pub(crate) fn plus(self, blocks: u64) -> Self {
        Self(self.0.saturating_add(blocks))
    }
}

impl Place for BlockNumber {
    fn behind(self, blocks: u64) -> Option<Self> {
        self.0.checked_add(blocks).map(Self)
    }
}

/// An inode's number: never 0, at most the inode count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InodeNumber(NonZeroU32);

impl InodeNumber {
    pub(crate) fn new(number: u32, inode_count: u32) -> Option<Self> {
        NonZeroU32::new(number).filter(|n| n.get() <= inode_count).map(Self)
    }

    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }

    /// Counted from 0, as the inode tables do.
    pub(crate) fn index(self) -> u32 {
        self.0.get().saturating_sub(1)
    }
}

/// A block group's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupNumber(pub(crate) u32);

pub(crate) fn beyond_64_bits() -> Error {
    Error::corrupt("a position beyond 64 bits")
}

/// Two halves of a number, as later versions of the format store what outgrew its first field.
pub(crate) fn join_u64(low: u32, high: u32) -> u64 {
    // OK to shift: 32 is less than the 64 bits shifted.
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_size_ends_at_64_kib() {
        assert_eq!(BlockSize::from_log(0).unwrap().get(), 1024);
        assert_eq!(BlockSize::from_log(6).unwrap().get(), 65536);
        assert_eq!(BlockSize::from_log(7), None);
        assert_eq!(BlockSize::from_log(u32::MAX), None);
    }

    #[test]
    fn numbers_have_ends() {
        assert_eq!(BlockNumber::new(0, 10), None);
        assert_eq!(BlockNumber::new(9, 10).unwrap().get(), 9);
        assert_eq!(BlockNumber::new(10, 10), None);
        assert_eq!(InodeNumber::new(0, 10), None);
        assert_eq!(InodeNumber::new(10, 10).unwrap().index(), 9);
        assert_eq!(InodeNumber::new(11, 10), None);
        assert_eq!(join_u64(u32::MAX, 1), 0x1_ffff_ffff);
    }

    #[test]
    fn blocks_of_a_length() {
        let size = BlockSize::from_log(2).unwrap();
        assert_eq!(size.blocks_of(0), 0);
        assert_eq!(size.blocks_of(4096), 1);
        assert_eq!(size.blocks_of(4097), 2);
        assert_eq!(size.block_at(4095), 0);
        assert!(size.start_of(u64::MAX).is_err());
    }
}
