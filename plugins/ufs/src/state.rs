//! What the last writer left in the superblock about itself: clean or not, mounted where, with which features.

use crate::flavour::Flavour;
use crate::superblock::until_nul;
use fsimage_sdk::{Endian, Fields, Result};

/// `FSOKAY`: Sun's `fs_clean` counts when `fs_state` and `fs_time` add up to it.
const FSOKAY: u32 = 0x7c26_9d38;
/// `FS_FLAGS_UPDATED` of `fs_old_flags`: the flags have moved to `fs_flags`.
const FLAGS_UPDATED: u8 = 0x80;
/// `UFS_WAPBL_VERSION` of NetBSD's `fs_journal_version`.
const WAPBL_VERSION: u32 = 1;

/// `FS_METACKHASH` of `fs_flags`.
pub(crate) const METACKHASH: u32 = 0x200;
/// `FS_GJOURNAL` in FreeBSD, `FS_DOWAPBL` in NetBSD.
const JOURNALED: u32 = 0x40;
/// The other bits of `fs_flags`, as tunefs and dumpfs call them.
const FLAGS: [(u32, &str); 8] = [
    (0x2, "soft-updates"),
    (0x4, "needs-fsck"),
    (0x8, "soft-updates-journal"),
    (0x10, "acls"),
    (0x20, "multilabel"),
    (0x100, "nfsv4acls"),
    (METACKHASH, "check-hashes"),
    (0x400, "trim"),
];

/// Bytes shown of `fs_fsmnt`, so that hostile ones leave room for the other words.
const MAX_MOUNT_POINT: usize = 100;

/// How the filesystem was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Unmounted in order.
    Clean,
    /// Sun's `FSSTABLE`: consistent, not unmounted.
    Stable,
    /// Mounted, or was when the machine went down.
    Active,
    /// Sun's `FSLOG`: the log makes it consistent.
    Logging,
    /// Sun's `FSBAD`: mounted in spite of errors.
    Bad,
    /// Sun's `FSSUSPEND`, `FSFIX`: others say more than this flag.
    Suspended,
    /// A value that no kernel writes, or that Sun's checks say not to trust.
    Unknown,
}

impl Condition {
    fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Stable => "stable",
            Self::Active => "not-clean",
            Self::Logging => "logging",
            Self::Bad => "bad",
            Self::Suspended => "clean-flag-suspended",
            Self::Unknown => "clean-flag-unknown",
        }
    }
}

/// The state as a whole.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) condition: Condition,
    /// `fs_flags`.
    pub(crate) flags: u32,
    /// NetBSD's journal of metadata, where there is one.
    wapbl: bool,
    snapshots: usize,
    largefiles: bool,
    mounted_on: Vec<u8>,
}

impl State {
    pub(crate) fn parse(sb: &Fields<'_>, endian: Endian, flavour: Flavour) -> Result<Self> {
        if flavour.is_solaris() {
            return Ok(Self {
                condition: solaris_clean(sb, endian)?,
                flags: 0,
                wapbl: false,
                snapshots: 0,
                largefiles: sb.u8(0xd3)? & 1 != 0,
                mounted_on: until_nul(sb.slice(0xd4, 512)?),
            });
        }
        let fs_old_flags = sb.u8(0xd3)?;
        let moved = fs_old_flags & FLAGS_UPDATED != 0 && flavour != Flavour::Old;
        let flags = if moved { sb.u32(0x520)? } else { u32::from(fs_old_flags) };
        // FreeBSD counts unlinked inodes where NetBSD has its journal's version (1) and place (1 or 2).
        let wapbl =
            flags & JOURNALED != 0 && sb.u32(0x360)? == WAPBL_VERSION && matches!(sb.u32(0x364)?, 1 | 2);
        // fs_snapinum: up to 20 inode numbers, ended by a zero.
        let snapinum = if moved { sb.slice(0x45c, 80)? } else { &[] };
        let snapshots = snapinum.chunks_exact(4).take_while(|number| **number != [0; 4]).count();
        Ok(Self {
            condition: bsd_clean(sb.u8(0xd1)?),
            flags,
            wapbl,
            snapshots,
            largefiles: false,
            mounted_on: until_nul(sb.slice(0xd4, 468)?),
        })
    }

    /// One word for each thing worth telling.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec![self.condition.name().to_owned()];
        if !self.mounted_on.is_empty() {
            let path = self.mounted_on.iter().take(MAX_MOUNT_POINT).copied().collect::<Vec<_>>();
            let path = path.escape_ascii().to_string().replace(' ', "\\x20");
            words.push(format!("last-mounted-on={path}"));
        }
        if self.largefiles {
            words.push("largefiles".to_owned());
        }
        words.extend(
            FLAGS.iter().filter(|(bit, _)| self.flags & bit != 0).map(|(_, name)| (*name).to_owned()),
        );
        if self.flags & JOURNALED != 0 {
            words.push(if self.wapbl { "wapbl" } else { "gjournal" }.to_owned());
        }
        if self.snapshots > 0 {
            words.push(format!("snapshots={}", self.snapshots));
        }
        words
    }

    /// May NetBSD's journal hold newer metadata than the disk?
    pub(crate) fn has_unread_journal(&self) -> bool {
        self.wapbl && self.condition != Condition::Clean
    }
}

/// `fs_clean` of BSD: 1 after an unmount; NetBSD and OpenBSD have 2 while mounted.
fn bsd_clean(fs_clean: u8) -> Condition {
    match fs_clean {
        0 | 2 => Condition::Active,
        1 => Condition::Clean,
        _ => Condition::Unknown,
    }
}

/// `fs_clean` of Solaris, which `fs_state` vouches for; that lies at another place in each byte order.
fn solaris_clean(sb: &Fields<'_>, endian: Endian) -> Result<Condition> {
    let offset = match endian {
        Endian::Little => 0x84,
        Endian::Big => 0x538,
    };
    let (fs_time, fs_state) = (sb.u32(0x20)?, sb.u32(offset)?);
    Ok(match sb.u8(0xd1)? {
        0xfd => Condition::Logging,
        0xff => Condition::Bad,
        0xfe | 0xfc => Condition::Suspended,
        _ if fs_state.wrapping_add(fs_time) != FSOKAY => Condition::Unknown,
        0 => Condition::Active,
        1 => Condition::Clean,
        2 => Condition::Stable,
        _ => Condition::Unknown,
    })
}
