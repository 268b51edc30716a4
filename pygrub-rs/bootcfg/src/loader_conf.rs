//! `loader.conf`, as FreeBSD's loader(8) and illumos' read it: an assignment a line (FreeBSD loader.conf(5), illumos
//! loader.conf(5)).

use crate::guest::{FileRef, Guest, VolumeId};
use crate::limits::LimitName;
use crate::reader::{Reader, words};
use crate::text::shown;
use std::collections::BTreeMap;

/// What keeping a variable costs beside its bytes.
const VARIABLE_COST: usize = 64;
/// Most files of a directory of configurations.
const MAX_FILES: usize = 256;

/// The loader's variables.
#[derive(Debug, Default)]
pub(crate) struct Variables(BTreeMap<Vec<u8>, Vec<u8>>);

impl Variables {
    /// These, to begin with.
    pub(crate) fn new(given: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        Self(given.iter().map(pair).collect())
    }

    /// A variable's value; empty when it is not set.
    pub(crate) fn get(&self, name: &str) -> &[u8] {
        self.0.get(name.as_bytes()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a variable says yes.
    pub(crate) fn is_yes(&self, name: &str) -> bool {
        is_yes(self.get(name))
    }

    /// `autoboot_delay`: seconds; what is no number waits, and -1 is at once, so that nobody can hinder it.
    pub(crate) fn timeout(&self) -> Option<u32> {
        let delay: i32 = std::str::from_utf8(self.get("autoboot_delay")).ok()?.parse().ok()?;
        Some(u32::try_from(delay).unwrap_or(0))
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// The assignments of a file, if it is there.
    pub(crate) fn read(
        &mut self,
        reader: &mut Reader<'_>,
        volume: VolumeId,
        path: &[u8],
    ) -> Result<(), LimitName> {
        let file = FileRef { volume, path: path.to_vec() };
        let Some(text) = reader.read_if_there(&file)? else { return Ok(()) };
        reader.inside(&file, |reader| self.take(reader, &text))
    }

    /// The words of a value, such as the names of further files.
    pub(crate) fn words(&self, name: &str) -> Vec<Vec<u8>> {
        words(self.get(name)).map(<[u8]>::to_vec).collect()
    }

    /// A directory's files that are wanted, by name.
    pub(crate) fn read_directory(
        &mut self,
        reader: &mut Reader<'_>,
        (guest, volume): (&dyn Guest, VolumeId),
        directory: &[u8],
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), LimitName> {
        let Ok(mut names) = guest.list(volume, directory, MAX_FILES) else { return Ok(()) };
        names.sort_by(|a, b| a.name.cmp(&b.name));
        let names = names.iter().map(|name| &name.name).filter(|name| wanted(name));
        names
            .map(|name| [directory, b"/", name].concat())
            .try_for_each(|path| self.read(reader, volume, &path))
    }

    fn take(&mut self, reader: &mut Reader<'_>, text: &[u8]) -> Result<(), LimitName> {
        reader.line = 0;
        for line in text.split(|&byte| byte == b'\n') {
            reader.line = reader.line.saturating_add(1);
            reader.budget.step()?;
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            reader.budget.check_value(line.len())?;
            match assignment(line) {
                Some((name, value)) => self.set(reader, name, value)?,
                None => reader.note(&format!("`{}` is no assignment", shown(line))),
            }
        }
        Ok(())
    }

    fn set(&mut self, reader: &mut Reader<'_>, name: &[u8], value: &[u8]) -> Result<(), LimitName> {
        let value = self.expanded(value);
        reader.budget.check_value(value.len())?;
        let cost = name.len().saturating_add(value.len()).saturating_add(VARIABLE_COST);
        reader.budget.keep(cost)?;
        self.0.insert(name.to_vec(), value);
        Ok(())
    }

    /// With `${name}` replaced; what has no value stays.
    fn expanded(&self, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = value;
        while let Some((&byte, after)) = rest.split_first() {
            let name = rest.strip_prefix(b"${").and_then(|rest| {
                let end = rest.iter().position(|&byte| byte == b'}')?;
                Some((rest.get(..end)?, rest.get(end.saturating_add(1)..)?))
            });
            match name.and_then(|(name, after)| Some((self.0.get(name)?, after))) {
                Some((value, after)) => {
                    out.extend_from_slice(value);
                    rest = after;
                }
                None => {
                    out.push(byte);
                    rest = after;
                }
            }
        }
        out
    }
}

/// Whether a value is yes, in either case.
pub(crate) fn is_yes(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"yes")
}

/// `name="value"`, or `name=value` without blanks; what follows it is a comment.
fn assignment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|&byte| byte == b'=')?;
    let (name, value) = line.split_at(end);
    let name = name.trim_ascii();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    if name.is_empty() || !name.iter().all(is_name) {
        return None;
    }
    let value = value.get(1..)?.trim_ascii();
    let (value, rest) = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = quoted.iter().position(|&byte| byte == b'"')?;
            (quoted.get(..end)?, quoted.get(end.saturating_add(1)..)?)
        }
        None => {
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'#';
            value.split_at(value.iter().position(blank).unwrap_or(value.len()))
        }
    };
    let rest = rest.trim_ascii();
    (rest.is_empty() || rest.starts_with(b"#")).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::assignment;

    #[test]
    fn assignments() {
        let read = |line: &str| {
            let read = assignment(line.as_bytes());
            read.map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()))
        };
        assert_eq!(read("a=\"b c\"").as_deref(), Some("a=b c"));
        assert_eq!(read("a.b-c_1 = \"\" # x").as_deref(), Some("a.b-c_1="));
        assert_eq!(read("a=1").as_deref(), Some("a=1"));
        assert_eq!(read("a=b#c").as_deref(), Some("a=b"));
        for line in ["a=\"b\"c", "a=\"b", "a b=c", "=c", "a"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
