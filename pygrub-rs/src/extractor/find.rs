//! `fsimage find`.

use super::args::{Common, Tests};
use super::file::{Object, target};
use super::output::Output;
use super::volume;
use super::walk::{Then, walk};
use crate::exit::{Failure, Result};
use fsimage::protocol::Detail;
use fsimage::{FileType, Node, Session, escape};
use globset::{GlobBuilder, GlobMatcher};
use std::ffi::{OsStr, OsString};
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

/// A pattern with `*`, `?` and `[…]`, in which a slash is like any other character, as find has it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn pattern(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|why| why.to_string())
}

/// Any case of letters.
///
/// # Errors
/// What is wrong with it.
pub(super) fn caseless_pattern(text: &str) -> Result<GlobMatcher, String> {
    let glob =
        GlobBuilder::new(text).literal_separator(false).backslash_escape(true).case_insensitive(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|why| why.to_string())
}

impl Tests {
    fn hold(&self, path: &[u8], name: &[u8], node: &Node) -> bool {
        let matches = |glob: &Option<GlobMatcher>, text: &[u8]| {
            glob.as_ref().is_none_or(|glob| glob.is_match(OsStr::from_bytes(text)))
        };
        matches(&self.name, name)
            && matches(&self.iname, name)
            && matches(&self.path, path)
            && (self.r#type.is_empty() || self.r#type.contains(&node.file_type))
            && self.size.iter().all(|size| size.holds(node.metadata.size))
    }
}

/// Prints the paths of the files that pass all tests.
pub(super) fn find(session: &mut Session, paths: &[OsString], tests: &Tests, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    let mut outcome = Ok(());
    let detail = if common.json { Detail::Content {} } else { Detail::Metadata {} };
    for path in paths {
        let visited =
            walk(session, volume, path.as_bytes(), common, detail.clone(), &mut |session, visit| {
                if tests.hold(visit.path, visit.name, visit.node) {
                    if common.json {
                        let target = target(session, volume, visit.node)?;
                        output.json(&Object::new(visit.path, visit.node, target))?;
                    } else if tests.null {
                        output.bytes(&[visit.path, b"\0"].concat())?;
                    } else {
                        output.line(&escape(visit.path))?;
                    }
                }
                Ok(Then::Enter)
            });
        match visited {
            Err(Failure::AlreadySaid) => outcome = Err(Failure::AlreadySaid),
            other => other?,
        }
    }
    output.finish().and(outcome)
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
    fn patterns_are_finds() {
        let matches = |glob: &str, text: &[u8]| pattern(glob).unwrap().is_match(OsStr::from_bytes(text));
        assert!(matches("vmlinuz*", b"vmlinuz-6.1"));
        assert!(!matches("vmlinuz", b"vmlinuz-6.1"));
        assert!(matches("/boot/*.cfg", b"/boot/grub/grub.cfg"));
        assert!(matches("[ab]?", b"a\xff"));
        assert!(!matches("A", b"a") && caseless_pattern("A").unwrap().is_match("a"));
        assert!(pattern("[").is_err());
    }
}
