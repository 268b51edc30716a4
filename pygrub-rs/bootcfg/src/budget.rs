//! What is left of each budget, and how an evaluation stops.

use crate::limits::{DiskSteps, LimitName, Limits};

/// Why an evaluation ended before its text did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A budget ran out.
    Limit(LimitName),
    /// `boot`: what is loaded is started.
    Boot,
    /// `exit`, `halt`, `reboot`, …: GRUB ends without booting.
    Leave(&'static str),
    /// `configfile` found a menu, which GRUB shows at once.
    Menu,
}

impl From<LimitName> for Stop {
    fn from(limit: LimitName) -> Self {
        Self::Limit(limit)
    }
}

/// See [`Budget::mark`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    depth: u32,
    bytes: usize,
    includes: u32,
    files: u32,
}

/// No stack is safe beyond this, whatever the caller's limits say.
const HARD_MAX_DEPTH: u32 = 200;
/// What looking for a file costs besides its bytes.
const STEPS_PER_FILE: usize = 50;
/// Bytes moved for the price of one step.
const BYTES_PER_STEP: usize = 64;
/// What looking for a file costs, besides its bytes.
const STEPS_PER_LOOK: usize = 50;

/// Counters that only go down, except where what was taken is given back.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: u64,
    spent: u64,
    disk_steps: DiskSteps,
    depth: u32,
    bytes: usize,
    max_value_bytes: usize,
    files: u32,
    includes: u32,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            steps: limits.max_steps,
            spent: 0,
            disk_steps: limits.disk_steps.clone(),
            depth: limits.max_depth.min(HARD_MAX_DEPTH),
            bytes: limits.max_total_bytes,
            max_value_bytes: limits.max_value_bytes,
            files: limits.max_files_read,
            includes: limits.max_include_depth,
        }
    }

    /// One step.
    pub(crate) fn step(&mut self) -> Result<(), LimitName> {
        self.steps = self.steps.checked_sub(1).ok_or(LimitName::MaxSteps)?;
        self.spent = self.spent.saturating_add(1);
        Ok(())
    }

    /// Looking for a file: a way through directories, and what a filesystem reads for it.
    pub(crate) fn look(&mut self) -> Result<(), LimitName> {
        self.steps_for(STEPS_PER_LOOK)
    }

    /// The steps that moving so many bytes costs.
    pub(crate) fn moved(&mut self, bytes: usize) -> Result<(), LimitName> {
        self.steps_for(bytes.checked_div(BYTES_PER_STEP).unwrap_or(0))
    }

    /// Several steps.
    pub(crate) fn steps_for(&mut self, count: usize) -> Result<(), LimitName> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        match self.steps.checked_sub(count) {
            Some(left) => {
                self.steps = left;
                self.spent = self.spent.saturating_add(count);
            }
            None => {
                self.spent = self.spent.saturating_add(self.steps);
                self.steps = 0;
                return Err(LimitName::MaxSteps);
            }
        }
        Ok(())
    }

    /// Replaces the steps left, returning what was left before: an entry gets a share of its own.
    pub(crate) fn exchange_steps(&mut self, steps: u64) -> u64 {
        std::mem::replace(&mut self.steps, steps)
    }

    /// One level deeper; [`Budget::leave`] comes back.
    pub(crate) fn enter(&mut self) -> Result<(), LimitName> {
        self.depth = self.depth.checked_sub(1).ok_or(LimitName::MaxDepth)?;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_add(1);
    }

    /// What [`Budget::restore`] goes back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark { depth: self.depth, bytes: self.bytes, includes: self.includes, files: self.files }
    }

    /// Gives back all that was taken since the mark, whatever way that was left. Steps stay spent.
    pub(crate) fn restore(&mut self, mark: Mark) {
        self.bytes = mark.bytes;
        self.files = mark.files;
        self.restore_depth(mark);
    }

    /// Gives back the depth alone: what was kept stays kept.
    pub(crate) fn restore_depth(&mut self, mark: Mark) {
        self.depth = mark.depth;
        self.includes = mark.includes;
    }

    /// Memory that stays until [`Budget::release`].
    pub(crate) fn keep(&mut self, bytes: usize) -> Result<(), LimitName> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(LimitName::MaxTotalBytes)?;
        Ok(())
    }

    pub(crate) fn release(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    #[cfg(test)]
    pub(crate) fn bytes_left(&self) -> usize {
        self.bytes
    }

    /// A word or value of this length may exist.
    pub(crate) fn check_value(&self, length: usize) -> Result<(), LimitName> {
        if length > self.max_value_bytes { Err(LimitName::MaxValueBytes) } else { Ok(()) }
    }

    /// One more file is read.
    pub(crate) fn read_file(&mut self) -> Result<(), LimitName> {
        self.files = self.files.checked_sub(1).ok_or(LimitName::MaxFilesRead)?;
        self.steps_for(STEPS_PER_FILE)
    }

    /// A file inside a file; [`Budget::leave_include`] comes back.
    pub(crate) fn enter_include(&mut self) -> Result<(), LimitName> {
        self.includes = self.includes.checked_sub(1).ok_or(LimitName::MaxIncludeDepth)?;
        Ok(())
    }

    pub(crate) fn leave_include(&mut self) {
        self.includes = self.includes.saturating_add(1);
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.disk_steps.spend(self.spent);
    }
}
