//! Path walking, once for every format.

use crate::{Error, ErrorKind, FileSystem, FileType, Limits, Metadata, NodeId, Result};
use std::collections::VecDeque;
use std::fmt::Write;

/// Longest path, in bytes (Linux: `PATH_MAX`).
pub const MAX_PATH: usize = 4096;

/// What to do with a symbolic link in the last component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLink {
    /// Follow it, like `stat`.
    Follow,
    /// Name the link itself, like `lstat`.
    Keep,
}

/// Walks `path` from the root: `.`, `..`, repeated slashes and symbolic links as POSIX has them; a relative path
/// and an absolute target both begin at the filesystem's root, and `..` there stays there.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::NotADirectory`], [`ErrorKind::SymlinkLoop`], [`ErrorKind::Limit`] for a
/// path beyond [`MAX_PATH`], and whatever the filesystem says. The error names the path as it was given.
pub fn resolve(
    fs: &dyn FileSystem,
    path: &[u8],
    last: LastLink,
    limits: &Limits,
) -> Result<(NodeId, Metadata)> {
    walk(fs, path, last, limits)
        .map_err(|e| e.within(format!("/{}", display(path.strip_prefix(b"/").unwrap_or(path)))))
}

/// A path for a message: UTF-8 where it is, `\xNN` where it is not and for controls, `\\` for a backslash.
///
/// ```
/// assert_eq!(fsimage_sdk::path::display("/käse\n\\".as_bytes()), r"/käse\x0a\\");
/// assert_eq!(fsimage_sdk::path::display(b"\xff"), r"\xff");
/// ```
#[must_use]
pub fn display(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    let hide = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    };
    for chunk in path.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                control if control.is_control() => {
                    hide(&mut text, control.encode_utf8(&mut [0; 4]).as_bytes())
                }
                other => text.push(other),
            }
        }
        hide(&mut text, chunk.invalid());
    }
    text
}

fn walk(fs: &dyn FileSystem, path: &[u8], last: LastLink, limits: &Limits) -> Result<(NodeId, Metadata)> {
    check_length(path)?;
    let mut parents: Vec<NodeId> = Vec::new();
    let mut node = fs.root()?;
    let mut metadata = fs.metadata(node)?;
    let mut pending: VecDeque<Vec<u8>> = components(path).collect();
    let mut must_be_directory = path.ends_with(b"/");
    let mut links_left = limits.max_symlinks;
    while let Some(name) = pending.pop_front() {
        if metadata.file_type != FileType::Directory {
            return Err(Error::new(ErrorKind::NotADirectory, format!("before \"{}\"", display(&name))));
        }
        if name == b"." {
            continue;
        }
        if name == b".." {
            if let Some(parent) = parents.pop() {
                node = parent;
                metadata = fs.metadata(node)?;
            }
            continue;
        }
        let child = fs.lookup(node, &name)?;
        let child_metadata = fs.metadata(child)?;
        let is_last = pending.is_empty() && !must_be_directory;
        if child_metadata.file_type == FileType::Symlink && !(is_last && last == LastLink::Keep) {
            links_left = links_left.checked_sub(1).ok_or_else(|| {
                Error::new(ErrorKind::SymlinkLoop, format!("more than max_symlinks={}", limits.max_symlinks))
            })?;
            let target = fs.read_link(child)?;
            check_length(&target)?;
            if pending.is_empty() && target.ends_with(b"/") {
                must_be_directory = true;
            }
            if target.starts_with(b"/") {
                parents.clear();
                node = fs.root()?;
                metadata = fs.metadata(node)?;
            }
            for component in components(&target).collect::<Vec<_>>().into_iter().rev() {
                pending.push_front(component);
            }
            check_count(pending.len())?;
            continue;
        }
        parents.push(node);
        check_count(parents.len())?;
        node = child;
        metadata = child_metadata;
    }
    if must_be_directory && metadata.file_type != FileType::Directory {
        let why = if parents.is_empty() { "the root itself" } else { "the path ends with \"/\"" };
        return Err(Error::new(ErrorKind::NotADirectory, why));
    }
    Ok((node, metadata))
}

fn components(path: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    path.split(|&b| b == b'/').filter(|c| !c.is_empty()).map(<[u8]>::to_vec)
}

fn check_length(path: &[u8]) -> Result<()> {
    if path.len() > MAX_PATH {
        return Err(Error::limit(format!("a path of {} bytes (at most {MAX_PATH})", path.len())));
    }
    Ok(())
}

fn check_count(components: usize) -> Result<()> {
    if components > MAX_PATH {
        return Err(Error::limit(format!("a path of {components} components (at most {MAX_PATH})")));
    }
    Ok(())
}
