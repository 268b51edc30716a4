//! Units as types: a number of one kind cannot pass for another, and none exists unchecked.

use core::num::NonZeroU16;

/// Bytes of a logical sector, in which volume descriptors and directories are laid out (ECMA-119 6.1.2).
pub(crate) const SECTOR: u64 = 2048;
/// The same, of bytes in memory.
pub(crate) const SECTOR_BYTES: usize = 2048;

/// Length of a logical block in bytes (ECMA-119 6.2.2): 512, 1024 or 2048.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockSize(NonZeroU16);

impl BlockSize {
    pub(crate) fn new(bytes: u16) -> Option<Self> {
        NonZeroU16::new(bytes).filter(|b| matches!(b.get(), 512 | 1024 | 2048)).map(Self)
    }

    pub(crate) fn get(self) -> u16 {
        self.0.get()
    }

    pub(crate) fn bytes(self) -> u64 {
        u64::from(self.0.get())
    }

    /// The byte at which a block begins: below 2^44, so that places and lengths of 32 bits add up.
    pub(crate) fn place(self, block: u32) -> u64 {
        u64::from(block).saturating_mul(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::BlockSize;

    #[test]
    fn block_sizes() {
        assert_eq!(BlockSize::new(0), None);
        assert_eq!(BlockSize::new(256), None);
        assert_eq!(BlockSize::new(4096), None);
        assert_eq!(BlockSize::new(512).unwrap().place(3), 1536);
        assert_eq!(BlockSize::new(2048).unwrap().place(u32::MAX), 0x7ff_ffff_f800);
    }
}
