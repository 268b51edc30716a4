//! Files of a guest, as a session tells of them.

use crate::{Error, ErrorKind, FileType, Result, Session};
use fsimage_protocol::{Bytes, Detail, Details, DirEntry, Extent, Metadata, Place, Reply, Request};

/// The bits of a mode: permissions, set-user-id, set-group-id, sticky. The type is apart.
const PERMISSIONS: u32 = 0o7777;

/// A file on a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The filesystem's own number of it.
    pub node: u64,
    /// What it is.
    pub file_type: FileType,
    /// Its metadata.
    pub metadata: Metadata,
    /// Where its data lies, as far as a listing has told.
    pub(crate) place: Place,
}

/// A part of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In the directory's own order, without `.` and `..`.
    pub entries: Vec<DirEntry>,
    /// Where the next part begins; none at the end.
    pub next: Option<u64>,
}

impl Session {
    /// Walks a path from a volume's root; `follow` says whether a symbolic link at the end is followed.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::{ErrorKind, FileType};
    ///
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// assert_eq!((kernel.file_type, kernel.metadata.size), (FileType::Regular, 1392));
    /// let link = session.stat(0, b"/vmlinuz", false)?;
    /// assert_eq!(session.read_link(0, &link)?, b"boot/vmlinuz-1.0-demo");
    /// assert_eq!(session.stat(0, b"/nowhere", true).unwrap_err().kind(), ErrorKind::NotFound);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::NotADirectory`], [`ErrorKind::SymlinkLoop`] and what the filesystem says.
    pub fn stat(&mut self, volume: u32, path: &[u8], follow: bool) -> Result<Node> {
        self.node(&Request::Stat { volume, path: Bytes::from(path), follow })
    }

    /// The file that a directory entry names: no path is walked, and nothing is asked that the listing has told.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let etc = session.stat(0, b"/etc", true)?;
    /// for entry in session.read_dir(0, &etc)? {
    ///     let file = session.entry(0, &entry)?;
    ///     println!("{:>8} {}", file.metadata.size, fsimage::escape(&entry.name.0));
    /// }
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the filesystem says.
    pub fn entry(&mut self, volume: u32, entry: &DirEntry) -> Result<Node> {
        match &entry.details {
            Some(details) => self.checked(entry.node, details),
            None => self.node(&Request::Metadata { volume, node: entry.node }),
        }
    }

    fn node(&mut self, request: &Request) -> Result<Node> {
        match self.ask(request)? {
            Reply::Stat { node, metadata } => {
                self.checked(node, &Details { metadata, place: Place::Untold {} })
            }
            _ => Err(self.violation("another answer to Stat")),
        }
    }

    fn checked(&mut self, node: u64, details: &Details) -> Result<Node> {
        let Details { metadata, place } = details.clone();
        if metadata.mode & !PERMISSIONS != 0 {
            return Err(self.violation(&format!("the mode 0o{:o}", metadata.mode)));
        }
        match FileType::from_code(metadata.file_type) {
            Some(file_type) => Ok(Node { node, file_type, metadata, place }),
            None => Err(self.violation(&format!("file type {}", metadata.file_type))),
        }
    }

    /// One message's worth of a directory from `cursor` on; the first is 0. Names are checked: not empty, no slash, no
    /// NUL, not `.` or `..`.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::protocol::Detail;
    ///
    /// let root = session.stat(0, b"/", true)?;
    /// let mut cursor = Some(0);
    /// let mut count = 0;
    /// while let Some(from) = cursor {
    ///     let page = session.read_page(0, root.node, from, &Detail::Names {})?;
    ///     count += page.entries.len();
    ///     cursor = page.next;
    /// }
    /// assert_eq!(count, 5);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotADirectory`] and what the filesystem says.
    pub fn read_page(&mut self, volume: u32, directory: u64, cursor: u64, detail: &Detail) -> Result<Page> {
        let request = Request::ReadDir { volume, node: directory, cursor, detail: detail.clone() };
        let Reply::Entries { entries, next } = self.ask(&request)? else {
            return Err(self.violation("another answer to ReadDir"));
        };
        if let Some(bad) = entries.0.iter().find(|entry| !is_name(&entry.name.0)) {
            return Err(self.violation(&format!("the file name \"{}\"", crate::escape(&bad.name.0))));
        }
        if next.is_some() && (entries.0.is_empty() || next == Some(cursor)) {
            return Err(self.violation("a directory listing without progress"));
        }
        Ok(Page { entries: entries.0, next })
    }

