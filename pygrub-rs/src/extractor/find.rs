//! `fsimage find`.

use super::args::{Common, Tests};
use super::file::{Object, target};
use super::output::Output;
use super::pattern::Pattern;
use super::several::each;
use super::volume;
use super::walk::{Then, walk};
use crate::exit::{Failure, Result};
use fsimage::protocol::Detail;
use fsimage::{FileType, Node, Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// A size in bytes: more than, less than or exactly that many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SizeTest {
    More(u64),
    Less(u64),
    Exactly(u64),
}

impl SizeTest {
    /// As people type it: `+1M`, `-512`, `0`.
    ///
    /// # Errors
    /// What is wanted instead.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let size = |text: &str| crate::units::parse_size(text);
        match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(more), _) => size(more).map(Self::More),
            (_, Some(less)) => size(less).map(Self::Less),
            _ => size(text).map(Self::Exactly),
        }
    }

    fn holds(self, size: u64) -> bool {
        match self {
            Self::More(than) => size > than,
            Self::Less(than) => size < than,
            Self::Exactly(wanted) => size == wanted,
        }
    }
}

/// A file's type by find's letter.
///
/// # Errors
/// What is wanted instead.
pub(super) fn type_by_letter(text: &str) -> Result<FileType, String> {
    Ok(match text {
        "f" => FileType::Regular,
        "d" => FileType::Directory,
        "l" => FileType::Symlink,
        "c" => FileType::CharDevice,
        "b" => FileType::BlockDevice,
        "p" => FileType::Fifo,
        "s" => FileType::Socket,
        _ => return Err("one of f (file), d (directory), l (link), c, b, p, s".to_owned()),
    })
}

impl Tests {
    fn hold(&self, path: &[u8], node: &Node) -> bool {
        let matches = |pattern: &Option<Pattern>, text: &[u8]| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        let name = last_name(path);
        matches(&self.name, name)
            && matches(&self.iname, name)
            && matches(&self.path, path)
            && (self.r#type.is_empty() || self.r#type.contains(&node.file_type))
            && self.size.iter().all(|size| size.holds(node.metadata.size))
    }
}

/// As find(1) takes it: the root's name is a slash.
fn last_name(path: &[u8]) -> &[u8] {
    let mut names = path.rsplit(|byte| *byte == b'/').filter(|name| !name.is_empty());
    names.next().unwrap_or(if path.is_empty() { b"" } else { b"/" })
}

/// Prints the paths of the files that pass all tests.
pub(super) fn find(session: &mut Session, paths: &[OsString], tests: &Tests, common: &Common) -> Result<()> {
    if tests.null && common.json {
        return Err(Failure::Usage("-0 and --json: only one can be meant".to_owned()));
    }
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    let detail = if common.json { Detail::Content {} } else { Detail::Metadata {} };
    let outcome = each(paths, |path| {
        walk(session, volume, path.as_bytes(), common, detail.clone(), &mut |session, visit| {
            if tests.hold(visit.path, visit.node) {
                if common.json {
                    let target = target(session, volume, visit.node)?;
                    output.json(&Object::new(visit.path, visit.node, target))?;
                } else if tests.null {
                    output.bytes(&[visit.path, b"\0"].concat())?;
                } else {
                    output.line(&escape(visit.path))?;
                }
            }
            Ok(if tests.level.is_some_and(|level| visit.depth() >= level) { Then::Stay } else { Then::Enter })
        })
    });
    outcome.and(output.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_more_less_or_exactly() {
        let more = SizeTest::parse("+1k").unwrap();
        assert!(more.holds(1025) && !more.holds(1024));
        let less = SizeTest::parse("-1k").unwrap();
        assert!(less.holds(1023) && !less.holds(1024));
        assert!(SizeTest::parse("0").unwrap().holds(0));
        for bad in ["", "+", "k", "--1"] {
            assert!(SizeTest::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_files_name_is_the_last_of_its_path() {
        for (path, name) in [("/", "/"), ("/a/b", "b"), ("/a/b//", "b"), ("a", "a"), ("", "")] {
            assert_eq!(last_name(path.as_bytes()), name.as_bytes(), "{path}");
        }
    }
}
