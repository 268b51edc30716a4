//! Options of commands: `-x`, `-x value`, `--long`, `--long=value`, `--long value`, anywhere among the arguments,
//! up to `--`.

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    /// The next word, unless it follows after `=`.
    Required,
    /// Only after `=`.
    Optional,
}

/// An option; `short` is 0 when there is none.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) short: u8,
    pub(super) long: &'static [u8],
    pub(super) argument: Argument,
}

/// The options given and the other words.
#[derive(Debug, Default)]
pub(super) struct Options<'a> {
    given: Vec<(&'static [u8], Option<&'a [u8]>)>,
    pub(super) rest: Vec<&'a [u8]>,
}

impl<'a> Options<'a> {
    pub(super) fn has(&self, long: &[u8]) -> bool {
        self.given.iter().any(|(name, _)| *name == long)
    }

    /// The last value given.
    pub(super) fn value(&self, long: &[u8]) -> Option<&'a [u8]> {
        self.given.iter().rev().find(|(name, _)| *name == long).and_then(|(_, value)| *value)
    }
}

/// `None` when an option is unknown or lacks its value.
pub(super) fn parse<'a>(specs: &'static [Spec], words: &'a [Vec<u8>]) -> Option<Options<'a>> {
    let mut options = Options::default();
    let mut words = words.iter().map(Vec::as_slice);
    while let Some(word) = words.next() {
        if word == b"--" {
            options.rest.extend(words);
            break;
        }
        if let Some(long) = word.strip_prefix(b"--") {
            let (name, value) = match long.iter().position(|&byte| byte == b'=') {
                Some(at) => (long.get(..at)?, Some(long.get(at.checked_add(1)?..)?)),
                None => (long, None),
            };
            let spec = specs.iter().find(|spec| spec.long == name)?;
            let value = match (spec.argument, value) {
                (Argument::None, Some(_)) => return None,
                (Argument::Required, None) => Some(words.next()?),
                (_, value) => value,
            };
            options.given.push((spec.long, value));
        } else if let Some(shorts) = word.strip_prefix(b"-").filter(|shorts| !shorts.is_empty()) {
            for &short in shorts {
                let spec = specs.iter().find(|spec| spec.short != 0 && spec.short == short)?;
                let value = if spec.argument == Argument::Required { Some(words.next()?) } else { None };
                options.given.push((spec.long, value));
            }
        } else {
            options.rest.push(word);
        }
    }
    Some(options)
}
