//! The edge of the library: no panic passes it, every failure leaves `errno` and a sentence.

use crate::last_error;
use fsimage::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub errno: i32,
    pub message: String,
}

impl Failure {
    pub(crate) fn new(errno: i32, message: impl Into<String>) -> Self {
        Self { errno, message: message.into() }
    }

    /// An argument that cannot be.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(libc::EINVAL, message)
    }
}

impl From<fsimage::Error> for Failure {
    fn from(error: fsimage::Error) -> Self {
        Self { errno: error.os_code().unwrap_or_else(|| errno_of(error.kind())), message: error.to_string() }
    }
}

impl From<rustix::io::Errno> for Failure {
    fn from(errno: rustix::io::Errno) -> Self {
        Self { errno: errno.raw_os_error(), message: errno.to_string() }
    }
}

/// The `errno` of each kind, as fsimage.h lists them.
pub(crate) const fn errno_of(kind: ErrorKind) -> i32 {
    match kind {
        ErrorKind::Io => libc::EIO,
        ErrorKind::NotFound => libc::ENOENT,
        ErrorKind::NotADirectory => libc::ENOTDIR,
        ErrorKind::IsADirectory => libc::EISDIR,
        // As open(2) has it of a socket.
        ErrorKind::NotAFile => libc::ENXIO,
        ErrorKind::NotASymlink | ErrorKind::InvalidArgument => libc::EINVAL,
        // As the kernel's ext4 and XFS have it.
        ErrorKind::Corrupt => libc::EUCLEAN,
        ErrorKind::Unsupported | ErrorKind::NotRecognised => libc::ENOTSUP,
        ErrorKind::Limit => libc::EFBIG,
        ErrorKind::Encrypted => libc::ENOKEY,
        ErrorKind::SymlinkLoop => libc::ELOOP,
        ErrorKind::PluginFault | ErrorKind::Protocol => libc::EPROTO,
        ErrorKind::WorkerDied => libc::ECONNRESET,
        ErrorKind::Deadline => libc::ETIMEDOUT,
        ErrorKind::Jail => libc::EPERM,
        ErrorKind::Internal => libc::ENOTRECOVERABLE,
    }
}

/// Does a call's work. A failure or a panic is remembered and gives `failed`; success leaves `errno` as it was, so that
/// a caller can tell an end from an error.
pub(crate) fn guarded<T>(failed: T, work: impl FnOnce() -> Result<T, Failure>) -> T {
    let before = errno();
    // What a panic may leave half done lies behind a lock, which it poisons: see `handles`.
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => {
            set_errno(before);
            return value;
        }
        Ok(Err(failure)) => failure,
        Err(payload) => {
            // To drop it could panic once more.
            std::mem::forget(payload);
            Failure::new(libc::ENOTRECOVERABLE, "internal error: a panic inside libfsimage")
        }
    };
    last_error::remember(failure.message);
    set_errno(failure.errno);
    failed
}

fn errno() -> i32 {
    // SAFETY: the location is this thread's own, and lives as long as the thread.
    unsafe { *libc::__errno_location() }
}

fn set_errno(value: i32) {
    // SAFETY: as above; nothing of Rust's holds a reference to it.
    unsafe { *libc::__errno_location() = value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::last_error::fsi_error_message;
    use std::ffi::CStr;

    fn message() -> String {
        // SAFETY: what the function returns is a string until this thread's next failure.
        unsafe { CStr::from_ptr(fsi_error_message()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_panic_is_an_error_like_others() {
        assert_eq!(guarded(-1, || panic!("inside")), -1);
        assert_eq!(
            (errno(), message().as_str()),
            (libc::ENOTRECOVERABLE, "internal error: a panic inside libfsimage")
        );
    }

    #[test]
    fn success_leaves_errno_and_the_message() {
        assert_eq!(guarded(-1, || Err(Failure::argument("first"))), -1);
        assert_eq!(errno(), libc::EINVAL);
        let changed = guarded(-1, || {
            set_errno(libc::EIO);
            Ok(7)
        });
        assert_eq!((changed, errno(), message().as_str()), (7, libc::EINVAL, "first"));
    }

    #[test]
    fn a_message_is_its_threads_own() {
        guarded((), || Err(Failure::argument("mine\0 and more")));
        std::thread::spawn(|| assert_eq!(message(), "")).join().unwrap();
        assert_eq!(message(), "mine and more");
    }

    #[test]
    fn kinds_that_a_caller_must_tell_apart_have_numbers_of_their_own() {
        let mut numbers: Vec<i32> = ErrorKind::ALL.iter().map(|kind| errno_of(*kind)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // InvalidArgument and NotASymlink, Unsupported and NotRecognised, PluginFault and Protocol are one each.
        assert_eq!(numbers.len(), ErrorKind::ALL.len() - 3);
    }
}
