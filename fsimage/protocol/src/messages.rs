//! The vocabulary.

use crate::codec::{
    Bytes, DecodeError, EncodeError, Hash, List, Reader, Wire, Writer, wire_enum, wire_struct,
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
        /// To `Read`.
        10 Data {
            /// Bytes in the shared memory; 0 only at the end of the file.
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
        /// To `Read`, when all that was asked for is zeros: nothing was put into the shared memory.
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
    }

    /// How much a listing tells of each entry. Each question more would be a message more for each file.
    Detail {
        /// Name, node and type: all that the directory itself says.
        1 Names {}
        /// And the file's metadata.
        2 Metadata {}
        /// And where its data lies, or the link's target.
        3 Content {}
    }

    /// Where a file's data lies, as far as a listing tells.
    Place {
        /// Ask with `Extents` or `ReadLink`.
        1 Untold {}
        /// Here, all of it.
        2 Extents {
            /// Ascending, without gap, from the file's first byte to its last.
            extents: List<Extent, MAX_LISTED_EXTENTS>,
        }
        /// Not plain on the disk: use `Read`.
        3 NotPlain {}
        /// A symbolic link's target.
        4 Target {
            /// The bytes.
            target: Path,
        }
    }

    /// What a command line came to.
    CommandEnd {
        /// More may be typed.
        1 Waits {}
        /// `boot`.
        2 Boots {
            /// What.
            entry: Box<EntryReport>,
        }
        /// `exit`: back to the menu.
        3 Leaves {}
    }

    /// What a person sees until the default entry boots by itself.
    TimeoutStyle {
        /// The menu.
        1 Menu {}
        /// The seconds that are left.
        2 Countdown {}
        /// Nothing.
        3 Hidden {}
    }

    /// A password, or what it can be compared with.
    Secret {
        /// As it is typed.
        1 Plain {
            /// The password.
            text: Bytes<1024>,
        }
        /// PBKDF2 with HMAC-SHA-512.
        2 Pbkdf2Sha512 {
            /// Iterations: the guest's own number.
            rounds: u32,
            /// The salt.
            salt: Bytes<1024>,
            /// The derived key.
            hash: Bytes<1024>,
        }
        /// crypt(3)'s `$1$`.
        3 Md5Crypt {
            /// The salt.
            salt: Bytes<8>,
            /// The digest.
            hash: Hash<16>,
        }
        /// SHA-1 of salt and password.
        4 SaltedSha1 {
            /// The salt.
            salt: Bytes<64>,
            /// The digest.
            hash: Hash<20>,
        }
        /// crypt(3)'s `$5$`.
        5 Sha256Crypt {
            /// 1000 and more.
            rounds: u32,
            /// The salt.
            salt: Bytes<16>,
            /// The digest.
            hash: Hash<32>,
        }
        /// crypt(3)'s `$6$`.
        6 Sha512Crypt {
            /// 1000 and more.
            rounds: u32,
            /// The salt.
            salt: Bytes<16>,
            /// The digest.
            hash: Hash<64>,
        }
        /// Damaged, or of a form that is not known: nothing opens it.
        7 Unusable {}
    }

    /// The key that chooses an entry.
    Hotkey {
        /// Printable ASCII.
        1 Character {
            /// The character.
            character: u8,
        }
        /// Backspace.
        2 Backspace {}
        /// Tab.
        3 Tab {}
        /// Delete.
        4 Delete {}
        /// Insert.
        5 Insert {}
        /// F1 and on.
        6 Function {
            /// From 1.
            number: u8,
        }
    }

    /// What became of one step of the lock-down.
    StepOutcome {
        /// In force.
        1 Enforced {}
        /// The host does not offer it; the jail stands without it.
        2 Unavailable {
            /// Why.
            reason: Name,
        }
        /// Switched off by `--no-sandbox`.
        3 Off {}
    }

    /// What a probe made of a volume.
    Content {
        /// No plugin knows it.
        1 Unrecognised {}
        /// A filesystem, and it opens.
        2 Filesystem {
            /// The plugin.
            plugin: Name,
            /// The variant, as the format names it.
            flavour: Name,
            /// The label's bytes.
            label: Name,
            /// As blkid prints it.
            uuid: Name,
            /// In bytes.
            block_size: u32,
            /// In bytes.
            size: u64,
            /// Blank-separated.
            features: Bytes<1024>,
        }
        /// A plugin's format beyond doubt, but it does not open.
        3 Broken {
            /// The plugin.
            plugin: Name,
            /// Why.
            reason: Text,
        }
    }

    /// What lies in a range of a file.
    ExtentKind {
        /// Plain bytes.
        1 Data {
            /// Index of the disk.
            disk: u32,
            /// Byte offset on that disk (not the volume).
            physical: u64,
        }
        /// Zeros.
        2 Hole {}
    }
}

