//! Signals that end the program, while there is something to take back first: a file that has a name and is not whole.
//!
//! Only where the target has no nameless files; elsewhere the kernel takes back what a dead process had not named.

use crate::exit::Result;
use crate::signals::Held;
use nix::sys::signal::Signal;
use std::sync::{Arc, Mutex, PoisonError};

/// Held-back signals, shared with whoever copies and can end it.
#[derive(Debug, Clone, Default)]
pub(super) struct Interruption(Arc<Mutex<Option<Waiting>>>);

#[derive(Debug)]
struct Waiting {
    held: Held,
    arrived: Option<Signal>,
}

impl Interruption {
    fn waiting<T>(&self, look: impl FnOnce(&mut Option<Waiting>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on they wait.
    pub(super) fn hold(&self) -> Result<()> {
        let held = Held::new()?;
        self.waiting(|waiting| *waiting = Some(Waiting { held, arrived: None }));
        Ok(())
    }

    /// The one that waits and wants all of this to end.
    pub(super) fn arrived(&self) -> Option<Signal> {
        self.waiting(|waiting| {
            let waiting = waiting.as_mut()?;
            // OK to ignore: a signal that cannot be told of is let through in the end.
            waiting.arrived = waiting.arrived.or_else(|| waiting.held.arrived().ok().flatten());
            waiting.arrived
        })
    }

    /// Nothing is left to take back: lets them through. Comes back unless one has arrived.
    pub(super) fn release(&self) -> Result<()> {
        let arrived = self.arrived();
        match (self.waiting(Option::take), arrived) {
            (Some(waiting), Some(signal)) => Err(waiting.held.die(signal)),
            (Some(waiting), None) => {
                waiting.held.release();
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }
}
