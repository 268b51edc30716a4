//! Numbers that never change their meaning.

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident: $repr:ident { $($(#[$doc:meta])* $variant:ident = $value:literal $text:literal,)* }) => {
        $(#[$meta])*
        #[repr($repr)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant = $value,)*
        }

        impl $name {
            /// Every value, in the order of its number.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The value with this number, if it is one this version knows.
            #[must_use]
            pub const fn from_code(code: $repr) -> Option<Self> {
                match code {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The stable number.
            #[must_use]
            pub const fn code(self) -> $repr {
                match self {
                    $(Self::$variant => $value,)*
                }
            }

            /// What a person calls it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

numbered! {
    /// What kind of thing went wrong. The numbers are the C ABI's return codes; 0 is success.
    ///
    /// Three families are never mixed: the host's input/output failed (`Io`), the bytes are beyond what we
    /// implement (`Unsupported`, `Encrypted`), the bytes contradict their own format (`Corrupt`).
    ErrorKind: i32 {
        /// Reading the disk failed, or the disk is shorter than its own structures say.
        Io = 1 "input/output error",
        /// No such file or directory.
        NotFound = 2 "not found",
        /// A path component is not a directory.
        NotADirectory = 3 "not a directory",
        /// A file was wanted and this is a directory.
        IsADirectory = 4 "is a directory",
        /// A regular file was wanted and this is a device, socket or fifo.
        NotAFile = 5 "not a regular file",
        /// A symbolic link was wanted.
        NotASymlink = 6 "not a symbolic link",
        /// The on-disk structures contradict their format.
        Corrupt = 7 "corrupt",
        /// Well-formed, but a feature this version does not read.
        Unsupported = 8 "unsupported",
        /// A limit with a name was reached.
        Limit = 9 "limit reached",
        /// A caller's argument makes no sense.
        InvalidArgument = 10 "invalid argument",
        /// The data is encrypted with a key we do not have.
        Encrypted = 11 "encrypted",
        /// No plugin recognised the volume.
        NotRecognised = 12 "not recognised",
        /// Too many symbolic links on one path.
        SymlinkLoop = 13 "too many symbolic links",
        /// A plugin broke the ABI's contract.
        PluginFault = 14 "plugin fault",
        /// The worker broke the protocol.
        Protocol = 15 "protocol violation",
        /// The worker died.
        WorkerDied = 16 "worker died",
        /// The worker did not answer in time.
        Deadline = 17 "deadline passed",
        /// The jail could not be built.
        Jail = 18 "jail not built",
        /// A panic or a state that should not be reachable, in our own code.
        Internal = 19 "internal error",
    }
}

numbered! {
    /// The type of a file.
    FileType: u32 {
        /// A regular file.
        Regular = 1 "file",
        /// A directory.
        Directory = 2 "dir",
        /// A symbolic link.
        Symlink = 3 "symlink",
        /// A character device.
        CharDevice = 4 "char",
        /// A block device.
        BlockDevice = 5 "block",
        /// A named pipe.
        Fifo = 6 "fifo",
        /// A socket.
        Socket = 7 "socket",
        /// A type only the metadata call can tell, or one the format has and POSIX does not.
        Unknown = 8 "unknown",
    }
}

numbered! {
    /// A probe's three-way answer.
    ProbeVerdict: u32 {
        /// The volume holds some other format, or none.
        NotMine = 0 "not mine",
        /// This format; `open` is expected to succeed.
        Mine = 1 "mine",
        /// This format beyond doubt, but broken or beyond this version; the error says how.
        MineButBroken = 2 "mine but broken",
    }
}
