//! How to run a worker, and every limit with its default.

use crate::units::{parse_seconds, parse_size};
use crate::{Error, ErrorKind, Result, escape};
use fsimage_protocol::{Bytes, Layout, MountOption, WorkerLimits};
use std::time::Duration;

/// The unprivileged user that a worker becomes when it is started as root and told no other: `nobody`.
pub const DEFAULT_UID: u32 = 65534;

/// How to run a worker.
///
/// ```
/// # let image = fsimage_demo::guest();
/// use fsimage::{Disk, Options, Session, protocol::Layout};
/// use std::time::Duration;
///
/// let options = Options {
///     // The filesystem's place is known: no partition table is looked for.
///     layout: Layout::Offset { start: 1 << 20 },
///     deadline: Duration::from_secs(5),
///     ..Options::default()
/// };
/// let mut session = Session::open(vec![Disk::open(&image)?], &options)?;
/// assert_eq!(session.table()?.scheme, "offset");
/// # Ok::<(), fsimage::Error>(())
/// ```
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

impl Options {
    /// Sets one option by its name, as the programs call it: `worker-memory=128M`, `mount-option=ext2:checksums=strict`.
    ///
    /// | name | value |
    /// |---|---|
    /// | `offset` | byte at which the filesystem begins; no partition table is looked for then |
    /// | `run-as` | user number |
    /// | `deadline`, `total-deadline` | seconds |
    /// | `worker-memory`, `max-listing-bytes`, `max-config-bytes` | bytes, or with K, M, G |
    /// | `worker-cpu` | seconds |
    /// | `max-symlinks`, `max-directory-entries`, `max-script-steps`, `max-menu-entries` | a count |
    /// | `mount-option` | `[PLUGIN:]WORDS`; may be given several times |
    ///
    /// ```
    /// let mut options = fsimage::Options::default();
    /// options.set(b"worker-memory=128M")?;
    /// options.set(b"mount-option=iso9660:view=joliet")?;
    /// assert_eq!(options.limits.memory, 128 << 20);
    /// assert!(options.set(b"sandbox=no").is_err());
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: there is no such option, or it has no such value.
    pub fn set(&mut self, option: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(option);
        let invalid =
            |why: String| Error::new(ErrorKind::InvalidArgument, format!("{}: {why}", escape(option)));
        let (name, value) = text.split_once('=').ok_or_else(|| invalid("NAME=VALUE is wanted".to_owned()))?;
        let limits = &mut self.limits;
        let set = match name {
            "offset" => store(count(value).map(|start| Layout::Offset { start }), &mut self.layout),
            "run-as" => store(count(value), &mut self.run_as),
            "deadline" => store(parse_seconds(value), &mut self.deadline),
            "total-deadline" => store(parse_seconds(value), &mut self.total_deadline),
            "worker-memory" => store(parse_size(value), &mut limits.memory),
            "worker-cpu" => store(count(value), &mut limits.cpu_seconds),
            "max-listing-bytes" => store(parse_size(value), &mut self.max_listing_bytes),
            "max-config-bytes" => store(parse_size(value), &mut limits.max_config_bytes),
            "max-symlinks" => store(count(value), &mut limits.max_symlinks),
            "max-directory-entries" => store(count(value), &mut limits.max_directory_entries),
            "max-script-steps" => store(count(value), &mut limits.max_script_steps),
            "max-menu-entries" => store(count(value), &mut limits.max_menu_entries),
            "mount-option" => {
                let words = option.get("mount-option=".len()..).unwrap_or_default();
                parse_mount_option(words).map(|option| self.mount_options.push(option))
            }
            _ => Err("there is no such option".to_owned()),
        };
        set.map_err(invalid)
    }
}

fn store<T>(value: Result<T, String>, option: &mut T) -> Result<(), String> {
    value.map(|value| *option = value)
}

fn count<T: core::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "a whole number is wanted".to_owned())
}

/// `[PLUGIN:]WORDS`. A plugin's name is what stands before the first colon, if it looks like one: words may hold colons
/// too.
///
/// ```
/// let option = fsimage::parse_mount_option(b"ext2:checksums=strict").unwrap();
/// assert_eq!(option.words.0, b"checksums=strict");
/// assert!(fsimage::parse_mount_option(b"ext2:").is_err());
/// ```
///
/// # Errors
/// What is wanted instead.
pub fn parse_mount_option(text: &[u8]) -> Result<MountOption, String> {
    let name_letter =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    let (plugin, words) = match text.iter().position(|&byte| byte == b':') {
        Some(colon) if colon > 0 && text.iter().take(colon).all(name_letter) => {
            let (name, rest) = text.split_at(colon);
            (Some(name), rest.get(1..).unwrap_or_default())
        }
        _ => (None, text),
    };
    let fits = |bytes: &[u8], limit: usize| bytes.len() <= limit;
    if words.is_empty() || !fits(words, 1024) || !plugin.is_none_or(|name| fits(name, 31)) {
        return Err("a mount option is [PLUGIN:]WORDS, with 1 to 1024 bytes of words".to_owned());
    }
    Ok(MountOption { plugin: plugin.map(Bytes::from), words: Bytes::from(words) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_sets_its_own_option() {
        let mut options = Options::default();
        for word in [
            "offset=1048576",
            "run-as=12",
            "deadline=1.5",
            "total-deadline=9",
            "worker-memory=1M",
            "worker-cpu=2",
            "max-symlinks=3",
            "max-listing-bytes=4",
            "max-directory-entries=5",
            "max-config-bytes=6",
            "max-script-steps=7",
            "max-menu-entries=8",
            "mount-option=a:b=c",
            "mount-option=d",
        ] {
            options.set(word.as_bytes()).unwrap();
        }
        let limits = WorkerLimits {
            memory: 1 << 20,
            cpu_seconds: 2,
            max_symlinks: 3,
            max_directory_entries: 5,
            max_config_bytes: 6,
            max_script_steps: 7,
            max_menu_entries: 8,
        };
        assert_eq!(options.limits, limits);
        assert_eq!((options.layout, options.run_as), (Layout::Offset { start: 1 << 20 }, 12));
        assert_eq!(options.deadline, Duration::from_millis(1500));
        assert_eq!((options.total_deadline, options.max_listing_bytes), (Duration::from_secs(9), 4));
        assert_eq!(options.mount_options.len(), 2);
        assert_eq!(options.mount_options[0], parse_mount_option(b"a:b=c").unwrap());
        assert!(options.sandbox);
    }

    #[test]
    fn a_word_that_sets_nothing_is_named() {
        for (word, why) in [
            ("deadline", "NAME=VALUE"),
            ("deadline=0", "positive"),
            ("sandbox=0", "no such option"),
            ("max-symlinks=-1", "whole number"),
            ("worker-memory=\x1b", "worker-memory=\\x1b: a size"),
            ("mount-option=", "1 to 1024 bytes"),
        ] {
            let error = Options::default().set(word.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
