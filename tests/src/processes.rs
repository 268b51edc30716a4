//! Processes as /proc shows them.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
}

/// Every process there is.
pub fn all() -> impl Iterator<Item = Process> {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| Some(Process { pid: entry.ok()?.file_name().to_str()?.parse().ok()? }))
}

/// Device and inode: what a file is whatever it is called, and in whichever namespace.
#[must_use]
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    let status = std::fs::metadata(path).ok()?;
    Some((status.dev(), status.ino()))
}

impl Process {
    /// A file of its folder in /proc.
    #[must_use]
    pub fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }

    /// Which file it executes; none for a zombie.
    #[must_use]
    pub fn program(&self) -> Option<(u64, u64)> {
        identity(&self.proc("exe"))
    }

    /// A line of its status.
    #[must_use]
    pub fn status(&self, key: &str) -> Option<String> {
        let status = std::fs::read_to_string(self.proc("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Its parent.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        Some(Self { pid: self.status("PPid")?.parse().ok()? })
    }

    /// Its first child; asked of the kernel, which is quicker than to look at every process.
    #[must_use]
    pub fn child(&self) -> Option<Self> {
        let children = std::fs::read_to_string(self.proc(&format!("task/{}/children", self.pid)));
        match children {
            Ok(children) => Some(Self { pid: children.split_whitespace().next()?.parse().ok()? }),
            Err(_) => all().find(|process| process.parent() == Some(*self)),
        }
    }

    /// Its descriptors with what they stand for.
    #[must_use]
    pub fn descriptors(&self) -> BTreeMap<i32, PathBuf> {
        let entries = std::fs::read_dir(self.proc("fd")).unwrap();
        entries
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (
                    entry.file_name().to_str().unwrap().parse().unwrap(),
                    std::fs::read_link(entry.path()).unwrap(),
                )
            })
            .collect()
    }

    /// The open flags of a descriptor.
    #[must_use]
    pub fn descriptor_flags(&self, descriptor: i32) -> i32 {
        let text = std::fs::read_to_string(self.proc(&format!("fdinfo/{descriptor}"))).unwrap();
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        i32::from_str_radix(flags.trim(), 8).unwrap()
    }

    /// A limit, soft and hard, as the kernel prints them.
    #[must_use]
    pub fn limit(&self, name: &str) -> (String, String) {
        let text = std::fs::read_to_string(self.proc("limits")).unwrap();
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        let mut words = line.split_whitespace();
        (words.next().unwrap().to_owned(), words.next().unwrap().to_owned())
    }

    /// Peak resident memory in KiB; none when it is gone.
    #[must_use]
    pub fn peak_kib(&self) -> Option<u64> {
        self.status("VmHWM")?.split(' ').next()?.parse().ok()
    }

    /// Sends a signal; false when it is gone already.
    pub fn signal(&self, signal: Signal) -> bool {
        kill_process(Pid::from_raw(self.pid).unwrap(), signal).is_ok()
    }

    /// For messages.
    #[must_use]
    pub fn describe(&self) -> String {
        let show = |key| self.status(key).unwrap_or_else(|| "?".to_owned());
        format!("{} {} ({}), child of {}", self.pid, show("Name"), show("State"), show("PPid"))
    }
}
