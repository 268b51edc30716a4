//! All misdeeds, by name.

use crate::{calls, crashes, descriptors, memory, messages};
use std::io;

/// How a misdeed is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// In `open`: calls the kernel; success is a hole in the jail.
    Call(fn() -> io::Result<()>),
    /// In `open`: ends or occupies the process.
    End(fn()),
    /// Where the reply is made: in [`crate::lies`], [`crate::guest`] or [`crate::usurper`].
    Reply,
}

/// One misdeed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Misdeed {
    /// What a volume calls it.
    pub(crate) name: &'static str,
    /// How.
    pub(crate) act: Act,
}

macro_rules! misdeeds {
    ($($(#[doc = $what:literal])* $name:literal $act:expr;)*) => {
        /// The table. Nothing depends on its order.
        pub(crate) static MISDEEDS: &[Misdeed] = &[$(Misdeed { name: $name, act: $act },)*];
    };
}

use Act::{Call, End, Reply};

misdeeds! {
    // None.
    /// Serves its guest and does nothing wrong: the control.
    "none" Reply;

    // Files of the host.
    /// Opens /etc/passwd with open (openat where there is no open).
    "open" Call(calls::open);
    /// Opens /etc/passwd with openat2.
    "openat2" Call(calls::openat2);
    /// Creates a file in /tmp.
    "creat" Call(calls::creat);
    /// Unlinks a file in /tmp; to be told that there is none is success.
    "unlink" Call(calls::unlink);
    /// Opens /proc/self/maps and /proc/1/environ.
    "read-proc" Call(calls::read_proc);
    /// Mounts a tmpfs over /mnt, and unmounts it.
    "mount" Call(calls::mount);

    // Descriptors it holds.
    /// Writes to every disk among descriptors 0 to 32.
    "write-disk" Call(descriptors::write_disk);
    /// Maps every disk among descriptors 0 to 32, shared and writable.
    "map-disk" Call(descriptors::map_disk);
    /// Writes a line to every descriptor from 3 to 64: none but the channel and stderr may take it.
    "write-stray-descriptors" Call(descriptors::write_stray);
    /// Duplicates descriptor 0.
    "dup" Call(descriptors::duplicate);

    // Network.
    /// Connects to port 9 of 127.0.0.1; to be refused by the port is success.
    "connect" Call(calls::connect);
    /// Makes an internet socket.
    "socket" Call(calls::socket);

    // Programs and processes.
    /// Executes /bin/sh, which says EVIL SUCCEEDED on stderr.
    "execve" Call(calls::execve);
    /// Forks.
    "fork" Call(calls::fork);
    /// Forks with clone3.
    "clone3" Call(calls::clone3);
    /// Attaches to the parent with ptrace.
    "ptrace" Call(calls::ptrace);
    /// Sends the parent a signal that everybody ignores (SIGWINCH).
    "kill-parent" Call(calls::kill_parent);
    /// Writes to the parent's memory, at an address that is not mapped; EFAULT is success.
    "process_vm_writev" Call(calls::process_vm_writev);

    // Rights and the kernel's larger doors.
    /// Makes a new user or host-name namespace.
    "unshare" Call(calls::unshare);
    /// Becomes uid 0.
    "setuid" Call(calls::setuid);
    /// Makes itself dumpable.
    "prctl" Call(calls::prctl);
    /// Creates a BPF map.
    "bpf" Call(calls::bpf);
    /// Sets up an io_uring.
    "io_uring_setup" Call(calls::io_uring_setup);
    /// Adds a key to its keyring.
    "keyctl" Call(calls::keyctl);
    /// Makes a userfaultfd.
    "userfaultfd" Call(calls::userfaultfd);

    // Memory.
    /// Makes a memfd.
    "memfd_create" Call(memory::memfd_create);
    /// Makes a memfd, writes /bin/sh's kind of program into it and executes it.
    "memfd-exec" Call(memory::memfd_exec);
    /// Makes a writable page executable.
    "mprotect-exec" Call(memory::mprotect_exec);
    /// Maps a page that is writable and executable.
    "mmap-exec" Call(memory::mmap_exec);
    /// Touches up to 8 GiB.
    "memory-bomb" Call(memory::bomb);

    // Its own end, and none.
    /// Computes for ever, without a system call.
    "spin" End(crashes::spin);
    /// Waits for ever, on a futex.
    "silence" End(crashes::silence);
    /// Writes to address 8.
    "segfault" End(crashes::segfault);
    /// Aborts.
    "abort" End(crashes::abort);
    /// Panics.
    "panic" End(crashes::panic);
    /// Recurses without end.
    "stack-overflow" End(crashes::stack_overflow);
    /// Exits with status 0.
    "exit" End(crashes::exit);
    /// Serves its guest; reading /hold takes 30 seconds, for a look at the worker from outside.
    "breakpoint" Reply;

    // The channel behind the worker's back.
    /// Sends bytes that are no message.
    "garbage-to-channel" End(messages::garbage);
    /// Sends the first bytes of a message, and exits.
    "short-message" End(messages::short);
    /// Sends an empty message.
    "empty-message" End(messages::empty);
    /// Sends more than a message may hold.
    "oversized-message" End(messages::oversized);
    /// Sends an answer to another question.
    "wrong-message" End(messages::wrong);
    /// Sends a text that says it is 4 GiB long.
    "lying-count-message" End(messages::lying_count);
    /// Instead of extents: sends one beyond the disk's end.
    "forge-extent-past-disk" Reply;
    /// Instead of extents: sends two that overlap.
    "forge-extent-overlap" Reply;
    /// Instead of extents: sends one whose end wraps around.
    "forge-extent-wrap" Reply;
    /// Instead of extents: sends one on a disk that is not there.
    "forge-extent-disk" Reply;
    /// While a kernel is unpacked: says that it was asked something else.
    "forge-unpack-other" Reply;
    /// While a kernel is unpacked: gives more bytes than were asked for.
    "forge-unpack-length" Reply;
    /// While a kernel is unpacked: gives no zeros at all, without end.
    "forge-unpack-zeros" Reply;
    /// While a kernel is unpacked: gives bytes without end.
    "forge-unpack-endless" Reply;

    // The conversation, taken over with the first listing.
    /// An entry's name is a path out of the directory.
    "usurp-slash" Reply;
    /// It is an absolute path.
    "usurp-absolute" Reply;
    /// It is the directory above.
    "usurp-dot-dot" Reply;
    /// It is the directory itself.
    "usurp-dot" Reply;
    /// It is empty.
    "usurp-no-name" Reply;
    /// It holds a NUL.
    "usurp-nul" Reply;
    /// Two files have one name.
    "usurp-twice" Reply;
    /// Two directories have one name.
    "usurp-directory-twice" Reply;
    /// Every page is followed by another.
    "usurp-endless" Reply;
    /// The pages' cursors go round.
    "usurp-round" Reply;
    /// A page is followed by itself.
    "usurp-standing" Reply;
    /// Every page is followed by another, and none has an entry.
    "usurp-empty-pages" Reply;
    /// A directory is in itself.
    "usurp-self" Reply;
    /// Each directory holds another.
    "usurp-deep" Reply;
    /// A file has a type that does not exist.
    "usurp-type" Reply;
    /// A file's mode holds bits of the file type.
    "usurp-mode" Reply;
    /// A file is set-user-id, set-group-id and sticky.
    "usurp-set-user-id" Reply;
    /// A file's time is in no calendar.
    "usurp-time" Reply;
    /// A file is larger than its extents.
    "usurp-size" Reply;
    /// A file has 16 EiB.
    "usurp-huge" Reply;
    /// An extent lies beyond the disk's end.
    "usurp-past-disk" Reply;
    /// Two extents overlap.
    "usurp-overlap" Reply;
    /// Extents leave a gap.
    "usurp-gap" Reply;
    /// An extent goes past the file's end.
    "usurp-past-end" Reply;
    /// Extents end before the file does.
    "usurp-short" Reply;
    /// An extent lies on a disk that is not there.
    "usurp-other-disk" Reply;
    /// A file has data and no extents.
    "usurp-no-extents" Reply;
    /// A link's target holds a NUL.
    "usurp-link-to-nul" Reply;
    /// A link's target is empty.
    "usurp-link-to-nothing" Reply;
    /// Devices, a fifo and a socket.
    "usurp-devices" Reply;
    /// More data is told of than was asked for.
    "usurp-data-too-much" Reply;
    /// A file's data ends before its size.
    "usurp-data-short" Reply;
    /// More zeros are told of than were asked for.
    "usurp-zeros-too-much" Reply;
    /// No zeros at all, for ever.
    "usurp-zeros-none" Reply;

    // Lies to the worker.
    /// read_dir never ends and does not stop when told.
    "endless-reply" Reply;
    /// read_dir never ends, but stops when told.
    "endless-directory" Reply;
    /// read_dir hands out one cursor for ever.
    "stuck-cursor" Reply;
    /// An entry's name says it is 4 GiB long.
    "lying-name-length" Reply;
    /// An entry's name is a path out of the directory.
    "path-as-name" Reply;
    /// An entry's name holds a NUL.
    "nul-in-name" Reply;
    /// read_at says it read more than the buffer holds.
    "lying-lengths" Reply;
    /// read_link says it wrote more than the buffer holds.
    "lying-link-length" Reply;
    /// A file's metadata say 1 EiB, and its data never ends.
    "lying-count" Reply;
    /// info says that its texts are longer than their fields.
    "lying-info" Reply;
    /// A file's mode holds bits of the file type.
    "lying-mode" Reply;
    /// A callback returns a code that does not exist.
    "unknown-code" Reply;
    /// A callback returns a code that is the host's.
    "host-code" Reply;
    /// An error's message says it is longer than its field.
    "lying-message-length" Reply;
    /// An extent lies beyond the volume's end.
    "extent-past-disk" Reply;
    /// Two extents overlap.
    "extent-overlap" Reply;
    /// An extent's end wraps around in the file.
    "extent-wrap" Reply;
    /// An extent's end wraps around on the volume.
    "extent-wrap-physical" Reply;
    /// An extent lies on a volume that is not there.
    "extent-volume" Reply;
    /// Extents leave a gap.
    "extent-gap" Reply;
    /// Extents of length 0, for ever.
    "extent-empty" Reply;

    // Lies to people.
    /// The boot menu holds terminal escapes in its title and a line feed and parentheses in its arguments.
    "title-escapes" Reply;
}
