//! What is asked and answered; `reports` has what the answers tell of.

use crate::codec::{Bytes, DecodeError, EncodeError, List, Reader, Wire, Writer, wire_enum};
use crate::reports::{
    CommandEnd, ConfigReport, Detail, DirEntry, EntryReport, Extent, FilterRule, MenuReport, Metadata,
    MountOption, PassedOver, PluginReport, Rejected, Section, StepReport, VolumeReport, WorkerLimits,
};

/// A path inside the guest.
pub type Path = Bytes<4096>;
/// One line about something, often quoting the guest.
pub type Text = Bytes<2048>;
/// A short name.
pub type Name = Bytes<256>;
/// Texts for `--debug`.
pub type Notes = List<Bytes<512>, 32>;
/// Most volumes one disk can have.
pub const MAX_VOLUMES: usize = 256;
/// Most extents one message carries.
pub const MAX_EXTENTS: usize = 1024;
/// Longest file name in bytes: the plugin ABI's own bound.
pub const MAX_NAME: usize = 1024;
/// Most directory entries one message carries.
pub const MAX_DIR_ENTRIES: usize = 512;
/// Most extents of a file that a listing tells.
pub const MAX_LISTED_EXTENTS: usize = 16;
/// Most menu entries.
pub const MAX_MENU_ENTRIES: u32 = 100_000;
/// Most mount options.
pub const MAX_MOUNT_OPTIONS: usize = 16;
/// Longest text of an entry's commands that is edited, in bytes.
pub const MAX_SOURCE: usize = 32 << 10;
/// Most output of a command line that is kept, in bytes.
pub const MAX_OUTPUT: usize = 32 << 10;
/// Most lines of a command line.
pub const MAX_LINES: usize = 256;
/// Longest line of it in bytes.
pub const MAX_LINE: usize = 2048;
/// Most completions told.
pub const MAX_COMPLETIONS: usize = 128;
/// Most users that a list names.
pub const MAX_USERS: usize = 64;
/// Most ramdisks of one menu entry.
pub const MAX_RAMDISKS: usize = 16;

