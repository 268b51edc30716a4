//! How to run a worker, and every limit with its default.

use fsimage_protocol::{Layout, MountOption, WorkerLimits};
use std::time::Duration;

/// The unprivileged user that a worker becomes when it is started as root and told no other: `nobody`.
pub const DEFAULT_UID: u32 = 65534;

/// How to run a worker.
#[derive(Debug, Clone)]
pub struct Options {
    /// Build the jail. False only on the user's own `--no-sandbox`.
    pub sandbox: bool,
    /// The user the worker becomes when started as root.
    pub run_as: u32,
    /// What the disk is to be taken for.
    pub layout: Layout,
    /// Longest wait for one answer.
    pub deadline: Duration,
    /// Longest wait for all answers together: a worker that drips its answers ends here. Time in which nothing is
    /// asked, such as that of a person at a menu or of a copy by the kernel, does not count.
    pub total_deadline: Duration,
    /// Most bytes of names kept of one directory's listing.
    pub max_listing_bytes: u64,
    /// What the worker may not exceed.
    pub limits: WorkerLimits,
    /// What filesystems are opened with; at most [`MAX_MOUNT_OPTIONS`](fsimage_protocol::MAX_MOUNT_OPTIONS).
    pub mount_options: Vec<MountOption>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sandbox: true,
            run_as: DEFAULT_UID,
            layout: Layout::Scan {},
            deadline: Duration::from_secs(30),
            total_deadline: Duration::from_secs(300),
            max_listing_bytes: 32 << 20,
            limits: WorkerLimits {
                memory: 64 << 20,
                cpu_seconds: 60,
                max_symlinks: 40,
                max_directory_entries: 1_000_000,
                max_config_bytes: 4 << 20,
                max_script_steps: 1_000_000,
                max_menu_entries: 10_000,
            },
            mount_options: Vec::new(),
        }
    }
}