impl From<FileRef> for BootFile {
    fn from(file: FileRef) -> Self {
        Self { file, section: None, newc_name: None }
    }
}

wire_struct! {
    /// What the worker may not exceed.
    WorkerLimits {
        /// Bytes of address space beyond what the program itself takes.
        memory: u64,
        /// Seconds of processor time.
        cpu_seconds: u64,
        /// Symbolic links on one path.
        max_symlinks: u32,
        /// Entries of one directory.
        max_directory_entries: u64,
        /// Bytes of one configuration file.
        max_config_bytes: u64,
        /// Steps of one configuration's evaluation.
        max_script_steps: u64,
        /// Entries of one menu.
        max_menu_entries: u32,
    }

    /// Words for a filesystem to be opened with.
    MountOption {
        /// The plugin they are for; none for whichever has the volume.
        plugin: Option<Name>,
        /// The plugin's own words, with commas between them.
        words: Bytes<1024>,
    }

    /// One step of the lock-down.
    StepReport {
        /// Its name.
        name: Name,
        /// What became of it.
        outcome: StepOutcome,
    }

    /// A system call that the seccomp filter lets through.
    FilterRule {
        /// Its name.
        call: Name,
        /// What its arguments must be; empty for no condition.
        condition: Name,
        /// Why it must remain.
        reason: Name,
    }

    /// A loaded plugin.
    PluginReport {
        /// Its name.
        name: Name,
        /// Its version.
        version: Name,
        /// One line.
        description: Name,
        /// The file it came from.
        file: Path,
    }

    /// A plugin that was not loaded.
    Rejected {
        /// The file.
        file: Path,
        /// Why.
        reason: Bytes<512>,
    }

    /// A volume.
    VolumeReport {
        /// What people type: `1`.
        address: Name,
        /// The scheme that made it: `mbr`.
        scheme: Name,
        /// First byte on the disk.
        start: u64,
        /// Length in bytes.
        size: u64,
        /// The table's own code for its type.
        type_code: Option<u8>,
        /// The type's GUID in a GPT.
        type_guid: Option<Name>,
        /// The type in words.
        type_name: Name,
        /// Marked active.
        active: bool,
        /// A Solaris slice's tag.
        tag: Option<u32>,
        /// A Solaris slice's flags, or a GPT entry's attributes.
        flags: Option<u64>,
        /// The name in a GPT or an Apple map: the guest's own text.
        name: Option<Name>,
        /// The partition's unique id, Linux's PARTUUID.
        part_uuid: Option<Name>,
        /// `hd0,msdos1` and the like.
        grub_names: List<Name, 8>,
        /// `sda1`, where it is certain.
        linux_name: Option<Name>,
        /// What it holds.
        content: Content,
    }

    /// A file's metadata.
    Metadata {
        /// A `FileType` number.
        file_type: u32,
        /// The low 12 bits of `st_mode`.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// Hard links.
        links: u32,
        /// Bytes.
        size: u64,
        /// Seconds since 1970.
        mtime_seconds: i64,
        /// And nanoseconds.
        mtime_nanoseconds: u32,
    }

    /// A directory entry.
    DirEntry {
        /// Its name.
        name: Bytes<MAX_NAME>,
        /// Its node.
        node: u64,
        /// A `FileType` number, or `Unknown`.
        file_type: u32,
        /// As far as they were asked for and could be told.
        details: Option<Box<Details>>,
    }

    /// More of a directory entry.
    Details {
        /// The file's metadata.
        metadata: Metadata,
        /// Where its data lies.
        place: Place,
    }

    /// A range of a file.
    Extent {
        /// Byte offset in the file.
        logical: u64,
        /// Bytes, not 0.
        length: u64,
        /// What lies there.
        kind: ExtentKind,
    }

    /// A file on a volume.
    FileRef {
        /// The volume.
        volume: u32,
        /// The path on it.
        path: Path,
    }

    /// A file to boot: all of a file, or a part of one.
    BootFile {
        /// The file.
        file: FileRef,
        /// Only these bytes of it.
        section: Option<Section>,
        /// The file goes into a newc archive under this name; ramdisks only.
        newc_name: Option<Path>,
    }

    /// A range of a file's bytes.
    Section {
        /// Byte offset in the file.
        offset: u64,
        /// Bytes.
        length: u64,
    }

    /// A boot configuration that is there.
    ConfigReport {
        /// Whose it is: `grub2`.
        loader: Name,
        /// It is a guess.
        guess: bool,
        /// Where it lies.
        path: Path,
    }

    /// A boot menu without its entries.
    MenuReport {
        /// Whose configuration it is: `grub2`.
        loader: Name,
        /// Nothing of the guest's says that this is what it boots.
        guess: bool,
        /// Where it was found; none for `--isconfig`. Without a configuration, a kernel.
        config: Option<FileRef>,
        /// At most [`MAX_MENU_ENTRIES`].
        entries: u32,
        /// The entry that boots by itself.
        default: Option<u32>,
        /// Seconds until it does; none to wait for a person.
        timeout: Option<u32>,
        /// What a person sees until then.
        timeout_style: TimeoutStyle,
        /// Whether an entry's key boots it; else it only goes there.
        hotkeys_boot: bool,
        /// What guards the menu as a whole.
        security: SecurityReport,
        /// What was ignored.
        notes: Notes,
    }

    /// What guards a menu as a whole: whoever shows a right here may do everything.
    SecurityReport {
        /// GRUB 2's, once they are set.
        superusers: Option<List<Name, MAX_USERS>>,
        /// Users, superusers or not, with their passwords.
        accounts: List<Account, MAX_USERS>,
        /// A password without a user.
        password: Option<Secret>,
    }

    /// A user and the user's password.
    Account {
        /// The name.
        user: Name,
        /// The password.
        secret: Secret,
    }

    /// A menu entry.
    EntryReport {
        /// The title's bytes, escapes and all.
        title: Bytes<4096>,
        /// Its id.
        id: Option<Name>,
        /// Titles of the submenus around it, outermost first.
        parents: List<Bytes<1024>, 16>,
        /// The device that the entry's relative paths are on, as the loader writes it.
        root: Name,
        /// The kernel.
        kernel: Option<BootFile>,
        /// Ramdisks, to be joined in this order.
        ramdisks: List<BootFile, MAX_RAMDISKS>,
        /// The kernel's arguments.
        arguments: Bytes<16384>,
        /// Only who has shown a right may boot it.
        restricted: bool,
        /// Who may besides the superusers.
        users: List<Name, MAX_USERS>,
        /// A password of its own; where it is not restricted, that guards changes alone.
        password: Option<Secret>,
        /// The key that chooses it.
        hotkey: Option<Hotkey>,
        /// Why it would not boot, or what was ignored.
        problems: List<Bytes<512>, 16>,
    }

    /// A volume without a usable configuration.
    PassedOver {
        /// The volume.
        volume: u32,
        /// Why.
        reason: Bytes<140>,
    }
}