    /// The names in a directory, in its own order, without `.` and `..`.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let boot = session.stat(0, b"/boot", true)?;
    /// let names: Vec<Vec<u8>> = session.read_dir(0, &boot)?.into_iter().map(|entry| entry.name.0).collect();
    /// assert!(names.contains(&b"grub".to_vec()));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotADirectory`], [`ErrorKind::Limit`] and what the filesystem says.
    pub fn read_dir(&mut self, volume: u32, directory: &Node) -> Result<Vec<DirEntry>> {
        self.read_dir_with(volume, directory, &Detail::Names {})
    }

    /// The same with details, as many as `max_listing_bytes` holds: what an entry beyond that lacks, [`Session::entry`]
    /// asks for.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::protocol::Detail;
    ///
    /// let boot = session.stat(0, b"/boot", true)?;
    /// for entry in session.read_dir_with(0, &boot, &Detail::Metadata {})? {
    ///     // Told with the name: nothing is asked for it.
    ///     assert!(entry.details.is_some());
    /// }
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Session::read_dir`].
    pub fn read_dir_with(&mut self, volume: u32, directory: &Node, detail: &Detail) -> Result<Vec<DirEntry>> {
        let (max_bytes, max_entries) =
            (self.options().max_listing_bytes, self.options().limits.max_directory_entries);
        let mut all = Vec::new();
        let (mut names, mut details) = (0_u64, 0_u64);
        let mut cursor = Some(0);
        while let Some(from) = cursor {
            let page = self.read_page(volume, directory.node, from, detail)?;
            cursor = page.next;
            for mut entry in page.entries {
                names = names.saturating_add(length(entry.name.0.len()));
                details = details.saturating_add(entry.details.as_deref().map_or(0, kept_bytes));
                entry.details = entry.details.filter(|_| details <= max_bytes);
                all.push(entry);
            }
            if names > max_bytes {
                let why = format!("a directory has more bytes of names than max_listing_bytes={max_bytes}");
                return Err(Error::new(ErrorKind::Limit, why));
            }
            if length(all.len()) > max_entries {
                let why = format!("a directory has more entries than max_directory_entries={max_entries}");
                return Err(Error::new(ErrorKind::Limit, why));
            }
        }
        Ok(all)
    }

    /// A symbolic link's target.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let link = session.stat(0, b"/initrd.img", false)?;
    /// assert_eq!(session.read_link(0, &link)?, b"boot/initrd.img-1.0-demo");
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotASymlink`] and what the filesystem says.
    pub fn read_link(&mut self, volume: u32, link: &Node) -> Result<Vec<u8>> {
        if let Place::Target { target } = &link.place {
            return Ok(target.0.clone());
        }
        match self.ask(&Request::ReadLink { volume, node: link.node })? {
            Reply::Target { target } => Ok(target.0),
            _ => Err(self.violation("another answer to ReadLink")),
        }
    }

    /// What the kernel's arguments need to find its root on this volume; empty for most filesystems.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// // An ext4 needs nothing: the guest's own arguments name it.
    /// assert!(session.boot_string(0, &kernel)?.is_empty());
    /// # Ok::<(), fsimage::Error>(())
    /// ```
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

/// Memory that an entry's details take.
fn kept_bytes(details: &Details) -> u64 {
    let place = match &details.place {
        Place::Extents { extents } => extents.0.len().saturating_mul(size_of::<Extent>()),
        Place::Target { target } => target.0.len(),
        Place::Untold {} | Place::NotPlain {} => 0,
    };
    length(place.saturating_add(size_of::<Details>()))
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/') && !name.contains(&0)
}
