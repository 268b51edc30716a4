//! Files of a guest, as a session tells of them.

use crate::{Error, ErrorKind, FileType, Result, Session};
use fsimage_protocol::{Bytes, DirEntry, Metadata, Reply, Request};

/// A file on a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The filesystem's own number of it.
    pub node: u64,
    /// What it is.
    pub file_type: FileType,
    /// Its metadata.
    pub metadata: Metadata,
}

impl Session {
    /// Walks a path from a volume's root; `follow` says whether a symbolic link at the end is followed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::NotADirectory`], [`ErrorKind::SymlinkLoop`] and what the filesystem says.
    pub fn stat(&mut self, volume: u32, path: &[u8], follow: bool) -> Result<Node> {
        self.node(&Request::Stat { volume, path: Bytes::from(path), follow })
    }

    /// The file that a directory entry names: no path is walked.
    ///
    /// # Errors
    /// What the filesystem says.
    pub fn entry(&mut self, volume: u32, entry: &DirEntry) -> Result<Node> {
        self.node(&Request::Metadata { volume, node: entry.node })
    }

    fn node(&mut self, request: &Request) -> Result<Node> {
        match self.ask(request)? {
            Reply::Stat { node, metadata } => match FileType::from_code(metadata.file_type) {
                Some(file_type) => Ok(Node { node, file_type, metadata }),
                None => Err(self.violation(&format!("file type {}", metadata.file_type))),
            },
            _ => Err(self.violation("another answer to Stat")),
        }
    }

    /// The entries of a directory, in its own order, without `.` and `..`. Names are checked: not empty, no slash, no
    /// NUL.
    ///
    /// # Errors
    /// [`ErrorKind::NotADirectory`], [`ErrorKind::Limit`] and what the filesystem says.
    pub fn read_dir(&mut self, volume: u32, directory: &Node) -> Result<Vec<DirEntry>> {
        let mut all = Vec::new();
        let mut bytes = 0_usize;
        let mut cursor = 0;
        loop {
            let request = Request::ReadDir { volume, node: directory.node, cursor };
            let Reply::Entries { entries, next } = self.ask(&request)? else {
                return Err(self.violation("another answer to ReadDir"));
            };
            if let Some(bad) = entries.0.iter().find(|entry| !is_name(&entry.name.0)) {
                return Err(self.violation(&format!("the file name \"{}\"", crate::escape(&bad.name.0))));
            }
            let stuck = entries.0.is_empty() || next == Some(cursor);
            bytes = entries.0.iter().fold(bytes, |sum, entry| sum.saturating_add(entry.name.0.len()));
            all.extend(entries.0);
            let limit = self.options().max_listing_bytes;
            if u64::try_from(bytes).unwrap_or(u64::MAX) > limit {
                let why = format!("a directory has more bytes of names than max_listing_bytes={limit}");
                return Err(Error::new(ErrorKind::Limit, why));
            }
            let limit = self.options().limits.max_directory_entries;
            if u64::try_from(all.len()).unwrap_or(u64::MAX) > limit {
                return Err(Error::new(
                    ErrorKind::Limit,
                    format!("a directory has more entries than max_directory_entries={limit}"),
                ));
            }
            match next {
                None => return Ok(all),
                Some(_) if stuck => return Err(self.violation("a directory listing without progress")),
                Some(next) => cursor = next,
            }
        }
    }

    /// A symbolic link's target.
    ///
    /// # Errors
    /// [`ErrorKind::NotASymlink`] and what the filesystem says.
    pub fn read_link(&mut self, volume: u32, link: &Node) -> Result<Vec<u8>> {
        match self.ask(&Request::ReadLink { volume, node: link.node })? {
            Reply::Target { target } => Ok(target.0),
            _ => Err(self.violation("another answer to ReadLink")),
        }
    }

    /// What the kernel's arguments need to find its root on this volume; empty for most filesystems.
    ///
    /// # Errors
    /// When the filesystem has such a string and cannot tell it.
    pub fn boot_string(&mut self, volume: u32, kernel: &Node) -> Result<Vec<u8>> {
        match self.ask(&Request::BootString { volume, node: kernel.node })? {
            Reply::Target { target } => Ok(target.0),
            _ => Err(self.violation("another answer to BootString")),
        }
    }
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/') && !name.contains(&0)
}
