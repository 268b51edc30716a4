//! What a tree holds, as one value that two implementations either agree on or not.

use crate::read::pieces;
use crate::walk::walk;
use fsimage_sdk::{FileSystem, FileType};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Every path below a root, without its leading slash and with its bytes as [`slice::escape_ascii`] shows them.
pub type Listing = BTreeMap<String, Item>;

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A directory.
    Directory,
    /// A regular file of so many bytes with this sum, in hexadecimal digits.
    File(u64, String),
    /// A symbolic link with this target, shown as paths are.
    Link(String),
    /// A device, a pipe, a socket.
    Other,
}

impl Item {
    /// A file of these bytes.
    #[must_use]
    pub fn file(bytes: &[u8]) -> Self {
        Self::hashed(|sink| sink(bytes))
    }

    /// A link with this target.
    #[must_use]
    pub fn link(target: &[u8]) -> Self {
        Self::Link(target.escape_ascii().to_string())
    }

    fn hashed(feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Self {
        let (mut size, mut sum) = (0, Sha256::new());
        feed(&mut |piece| {
            size += u64::try_from(piece.len()).unwrap();
            sum.update(piece);
        });
        Self::File(size, sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What a filesystem holds, read through `read_at`; sizes and targets are held against the metadata.
#[must_use]
pub fn listing(fs: &dyn FileSystem) -> Listing {
    let item = |(path, (node, metadata)): (String, (_, fsimage_sdk::Metadata))| {
        let item = match metadata.file_type {
            FileType::Directory => Item::Directory,
            FileType::Symlink => {
                let target = fs.read_link(node).unwrap_or_else(|e| panic!("{path}: {e}"));
                assert_eq!(metadata.size, u64::try_from(target.len()).unwrap(), "{path}");
                Item::link(&target)
            }
            FileType::Regular => {
                let item = Item::hashed(|sink| pieces(fs, node, sink));
                assert!(matches!(item, Item::File(size, _) if size == metadata.size), "{path}: {item:?}");
                item
            }
            _ => Item::Other,
        };
        (path, item)
    };
    walk(fs).into_iter().map(item).collect()
}

/// What a folder of the host holds.
#[must_use]
pub fn host_listing(root: &Path) -> Listing {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            let item = if kind.is_dir() {
                pending.push(path.clone());
                Item::Directory
            } else if kind.is_symlink() {
                Item::link(fs::read_link(&path).unwrap().as_os_str().as_bytes())
            } else if kind.is_file() {
                hash_file(&path)
            } else {
                Item::Other
            };
            let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().escape_ascii().to_string();
            found.insert(name, item);
        }
    }
    found
}

fn hash_file(path: &Path) -> Item {
    let mut file = File::open(path).unwrap();
    Item::hashed(|sink| {
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer).unwrap() {
                0 => return,
                count => sink(&buffer[..count]),
            }
        }
    })
}

/// A recorded listing: `f SIZE SHA256 ./PATH`, `d ./PATH`, `l ./PATH -> TARGET`, a line each.
#[must_use]
pub fn manifest(text: &[u8]) -> Listing {
    text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).filter_map(manifest_line).collect()
}

/// Nothing for the root itself.
fn manifest_line(line: &[u8]) -> Option<(String, Item)> {
    let shown = || line.escape_ascii().to_string();
    let mut words = line.splitn(2, |&byte| byte == b' ');
    let (kind, rest) = (words.next().unwrap(), words.next().unwrap_or_else(|| panic!("{}", shown())));
    let (path, item) = match kind {
        b"d" => (rest, Item::Directory),
        b"l" => {
            let arrow =
                rest.windows(4).position(|four| four == b" -> ").unwrap_or_else(|| panic!("{}", shown()));
            (&rest[..arrow], Item::link(&rest[arrow + 4..]))
        }
        b"f" => {
            let mut words = rest.splitn(3, |&byte| byte == b' ');
            let mut word = || String::from_utf8(words.next().unwrap().to_vec()).unwrap();
            let (size, sum) = (word().parse().unwrap(), word());
            (words.next().unwrap(), Item::File(size, sum))
        }
        _ => panic!("{}: not a line of a manifest", shown()),
    };
    let path = path.strip_prefix(b"./").unwrap_or(path);
    (path != b".").then(|| (path.escape_ascii().to_string(), item))
}

/// Two listings are the same. Says which paths differ, and how.
#[track_caller]
pub fn assert_same(ours: &Listing, theirs: &Listing) {
    let differing = |of: &Listing, other: &Listing| -> Vec<String> {
        let differing = of.iter().filter(|(path, item)| other.get(*path) != Some(item));
        differing.map(|(path, item)| format!("{path}: {item:?}")).collect()
    };
    assert!(ours == theirs, "ours: {:#?}\ntheirs: {:#?}", differing(ours, theirs), differing(theirs, ours));
}
