//! How much of anything a configuration may make us do.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The budgets of one evaluation. Exceeding one is an error that names it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Steps of all evaluations with these limits, and with clones of them.
    pub disk_steps: DiskSteps,
    /// Commands, loop turns and words expanded, over the whole configuration.
    pub max_steps: u64,
    /// Nesting of compound commands while parsing, and of compound commands and calls while evaluating.
    pub max_depth: u32,
    /// Size of one configuration file, in bytes.
    pub max_config_bytes: u64,
    /// Entries of the menu, submenus included.
    pub max_entries: usize,
    /// Size of one word or variable, in bytes.
    pub max_value_bytes: usize,
    /// Size of all variables together, of all words of one command, and of everything the menu keeps, in bytes each.
    pub max_total_bytes: usize,
    /// Files read one inside the other by `source` and `configfile`.
    pub max_include_depth: u32,
    /// Files read in all by `source`, `configfile` and `load_env`.
    pub max_files_read: u32,
    /// Names in a directory that is looked through for configuration files, such as `/loader/entries`.
    pub max_names: usize,
    /// Notes kept for `--debug`; more are counted, not kept.
    pub max_notes: usize,
}

/// The steps that all configurations of a disk share: each has `max_steps` of its own, and a disk may hold thousands. They are
/// counted when an evaluation ends, and asked for before one begins, so the last may go beyond them by its own. A clone
/// draws on the same.
#[derive(Debug, Clone)]
pub struct DiskSteps {
    max: u64,
    left: Arc<AtomicU64>,
}

impl DiskSteps {
    /// So many.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Self { max, left: Arc::new(AtomicU64::new(max)) }
    }

    /// Whether there is none left.
    pub(crate) fn are_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn spend(&self, count: u64) {
        let less = |left: u64| Some(left.saturating_sub(count));
        // It always has an answer.
        let _before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            disk_steps: DiskSteps::new(20_000_000),
            max_steps: 1_000_000,
            max_depth: 100,
            max_config_bytes: 1 << 20,
            max_entries: 1_000,
            max_value_bytes: 16 << 10,
            max_total_bytes: 16 << 20,
            max_include_depth: 8,
            max_files_read: 256,
            max_names: 10_000,
            max_notes: 200,
        }
    }
}

impl Limits {
    /// The value of the limit of this name.
    #[must_use]
    pub fn value(&self, name: LimitName) -> u64 {
        let size = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        match name {
            LimitName::MaxDiskSteps => self.disk_steps.max,
            LimitName::MaxSteps => self.max_steps,
            LimitName::MaxDepth => self.max_depth.into(),
            LimitName::MaxConfigBytes => self.max_config_bytes,
            LimitName::MaxEntries => size(self.max_entries),
            LimitName::MaxValueBytes => size(self.max_value_bytes),
            LimitName::MaxTotalBytes => size(self.max_total_bytes),
            LimitName::MaxIncludeDepth => self.max_include_depth.into(),
            LimitName::MaxFilesRead => self.max_files_read.into(),
        }
    }
}

/// Which limit was met; its `Display` is the field's name in [`Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the field of the same name")]
pub enum LimitName {
    /// [`DiskSteps`]
    MaxDiskSteps,
    MaxSteps,
    MaxDepth,
    MaxConfigBytes,
    MaxEntries,
    MaxValueBytes,
    MaxTotalBytes,
    MaxIncludeDepth,
    MaxFilesRead,
}

impl LimitName {
    /// The field's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxDiskSteps => "max_disk_steps",
            Self::MaxSteps => "max_steps",
            Self::MaxDepth => "max_depth",
            Self::MaxConfigBytes => "max_config_bytes",
            Self::MaxEntries => "max_entries",
            Self::MaxValueBytes => "max_value_bytes",
            Self::MaxTotalBytes => "max_total_bytes",
            Self::MaxIncludeDepth => "max_include_depth",
            Self::MaxFilesRead => "max_files_read",
        }
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
