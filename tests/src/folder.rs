//! Trees on the host: what a copy of one has to look like.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `f`, `d`, `l`; `x` for anything else.
    pub kind: char,
    /// The low 12 bits of its mode; 0 of a link.
    pub mode: u32,
    /// Seconds and nanoseconds of its last modification.
    pub modified: (i64, i64),
    /// Bytes; the target of a link.
    pub content: Vec<u8>,
}

/// All that is below a folder, by its path from there; `lost+found`, which mke2fs makes, is left out.
#[must_use]
pub fn items(folder: &Path) -> BTreeMap<PathBuf, Item> {
    let mut items = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&below)).unwrap() {
            let name = entry.unwrap().file_name();
            let path = below.join(&name);
            if path == Path::new("lost+found") {
                continue;
            }
            let item = item(&folder.join(&path));
            if item.kind == 'd' {
                folders.push(path.clone());
            }
            items.insert(path, item);
        }
    }
    items
}

fn item(path: &Path) -> Item {
    let status = std::fs::symlink_metadata(path).unwrap();
    let file_type = status.file_type();
    let (kind, content) = if file_type.is_symlink() {
        ('l', std::fs::read_link(path).unwrap().into_os_string().into_vec())
    } else if file_type.is_dir() {
        ('d', Vec::new())
    } else if file_type.is_fifo()
        || file_type.is_socket()
        || file_type.is_block_device()
        || file_type.is_char_device()
    {
        ('x', Vec::new())
    } else {
        ('f', std::fs::read(path).unwrap())
    };
    let mode = if kind == 'l' { 0 } else { status.mode() & 0o7777 };
    Item { kind, mode, modified: (status.mtime(), status.mtime_nsec()), content }
}

/// The same without what a copy without `-p` does not keep.
#[must_use]
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, (char, Vec<u8>)> {
    items(folder).into_iter().map(|(path, item)| (path, (item.kind, item.content))).collect()
}

/// Fails with the first differences, not with megabytes of bytes.
#[track_caller]
pub fn assert_same<T: PartialEq>(found: &BTreeMap<PathBuf, T>, expected: &BTreeMap<PathBuf, T>) {
    let missing = expected.keys().filter(|path| !found.contains_key(*path));
    let added = found.keys().filter(|path| !expected.contains_key(*path));
    let changed = found.iter().filter(|(path, item)| expected.get(*path).is_some_and(|other| other != *item));
    let lines: Vec<String> = missing
        .map(|path| format!("missing: {}", path.display()))
        .chain(added.map(|path| format!("not there before: {}", path.display())))
        .chain(changed.map(|(path, _)| format!("another: {}", path.display())))
        .collect();
    assert!(lines.is_empty(), "{} differences: {:#?}", lines.len(), &lines[..lines.len().min(20)]);
}

/// A name of these bytes.
#[must_use]
pub fn name(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}
