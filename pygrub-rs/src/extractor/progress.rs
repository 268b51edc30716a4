//! A bar of progress, when a person is watching and it takes long enough to ask how long.

use super::args::Common;
use super::interruption::Interruption;
use crate::console::say;
use crate::exit::Result;
use fsimage::copy::Step;
use fsimage::{Error, ErrorKind, Session};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::termios::isatty;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Shorter work is done before anybody wonders.
const PATIENCE: Duration = Duration::from_millis(400);
/// Times a second that the bar is drawn.
const FRAMES: u8 = 10;
const OF_FILE: &str = "{wide_msg} {bytes:>10} of {total_bytes} {binary_bytes_per_sec} {eta} [{bar:20}]";
const OF_TREE: &str = "{wide_msg} {prefix} {bytes:>10} {binary_bytes_per_sec}";

/// The bar, or none; its clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
    is_watched: bool,
    is_spent: Arc<AtomicBool>,
    interruption: Interruption,
}

impl Progress {
    pub(super) fn new(common: &Common) -> Self {
        let is_watched = !common.no_progress && isatty(std::io::stderr());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { bar, is_watched, is_spent: Arc::default(), interruption: Interruption::default() }
    }

    /// None where each copy is told of on the same terminal: the lines are progress enough, and a bar would stand between them.
    pub(super) fn unless(self, is_told: bool) -> Self {
        Self { is_watched: self.is_watched && !is_told, ..self }
    }

    /// Whether a copy has ended for want of budget.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed)
    }

    /// From now on the session's copies move the bar, and end with an error beyond `budget` bytes of data.
    pub(super) fn watch(&self, session: &mut Session, budget: u64) {
        let (bar, is_spent, interruption) =
            (self.bar.clone(), self.is_spent.clone(), self.interruption.clone());
        let (is_watched, begin) = (self.is_watched, Instant::now());
        let (is_shown, left) = (Cell::new(false), Cell::new(budget));
        session.watch(move |step| {
            if is_watched && !is_shown.get() && begin.elapsed() > PATIENCE {
                is_shown.set(true);
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(FRAMES));
            }
            if let Some(signal) = interruption.arrived() {
                return Err(Error::io("stopped by", signal));
            }
            let (Step::Data(bytes) | Step::Hole(bytes)) = step;
            bar.inc(bytes);
            if matches!(step, Step::Data(_)) {
                left.set(left.get().checked_sub(bytes).ok_or_else(|| {
                    is_spent.store(true, Ordering::Relaxed);
                    let why =
                        format!("more than --max-total-size={budget} bytes in all; nothing more is copied");
                    Error::new(ErrorKind::Limit, why)
                })?);
            }
            Ok(())
        });
    }

    /// Does work that leaves something behind if the program ends in the middle of it. A signal that wants that waits for the
    /// next step of a copy, which fails then; the program dies of it when all is taken back.
    pub(super) fn uninterrupted<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.interruption.hold()?;
        let outcome = work();
        if self.interruption.arrived().is_some() {
            self.finish();
        }
        self.interruption.release()?;
        outcome
    }

    /// A file of so many bytes is all there is to copy.
    pub(super) fn file(&self, shown: &str, size: u64) {
        if self.is_watched {
            self.style(OF_FILE);
            self.bar.set_message(shown.to_owned());
            self.bar.set_length(self.bar.position().saturating_add(size));
        }
    }

    /// One file of many, of which so many are done.
    pub(super) fn in_tree(&self, shown: impl FnOnce() -> String, done: u64) {
        if self.is_watched {
            if done == 0 {
                self.style(OF_TREE);
            }
            self.bar.set_message(shown());
            self.bar.set_prefix(format!("{done} files"));
        }
    }

    fn style(&self, template: &str) {
        // OK to ignore: the templates are constants that a test has tried.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
    }

    /// Says a line while the bar is out of the way.
    pub(super) fn say(&self, message: &str) {
        self.bar.suspend(|| say(message));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_templates() {
        for template in [OF_FILE, OF_TREE] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
