//! Feature bits: names, what we read, and which of the three filesystems they make.

use fsimage_sdk::{Error, Result};

/// "The Super Block", `s_feature_compat`: a reader may ignore any of these. Bit number and e2fsprogs' name.
const COMPAT: &[(u32, &str)] = &[
    (0, "dir_prealloc"),
    (1, "imagic_inodes"),
    (2, "has_journal"),
    (3, "ext_attr"),
    (4, "resize_inode"),
    (5, "dir_index"),
    (6, "lazy_bg"),
    (8, "snapshot_bitmap"),
    (9, "sparse_super2"),
    (10, "fast_commit"),
    (11, "stable_inodes"),
    (12, "orphan_file"),
];

/// "The Super Block", `s_feature_incompat`: a reader that does not know one of these must refuse.
const INCOMPAT: &[(u32, &str)] = &[
    (0, "compression"),
    (1, "filetype"),
    (2, "needs_recovery"),
    (3, "journal_dev"),
    (4, "meta_bg"),
    (6, "extent"),
    (7, "64bit"),
    (8, "mmp"),
    (9, "flex_bg"),
    (10, "ea_inode"),
    (12, "dirdata"),
    (13, "metadata_csum_seed"),
    (14, "large_dir"),
    (15, "inline_data"),
    (16, "encrypt"),
    (17, "casefold"),
];

/// "The Super Block", `s_feature_ro_compat`: a reader may ignore any of these, only a writer must know them.
const RO_COMPAT: &[(u32, &str)] = &[
    (0, "sparse_super"),
    (1, "large_file"),
    (3, "huge_file"),
    (4, "uninit_bg"),
    (5, "dir_nlink"),
    (6, "extra_isize"),
    (7, "snapshot"),
    (8, "quota"),
    (9, "bigalloc"),
    (10, "metadata_csum"),
    (11, "replica"),
    (12, "read-only"),
    (13, "project"),
    (14, "shared_blocks"),
    (15, "verity"),
    (16, "orphan_present"),
];

const COMPAT_HAS_JOURNAL: u32 = 0x4;
const COMPAT_SPARSE_SUPER2: u32 = 0x200;

const INCOMPAT_FILETYPE: u32 = 0x2;
const INCOMPAT_RECOVER: u32 = 0x4;
const INCOMPAT_JOURNAL_DEV: u32 = 0x8;
const INCOMPAT_META_BG: u32 = 0x10;
const INCOMPAT_64BIT: u32 = 0x80;
const INCOMPAT_CSUM_SEED: u32 = 0x2000;
const INCOMPAT_LARGEDIR: u32 = 0x4000;

const RO_COMPAT_SPARSE_SUPER: u32 = 0x1;
const RO_COMPAT_GDT_CSUM: u32 = 0x10;
const RO_COMPAT_BIGALLOC: u32 = 0x200;
const RO_COMPAT_METADATA_CSUM: u32 = 0x400;

/// The incompatible features we read: all that mke2fs can make but compression (never merged into Linux) and
/// dirdata (Lustre). Of encrypt and casefold, what they leave readable is read.
const INCOMPAT_READ: u32 = INCOMPAT_FILETYPE
    | INCOMPAT_RECOVER
    | INCOMPAT_META_BG
    | 0x40
    | INCOMPAT_64BIT
    | 0x100
    | 0x200
    | 0x400
    | INCOMPAT_CSUM_SEED
    | INCOMPAT_LARGEDIR
    | 0x8000
    | 0x1_0000
    | 0x2_0000;

/// What ext3 may have; anything else makes it ext4 (blkid's rule).
const EXT3_INCOMPAT: u32 = INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_META_BG;
/// `sparse_super`, `large_file` and the never-used `btree_dir`.
const EXT3_RO_COMPAT: u32 = 0x7;

/// The three feature fields of the superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Features {
    pub(crate) compat: u32,
    pub(crate) incompat: u32,
    pub(crate) ro_compat: u32,
}

