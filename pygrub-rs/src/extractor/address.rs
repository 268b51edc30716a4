//! `IMAGE`, `IMAGE:/PATH`, `IMAGE#ADDR`, `IMAGE#ADDR:/PATH`: what of an image is meant, in one word.
//!
//! A file on the host that has the whole word for its name is the image, whatever characters are in it. Else the word is
//! cut before a `:/` so that what stands before is a file, or a file and `#ADDR`; where several cuts do, the first `:/`
//! and the last `#` count.

use super::args::Common;
use crate::exit::{Failure, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A word taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    image: PathBuf,
    partition: Option<String>,
    path: Option<OsString>,
}

/// What a command line asks for, whichever way it is written.
#[derive(Debug)]
pub(super) struct Source {
    pub image: PathBuf,
    pub paths: Vec<OsString>,
    /// The options, with the partition that the address names.
    pub common: Common,
}

impl Source {
    /// Takes the image's word apart; its path comes before `paths`.
    pub(super) fn new(image: &OsStr, paths: &[OsString], common: &Common) -> Result<Self> {
        let address = parse(image, &is_file);
        let mut common = common.clone();
        match (&common.partition, address.partition) {
            (Some(option), Some(word)) if *option != word => {
                return Err(Failure::Usage(format!(
                    "--partition={option} and #{word}: only one can be meant"
                )));
            }
            (None, word @ Some(_)) => common.partition = word,
            _ => {}
        }
        let paths = address.path.into_iter().chain(paths.iter().cloned()).collect();
        Ok(Self { image: address.image, paths, common })
    }

    /// The same, if there is a path in it.
    pub(super) fn with_path(self, verb: &str) -> Result<Self> {
        match self.paths.is_empty() {
            false => Ok(self),
            true => Err(Failure::Usage(format!(
                "which file? `fsimage {verb} IMAGE PATH…` or `fsimage {verb} IMAGE:/PATH`"
            ))),
        }
    }

    /// The same, if there is none.
    pub(super) fn without_path(self, verb: &str) -> Result<Self> {
        match self.paths.first() {
            None => Ok(self),
            Some(path) => {
                let path = fsimage::escape(path.as_bytes());
                Err(Failure::Usage(format!("{path}: `fsimage {verb}` is about the image and takes no path")))
            }
        }
    }

    /// The same; without a path, all of the filesystem.
    pub(super) fn or_root(mut self) -> Self {
        if self.paths.is_empty() {
            self.paths.push(OsString::from("/"));
        }
        self
    }
}

fn is_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_dir())
}

fn parse(word: &OsStr, is_file: &dyn Fn(&Path) -> bool) -> Address {
    let bytes = word.as_bytes();
    let whole = || Address { image: PathBuf::from(word), partition: None, path: None };
    if is_file(Path::new(word)) {
        return whole();
    }
    let cuts = || {
        bytes.windows(2).enumerate().filter(|(_, pair)| *pair == b":/").filter_map(|(place, _)| {
            let (image, path) = bytes.split_at_checked(place)?;
            Some((image, path.strip_prefix(b":")))
        })
    };
    let all = || cuts().chain([(bytes, None)]);
    let found = all().find_map(|(image, path)| before_path(image, path, is_file));
    found
        .or_else(|| {
            // No such file: the message is to name what was most likely meant.
            let (image, path) = all().next()?;
            Some(
                last_hash(image).map_or_else(
                    || address(image, None, path),
                    |(image, word)| address(image, Some(word), path),
                ),
            )
        })
        .unwrap_or_else(whole)
}

/// A file, or a file and `#ADDR`, where that is what stands before a path.
fn before_path(image: &[u8], path: Option<&[u8]>, is_file: &dyn Fn(&Path) -> bool) -> Option<Address> {
    let exists = |image: &[u8]| is_file(Path::new(OsStr::from_bytes(image)));
    if exists(image) {
        return Some(address(image, None, path));
    }
    let (image, partition) = last_hash(image)?;
    exists(image).then(|| address(image, Some(partition), path))
}

/// What stands before the last `#`, and the partition's address behind it.
fn last_hash(image: &[u8]) -> Option<(&[u8], &str)> {
    let place = image.iter().rposition(|byte| *byte == b'#')?;
    let (image, partition) = image.split_at_checked(place)?;
    let partition = std::str::from_utf8(partition.strip_prefix(b"#")?).ok()?;
    (!partition.is_empty()).then_some((image, partition))
}

fn address(image: &[u8], partition: Option<&str>, path: Option<&[u8]>) -> Address {
    Address {
        image: PathBuf::from(OsStr::from_bytes(image)),
        partition: partition.map(str::to_owned),
        path: path.map(|path| OsStr::from_bytes(path).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a word means on a host with these files: image, partition, path.
    #[track_caller]
    fn check(files: &[&str], word: &str, expected: (&str, Option<&str>, Option<&str>)) {
        let found = parse(OsStr::new(word), &|path| files.iter().any(|file| Path::new(file) == path));
        let (image, partition, path) = expected;
        let expected = Address {
            image: image.into(),
            partition: partition.map(str::to_owned),
            path: path.map(OsString::from),
        };
        assert_eq!(found, expected, "{word}");
    }

    #[test]
    fn an_address_is_an_image_a_partition_and_a_path() {
        let host = ["disk.img", "/dev/sda"];
        check(&host, "disk.img", ("disk.img", None, None));
        check(&host, "disk.img:/boot", ("disk.img", None, Some("/boot")));
        check(&host, "disk.img:/", ("disk.img", None, Some("/")));
        check(&host, "disk.img#2", ("disk.img", Some("2"), None));
        check(&host, "disk.img#2:/etc/fstab", ("disk.img", Some("2"), Some("/etc/fstab")));
        check(&host, "/dev/sda#1.a:/x", ("/dev/sda", Some("1.a"), Some("/x")));
        check(&host, "disk.img:/a:/b#3", ("disk.img", None, Some("/a:/b#3")));
    }

    #[test]
    fn a_file_of_that_very_name_comes_first() {
        check(&["disk.img", "disk.img#2"], "disk.img#2", ("disk.img#2", None, None));
        check(&["a:/disk.img", "a"], "a:/disk.img", ("a:/disk.img", None, None));
        check(&["a:/disk.img"], "a:/disk.img:/boot", ("a:/disk.img", None, Some("/boot")));
        check(&["a#b.img"], "a#b.img#1:/boot", ("a#b.img", Some("1"), Some("/boot")));
        check(&["a#b", "a"], "a#b:/x", ("a#b", None, Some("/x")));
    }

    #[test]
    fn a_file_that_is_missing_is_named_without_what_follows() {
        check(&[], "disk.img#2:/boot", ("disk.img", Some("2"), Some("/boot")));
        check(&[], "disk.img:/boot:/x", ("disk.img", None, Some("/boot:/x")));
        check(&[], "disk.img:boot", ("disk.img:boot", None, None));
        check(&[], "#", ("#", None, None));
        check(&[], "", ("", None, None));
    }
}
