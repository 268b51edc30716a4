//! Nothing but what we were given.

use super::CHANNEL;
use rustix::io::Errno;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// The channel. Called once, first thing: nothing else in this program owns standard input.
#[allow(unsafe_code)]
pub(crate) fn take_channel() -> OwnedFd {
    // SAFETY: whoever starts us puts the channel here; if it is closed, its first use fails.
    unsafe { OwnedFd::from_raw_fd(CHANNEL) }
}

/// Closes every descriptor of this process but these.
///
/// Callers leak descriptors (libxl's own log file is one), and a plugin's constructor may have opened some.
pub(crate) fn close_all_but(kept: &[RawFd]) -> rustix::io::Result<()> {
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    kept.dedup();
    let mut first: u32 = 0;
    for descriptor in kept {
        let descriptor = u32::try_from(descriptor).map_err(|_| Errno::BADF)?;
        if let Some(last) = descriptor.checked_sub(1).filter(|last| *last >= first) {
            close_range(first, last)?;
        }
        first = descriptor.saturating_add(1);
    }
    close_range(first, u32::MAX)
}

#[allow(unsafe_code)]
fn close_range(first: u32, last: u32) -> rustix::io::Result<()> {
    // SAFETY: closes descriptors; those that owned values stand for are kept by the caller's list.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0_u32) };
    if result == 0 {
        return Ok(());
    }
    // Before Linux 5.9 there is no such call: close them one by one, as far as the limit lets them go.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let end = u32::try_from(limit.unwrap_or(65536)).unwrap_or(65536).min(1 << 20);
    for descriptor in first..=last.min(end) {
        // SAFETY: as above; closing a number that is not open does nothing.
        unsafe { libc::syscall(libc::SYS_close, descriptor) };
    }
    Ok(())
}
