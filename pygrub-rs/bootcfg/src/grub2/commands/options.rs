//! Options of commands: `-x`, `-x value`, `--long`, `--long=value`, `--long value`, anywhere among the arguments,
//! up to `--`.

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    /// After `=`, or the next word.
    Required,
    /// After `=`, or the next word unless it looks like an option.
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

    /// Every value given, in order.
    pub(super) fn values(&self, long: &'static [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.given.iter().filter(move |(name, _)| *name == long).filter_map(|(_, value)| *value)
    }

    /// The last value given.
    pub(super) fn value(&self, long: &[u8]) -> Option<&'a [u8]> {
        self.given.iter().rev().find(|(name, _)| *name == long).and_then(|(_, value)| *value)
    }
}

/// What becomes of an option that a command does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The command fails.
    Fails,
    /// It is a word like any other.
    IsAWord,
}

/// `None` when an option lacks its value, or is unknown and may not be.
pub(super) fn parse<'a>(
    specs: &'static [Spec],
    unknown: Unknown,
    words: &'a [Vec<u8>],
) -> Option<Options<'a>> {
    let mut options = Options::default();
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        if word == b"--" {
            options.rest.extend(rest.iter().map(Vec::as_slice));
            break;
        }
        let found = match word.strip_prefix(b"--") {
            Some(long) => long_option(specs, long).map(|option| vec![option]),
            None => match word.strip_prefix(b"-").filter(|shorts| !shorts.is_empty()) {
                Some(shorts) => shorts.iter().map(|&short| short_option(specs, short)).collect(),
                None => {
                    options.rest.push(word);
                    continue;
                }
            },
        };
        let Some(found) = found else {
            if unknown == Unknown::Fails {
                return None;
            }
            options.rest.push(word);
            continue;
        };
        let long = word.starts_with(b"--");
        for (spec, value) in found {
            // A word that looks like an option is no value, except after a short option that needs one.
            let next = rest.split_first().filter(|(next, _)| {
                next.first() != Some(&b'-') || (!long && spec.argument == Argument::Required)
            });
            let value = match (spec.argument, value, next) {
                (Argument::None, Some(_), _) | (Argument::Required, None, None) => return None,
                (Argument::Required | Argument::Optional, None, Some((next, after))) => {
                    rest = after;
                    Some(next.as_slice())
                }
                (_, value, _) => value,
            };
            options.given.push((spec.long, value));
        }
    }
    Some(options)
}

type Found<'a> = (&'static Spec, Option<&'a [u8]>);

fn long_option<'a>(specs: &'static [Spec], long: &'a [u8]) -> Option<Found<'a>> {
    let (name, value) = match long.iter().position(|&byte| byte == b'=') {
        Some(at) => (long.get(..at)?, long.get(at..)?.strip_prefix(b"=")),
        None => (long, None),
    };
    Some((specs.iter().find(|spec| spec.long == name)?, value))
}

fn short_option<'a>(specs: &'static [Spec], short: u8) -> Option<Found<'a>> {
    Some((specs.iter().find(|spec| spec.short != 0 && spec.short == short)?, None))
}
