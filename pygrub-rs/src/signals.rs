//! Signals that end the program wait while the result is being published.
//!
//! Between the moment at which the files have names and the one at which the result is written, the domain builder
//! does not know of them: a program that dies there leaves them behind (CVE-2015-8341). On success the signals are
//! never let through again: the program has nothing left to do but to exit.

use crate::exit::{Failure, Result};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::{AsFd, BorrowedFd};

/// SIGTERM, SIGINT and SIGHUP, held back.
#[derive(Debug)]
pub(crate) struct Held {
    signals: SigSet,
    pending: SignalFd,
}

impl Held {
    /// Holds them back from now on.
    pub(crate) fn new() -> Result<Self> {
        Self::these(&[Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
    }

    /// The same while a person is at a terminal that has to be put back, and those that tell of the terminal.
    pub(crate) fn at_terminal() -> Result<Self> {
        use Signal::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
        Self::these(&[SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCONT, SIGWINCH])
    }

    fn these(list: &[Signal]) -> Result<Self> {
        let mut signals = SigSet::empty();
        for signal in list {
            signals.add(*signal);
        }
        let pending = signals
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC))
            .map_err(failed)?;
        Ok(Self { signals, pending })
    }

    /// The one that has arrived meanwhile.
    pub(crate) fn arrived(&self) -> Result<Option<Signal>> {
        let info = self.pending.read_signal().map_err(failed)?;
        Ok(info.and_then(|info| i32::try_from(info.ssi_signo).ok()).and_then(|number| number.try_into().ok()))
    }

    /// Lets them through again, those that have arrived first of all.
    pub(crate) fn release(self) {
        let _ = self.signals.thread_unblock();
    }

    /// Dies of this signal, now that nothing is left behind.
    pub(crate) fn die(self, signal: Signal) -> Failure {
        let _ = self.signals.thread_unblock();
        let _ = raise(signal);
        // Somebody had it ignored.
        Failure::Failed(format!("stopped by {signal}"))
    }
}

/// Readable once one of them has arrived.
impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pending.as_fd()
    }
}

fn failed(errno: Errno) -> Failure {
    Failure::Failed(format!("holding signals back: {errno}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_waits_and_is_seen() {
        let held = Held::new().unwrap();
        assert_eq!(held.arrived().unwrap(), None);
        // To this thread alone, which has it blocked.
        raise(Signal::SIGTERM).unwrap();
        assert_eq!(held.arrived().unwrap(), Some(Signal::SIGTERM));
        assert_eq!(held.arrived().unwrap(), None);
    }
}