impl Features {
    /// Refuses what a reader must know and we do not.
    ///
    /// # Errors
    /// `Unsupported`, naming the bits.
    pub(crate) fn check(self) -> Result<()> {
        if self.incompat & INCOMPAT_JOURNAL_DEV != 0 {
            return Err(Error::unsupported(
                "s_feature_incompat: journal_dev (0x8): this is another filesystem's external journal",
            ));
        }
        let unknown = self.incompat & !INCOMPAT_READ;
        if unknown != 0 {
            let mut names = Vec::new();
            push_names(&mut names, unknown, INCOMPAT, 'I');
            return Err(Error::unsupported(format!(
                "s_feature_incompat: {} ({unknown:#x})",
                names.join(", ")
            )));
        }
        Ok(())
    }

    pub(crate) fn has_journal(self) -> bool {
        self.compat & COMPAT_HAS_JOURNAL != 0
    }

    pub(crate) fn sparse_super2(self) -> bool {
        self.compat & COMPAT_SPARSE_SUPER2 != 0
    }

    pub(crate) fn filetype(self) -> bool {
        self.incompat & INCOMPAT_FILETYPE != 0
    }

    pub(crate) fn needs_recovery(self) -> bool {
        self.incompat & INCOMPAT_RECOVER != 0
    }

    pub(crate) fn meta_bg(self) -> bool {
        self.incompat & INCOMPAT_META_BG != 0
    }

    pub(crate) fn has_64bit(self) -> bool {
        self.incompat & INCOMPAT_64BIT != 0
    }

    pub(crate) fn csum_seed(self) -> bool {
        self.incompat & INCOMPAT_CSUM_SEED != 0
    }

    pub(crate) fn gdt_csum(self) -> bool {
        self.ro_compat & RO_COMPAT_GDT_CSUM != 0
    }

    pub(crate) fn metadata_csum(self) -> bool {
        self.ro_compat & RO_COMPAT_METADATA_CSUM != 0
    }

    pub(crate) fn large_dir(self) -> bool {
        self.incompat & INCOMPAT_LARGEDIR != 0
    }

    pub(crate) fn sparse_super(self) -> bool {
        self.ro_compat & RO_COMPAT_SPARSE_SUPER != 0
    }

    pub(crate) fn bigalloc(self) -> bool {
        self.ro_compat & RO_COMPAT_BIGALLOC != 0
    }

    /// `ext2`, `ext3` or `ext4`, as blkid tells them apart.
    pub(crate) fn flavour(self) -> &'static str {
        if self.incompat & !EXT3_INCOMPAT != 0 || self.ro_compat & !EXT3_RO_COMPAT != 0 {
            "ext4"
        } else if self.has_journal() {
            "ext3"
        } else {
            "ext2"
        }
    }

    /// Names in dumpe2fs' order; an unnamed bit is called as e2fsprogs does, such as `FEATURE_I31`.
    pub(crate) fn names(self) -> Vec<String> {
        let mut names = Vec::new();
        push_names(&mut names, self.compat, COMPAT, 'C');
        push_names(&mut names, self.incompat, INCOMPAT, 'I');
        push_names(&mut names, self.ro_compat, RO_COMPAT, 'R');
        names
    }
}

fn push_names(names: &mut Vec<String>, bits: u32, table: &[(u32, &str)], letter: char) {
    for bit in (0..u32::BITS).filter(|bit| bits & 1_u32.checked_shl(*bit).unwrap_or(0) != 0) {
        match table.iter().find(|(number, _)| *number == bit) {
            Some((_, name)) => names.push((*name).to_owned()),
            None => names.push(format!("FEATURE_{letter}{bit}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_incompat_bits_are_named() {
        let features = Features { incompat: 0x8000_0002 | 0x1, ..Features::default() };
        let error = features.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unsupported: s_feature_incompat: compression, FEATURE_I31 (0x80000001)"
        );
    }

    #[test]
    fn flavours() {
        let flavour = |compat, incompat, ro_compat| Features { compat, incompat, ro_compat }.flavour();
        assert_eq!(flavour(0, 0x2, 0x3), "ext2");
        assert_eq!(flavour(0x4, 0x6, 0x3), "ext3");
        assert_eq!(flavour(0x4, 0x42, 0x3), "ext4");
        assert_eq!(flavour(0, 0x2, 0x8), "ext4");
    }
}
