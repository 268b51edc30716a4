//! What a guest may not make large.

/// Limits a plugin and the path walk hold themselves to; each has a default and an option of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Symbolic links followed while one path is resolved (Linux follows 40).
    pub max_symlinks: u32,
    /// Entries read from one directory.
    pub max_directory_entries: u64,
    /// Bytes a plugin should stay within; the worker's address space is limited in any case.
    pub max_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_symlinks: 40, max_directory_entries: 1_000_000, max_memory: 32 << 20 }
    }
}
