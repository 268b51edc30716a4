//! Writing to a pipe that nobody reads is an error here, not the end of the host program.

use crate::guard::Failure;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// Does `work` with SIGPIPE held back from this thread, and takes away the one that it has raised. The host's own handler
/// stays as it is, and is not called.
pub(crate) fn without_sigpipe<T>(
    work: impl FnOnce() -> Result<T, fsimage::Error>,
) -> Result<Result<T, fsimage::Error>, Failure> {
    let held = HeldBack::new()?;
    let done = work();
    if matches!(&done, Err(why) if why.os_code() == Some(libc::EPIPE)) {
        held.take_away();
    }
    Ok(done)
}

/// While it lives this thread gets no SIGPIPE.
struct HeldBack {
    before: SigSet,
}

impl HeldBack {
    fn new() -> Result<Self, Failure> {
        let before =
            SigSet::from(Signal::SIGPIPE).thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(|why| {
                let number = std::io::Error::from(why).raw_os_error();
                Failure::new(number.unwrap_or(libc::EINVAL), format!("holding back SIGPIPE: {why}"))
            })?;
        Ok(Self { before })
    }

    /// Takes away the one that waits. A host that holds it back itself keeps it, as after write(2).
    fn take_away(&self) {
        if !self.before.contains(Signal::SIGPIPE) {
            let sigpipe = SigSet::from(Signal::SIGPIPE);
            let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: both structures live through the call; a null pointer asks for no details. It fails, rightly, when
            // the error came without a signal.
            unsafe { libc::sigtimedwait(sigpipe.as_ref(), std::ptr::null_mut(), &raw const now) };
        }
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        // A mask that was this thread's before cannot be refused.
        let _ = self.before.thread_set_mask();
    }
}
