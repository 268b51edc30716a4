//! What the messages tell of: the disk's volumes and files, menus, the jail.

use crate::codec::{
    Bytes, DecodeError, EncodeError, Hash, List, Reader, Wire, Writer, wire_enum, wire_struct,
};
use crate::messages::{MAX_LISTED_EXTENTS, MAX_NAME, MAX_RAMDISKS, MAX_USERS, Name, Notes, Path, Text};

wire_enum! {
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
        /// `configfile`: another menu, which is the one found last from now on.
        4 Opens {
            /// It.
            menu: Box<MenuReport>,
        }
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
        /// At most [`MAX_MENU_ENTRIES`](crate::messages::MAX_MENU_ENTRIES).
        entries: u32,
        /// The entry that boots by itself.
        default: Option<u32>,
        /// The entry that the guest would try first: another one where that cannot be booted.
        meant: Option<u32>,
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

    /// A submenu, as an entry in it knows it.
    SubmenuReport {
        /// The number of its first entry: at one depth no two have the same.
        first: u32,
        /// The key that opens it.
        hotkey: Option<Hotkey>,
    }

    /// A menu entry.
    EntryReport {
        /// The title's bytes, escapes and all.
        title: Bytes<4096>,
        /// Its id.
        id: Option<Name>,
        /// Titles of the submenus around it, outermost first.
        parents: List<Bytes<1024>, 16>,
        /// The same submenus themselves: two may have one title.
        submenus: List<SubmenuReport, 16>,
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
        /// Why it would not boot.
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