wire_enum! {
    /// What the disk is to be taken for.
    Layout {
        /// Look for partition tables.
        1 Scan {}
        /// One volume that begins at this byte.
        2 Offset {
            /// Byte offset.
            start: u64,
        }
        /// No disk at all: the text of a boot configuration (`--isconfig`).
        3 Text {}
    }

    /// What the trusted side asks.
    Request {
        /// The first message, and the only one with descriptors: the disks, then the shared memory.
        1 Begin {
            /// [`crate::PROTOCOL`] of the sender.
            protocol: u32,
            /// Whether to build the jail. Only the user's own `--no-sandbox` says false.
            sandbox: bool,
            /// The unprivileged user to become, when the worker is started as root.
            uid: u32,
            /// The group likewise.
            gid: u32,
            /// What the disk is.
            layout: Layout,
            /// Disks handed over.
            disks: u32,
            /// Bytes of shared memory.
            shared: u32,
            /// What not to exceed.
            limits: WorkerLimits,
            /// What filesystems are opened with.
            options: List<MountOption, MAX_MOUNT_OPTIONS>,
        }
        /// How many volumes are there?
        2 Volumes {}
        /// Tell one volume, by its place in boot-search order.
        3 Volume {
            /// From 0.
            volume: u32,
        }
        /// Walk a path.
        4 Stat {
            /// Volume.
            volume: u32,
            /// From the volume's root.
            path: Path,
            /// Whether a symbolic link at the end is followed.
            follow: bool,
        }
        /// List a directory from a cursor on.
        5 ReadDir {
            /// Volume.
            volume: u32,
            /// The directory.
            node: u64,
            /// 0, or as replied.
            cursor: u64,
            /// What to tell of each entry.
            detail: Detail,
        }
        /// Read a symbolic link.
        6 ReadLink {
            /// Volume.
            volume: u32,
            /// The link.
            node: u64,
        }
        /// Where do a file's bytes lie, from an offset on?
        7 Extents {
            /// Volume.
            volume: u32,
            /// The file.
            node: u64,
            /// Byte offset in the file.
            offset: u64,
        }
        /// Put a file's bytes into the shared memory.
        8 Read {
            /// Volume.
            volume: u32,
            /// The file.
            node: u64,
            /// Byte offset in the file.
            offset: u64,
            /// At most this many, and at most what the shared memory holds.
            length: u32,
        }
        /// Find the guest's boot configuration, on one volume or on all.
        9 Menu {
            /// The volume, or none for all in boot-search order.
            volume: Option<u32>,
        }
        /// Tell one entry of the menu found last.
        10 MenuEntry {
            /// From 0.
            index: u32,
        }
        /// What the kernel's arguments need to find its root on this volume.
        11 BootString {
            /// Volume.
            volume: u32,
            /// The kernel's node.
            node: u64,
        }
        /// How much was read from the disks so far?
        12 Statistics {}
        /// Which system calls does the seccomp filter let through?
        13 Filter {}
        /// What was odd about a filesystem so far, and went on? More may come as files are read.
        15 Remarks {
            /// The volume.
            volume: u32,
        }
        /// The metadata of a node that a listing named: no path is walked for it. Answered like `Stat`.
        14 Metadata {
            /// Volume.
            volume: u32,
            /// The node.
            node: u64,
        }
        /// Which boot configurations are on this volume? Those that are guesses come last.
        16 Configs {
            /// Volume.
            volume: u32,
        }
        /// What is one of them? Answered like `Menu`, and `MenuEntry` then tells its entries.
        17 MenuOf {
            /// Volume.
            volume: u32,
            /// From 0, in the order of `Configs`.
            config: u32,
        }
        /// Tell an entry's commands as text.
        20 EntrySource {
            /// From 0.
            index: u32,
        }
        /// What would an entry boot with these commands instead of its own? Answered like `MenuEntry`.
        21 Evaluate {
            /// From 0.
            index: u32,
            /// In the loader's own language.
            commands: Bytes<MAX_SOURCE>,
        }
        /// Carry out lines of a command line, from the first on: nothing is remembered from one request to the next.
        22 CommandLine {
            /// All so far; the output of the last one is told.
            lines: List<Bytes<MAX_LINE>, MAX_LINES>,
        }
        /// How might the line go on?
        23 Complete {
            /// The lines before it.
            lines: List<Bytes<MAX_LINE>, MAX_LINES>,
            /// The line as far as it is typed.
            line: Bytes<MAX_LINE>,
        }
        /// Begin to unpack a kernel, and forget one begun before.
        40 Unpack {
            /// Volume.
            volume: u32,
            /// The file.
            node: u64,
            /// Only these bytes of it.
            section: Option<Section>,
            /// Most bytes that may come out.
            max_bytes: u64,
        }
        /// Put what comes out next into the shared memory. Answered like `Read`.
        41 UnpackNext {
            /// At most this many, and at most what the shared memory holds.
            length: u32,
        }
    }

    /// What the worker answers. To each request exactly one; to `Begin`, `Ready` or `Failed`.
    Reply {
        /// The jail is built, the plugins are loaded.
        1 Ready {
            /// [`crate::PROTOCOL`] of the worker.
            protocol: u32,
            /// Its version.
            version: Name,
            /// The lock-down, step by step, in order.
            sandbox: List<StepReport, 32>,
            /// Plugins, in probing order.
            plugins: List<PluginReport, 64>,
            /// Plugins that could not be loaded.
            rejected: List<Rejected, 64>,
        }
        /// The request failed.
        2 Failed {
            /// An `ErrorKind` number.
            kind: i32,
            /// What and why.
            message: Text,
            /// Byte offset on the volume, where there is one.
            offset: Option<u64>,
        }
        /// To `Volumes`.
        3 Volumes {
            /// The disk's scheme.
            scheme: Name,
            /// At most [`MAX_VOLUMES`].
            count: u32,
            /// What was odd about the table.
            remarks: Notes,
        }
        /// To `Volume`.
        4 Volume {
            /// The volume.
            volume: VolumeReport,
        }
        /// To `Stat` and `Metadata`.
        5 Stat {
            /// The node.
            node: u64,
            /// Its metadata.
            metadata: Metadata,
        }
        /// To `ReadDir`.
        6 Entries {
            /// In directory order.
            entries: List<DirEntry, MAX_DIR_ENTRIES>,
            /// Where to go on; none at the end.
            next: Option<u64>,
        }
        /// To `ReadLink` and `BootString`.
        7 Target {
            /// The bytes.
            target: Path,
        }
        /// To `Extents`, when the data is plain.
        8 Extents {
            /// Ascending, without gap, from the offset asked for.
            extents: List<Extent, MAX_EXTENTS>,
            /// Whether they reach the file's end.
            done: bool,
        }
        /// To `Extents`, when the data is not plain: use `Read`.
        9 NotPlain {}
        /// To `Read` and `UnpackNext`.
        10 Data {
            /// Bytes in the shared memory; 0 only at the end.
            length: u32,
        }
        /// To `Menu` and `MenuOf`.
        11 Menu {
            /// What was found; none when no volume has a configuration.
            menu: Option<MenuReport>,
            /// Volumes passed over, each with the reason.
            passed_over: List<PassedOver, MAX_VOLUMES>,
        }
        /// To `MenuEntry`.
        12 MenuEntry {
            /// The entry.
            entry: EntryReport,
        }
        /// To `Statistics`.
        13 Statistics {
            /// Reads of the disks.
            reads: u64,
            /// Bytes of those reads.
            bytes: u64,
        }
        /// To `Filter`.
        14 Filter {
            /// Every call that remains to the worker.
            rules: List<FilterRule, 64>,
        }
        /// To `Remarks`.
        15 Remarks {
            /// In the order they came up.
            remarks: Notes,
        }
        /// To `Configs`.
        16 Configs {
            /// In the order in which they are tried.
            configs: List<ConfigReport, 128>,
        }
        /// To `Read` and `UnpackNext`, when all that was asked for is zeros: nothing was put into the shared memory.
        20 Zeros {
            /// How many; never 0.
            length: u32,
        }
        /// To `EntrySource`.
        30 EntrySource {
            /// None where the entry's arguments are all that can be edited.
            text: Option<Bytes<MAX_SOURCE>>,
        }
        /// To `CommandLine`.
        31 Printed {
            /// What the last line printed.
            output: Bytes<MAX_OUTPUT>,
            /// What comes next.
            end: CommandEnd,
        }
        /// To `Complete`.
        32 Completions {
            /// So many bytes at the line's end are replaced.
            replaces: u32,
            /// By this, which is what all have in common.
            common: Bytes<MAX_LINE>,
            /// What it might be; the first of them where there are too many.
            candidates: List<Name, MAX_COMPLETIONS>,
        }
        /// To `Unpack`.
        40 Unpacking {
            /// What the kernel lies in: `bzImage`.
            container: Name,
            /// How it is packed: `zstd`; none when it is not.
            compression: Option<Name>,
            /// What comes out: `ELF 64-bit x86-64`.
            kernel: Name,
            /// Bytes that come out, where that is known: the guest's word.
            size: Option<u64>,
        }
    }
}
