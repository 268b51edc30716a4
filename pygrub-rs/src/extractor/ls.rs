//! `fsimage ls`.

use super::args::{Common, Listing};
use super::output::Output;
use super::volume;
use super::walk::{entries, join, walk};
use crate::exit::{Failure, Result};
use fsimage::protocol::Detail;
use fsimage::{FileType, Node, Session, escape};
use serde::Serialize;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

#[derive(Debug, Serialize)]
struct Object {
    path: String,
    r#type: &'static str,
    size: u64,
    /// Octal, four digits.
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

impl Listing {
    /// What is printed of each file, and so what the listing has to tell.
    fn detail(&self, common: &Common) -> Detail {
        match (self.long || common.json, self.depth.recursive) {
            (true, _) => Detail::Content {},
            (false, true) => Detail::Metadata {},
            (false, false) => Detail::Names {},
        }
    }
}

/// Lists files and directories.
pub(super) fn ls(session: &mut Session, paths: &[OsString], how: &Listing, common: &Common) -> Result<()> {
    let root = [OsString::from("/")];
    let paths = if paths.is_empty() { &root[..] } else { paths };
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    let mut outcome = Ok(());
    for path in paths {
        let path = path.as_bytes();
        let listed = match how.depth.recursive {
            true => walk(session, volume, path, common, how.detail(common), &mut |session, path, node| {
                // The directory itself is no news.
                match path == b"/" {
                    true => Ok(()),
                    false => print(session, volume, path, path, node, how, common, &mut output),
                }
            }),
            false => one_level(session, volume, path, how, common, &mut output),
        };
        match listed {
            Err(Failure::AlreadySaid) => outcome = Err(Failure::AlreadySaid),
            other => other?,
        }
    }
    output.finish().and(outcome)
}

fn one_level(
    session: &mut Session,
    volume: u32,
    path: &[u8],
    how: &Listing,
    common: &Common,
    output: &mut Output,
) -> Result<()> {
    let node = match session.stat(volume, path, true) {
        Ok(node) => node,
        // A link that leads nowhere is a file, too.
        Err(why) => session.stat(volume, path, false).map_err(|_| why)?,
    };
    if node.file_type != FileType::Directory {
        return print(session, volume, path, path, &node, how, common, output);
    }
    for entry in entries(session, volume, &node, &how.detail(common))? {
        let name = &entry.name.0;
        if how.long || common.json {
            let node = session.entry(volume, &entry).map_err(|why| why.within(escape(name)))?;
            print(session, volume, &join(path, name), name, &node, how, common, output)?;
        } else {
            output.line(&escape(name))?;
        }
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one line's worth of facts, each from somewhere else")]
fn print(
    session: &mut Session,
    volume: u32,
    path: &[u8],
    shown: &[u8],
    node: &Node,
    how: &Listing,
    common: &Common,
    output: &mut Output,
) -> Result<()> {
    let wants_target = node.file_type == FileType::Symlink && (how.long || common.json);
    let target = match wants_target {
        true => Some(escape(&session.read_link(volume, node)?)),
        false => None,
    };
    if common.json {
        return output.json(&Object {
            path: escape(path),
            r#type: node.file_type.text(),
            size: node.metadata.size,
            mode: format!("{:04o}", node.metadata.mode),
            target,
        });
    }
    let name = escape(shown);
    match how.long {
        true => output.line(&long(node, &name, target.as_deref())),
        false => output.line(&name),
    }
}

/// As `ls -l` with numbers for owner and group, and the time in seconds since 1970.
fn long(node: &Node, name: &str, target: Option<&str>) -> String {
    let metadata = &node.metadata;
    let arrow = target.map(|target| format!(" -> {target}")).unwrap_or_default();
    format!(
        "{}{} {:>3} {:>5} {:>5} {:>12} {:>11} {name}{arrow}",
        type_letter(node.file_type),
        permissions(metadata.mode),
        metadata.links,
        metadata.uid,
        metadata.gid,
        metadata.size,
        metadata.mtime_seconds,
    )
}

fn type_letter(file_type: FileType) -> char {
    match file_type {
        FileType::Regular => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::CharDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
        FileType::Unknown => '?',
    }
}

fn permissions(mode: u32) -> String {
    let bit = |mask: u32, letter: char| if mode & mask != 0 { letter } else { '-' };
    let execute =
        |mask: u32, special: u32, both: char, alone: char| match (mode & mask != 0, mode & special != 0) {
            (true, true) => both,
            (false, true) => alone,
            (true, false) => 'x',
            (false, false) => '-',
        };
    String::from_iter([
        bit(0o400, 'r'),
        bit(0o200, 'w'),
        execute(0o100, 0o4000, 's', 'S'),
        bit(0o040, 'r'),
        bit(0o020, 'w'),
        execute(0o010, 0o2000, 's', 'S'),
        bit(0o004, 'r'),
        bit(0o002, 'w'),
        execute(0o001, 0o1000, 't', 'T'),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_spelled_as_ls_does() {
        for (mode, expected) in [
            (0o755, "rwxr-xr-x"),
            (0o4755, "rwsr-xr-x"),
            (0o2644, "rw-r-Sr--"),
            (0o1777, "rwxrwxrwt"),
            (0o1666, "rw-rw-rwT"),
            (0, "---------"),
        ] {
            assert_eq!(permissions(mode), expected, "{mode:o}");
        }
    }
}
