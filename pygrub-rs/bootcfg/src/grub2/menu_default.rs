//! Which item of a menu `default` means (manual: "default").

use super::menu::Item;
use super::number::leading;

/// An item, and what `default` becomes inside of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) index: usize,
    /// What stood behind `>`, for the menu inside.
    pub(crate) rest: Option<Vec<u8>>,
    /// Whether an item was meant at all; else it is the first one.
    pub(crate) meant: bool,
}

/// How a text that may be a number is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// One that begins with a number is that number (grub-emu).
    Leading,
    /// An id, else a title, else a number that is nothing but digits. GRUBs with `blscfg` do so, whose ids begin with the
    /// machine's id (Fedora's patch for its bug 1640979).
    Last,
}

/// By number, from 0; or by title or id, the first that fits; `>` leads into a submenu, and `>>` is a plain `>`.
/// What fits nothing means the first item.
pub(crate) fn choose(specification: Option<&[u8]>, items: &[Item], numbers: Numbers) -> Choice {
    let Some(specification) = specification else {
        return Choice { index: 0, rest: None, meant: true };
    };
    let (head, rest) = split(specification);
    let within = |number: i64| usize::try_from(number).ok().filter(|&index| index < items.len());
    let index = match (numbers, leading(&head)) {
        (Numbers::Leading, Some(number)) => within(number),
        (Numbers::Leading, None) => items.iter().position(|item| item.is_called(&head)),
        (Numbers::Last, number) => {
            let by_id = || items.iter().position(|item| item.id_or_title() == head);
            let by_title = || items.iter().position(|item| item.title() == head);
            let number = number.filter(|_| head.iter().all(u8::is_ascii_digit));
            by_id().or_else(by_title).or_else(|| number.and_then(within))
        }
    };
    Choice { index: index.unwrap_or(0), rest, meant: index.is_some() }
}

/// The numbers of `fallback`.
pub(crate) fn fallbacks(specification: &[u8], items: &[Item], numbers: Numbers) -> Vec<usize> {
    let words = specification.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words
        .map(|word| choose(Some(word), items, numbers))
        .filter(|choice| choice.meant)
        .map(|choice| choice.index)
        .collect()
}

/// At the first `>` that is not doubled: the unescaped text before it, and what follows unless that is empty.
fn split(specification: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut head = Vec::new();
    let mut rest = specification;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'>' {
            match after.split_first() {
                Some((b'>', after)) => rest = after,
                _ => return (head, (!rest.is_empty()).then(|| rest.to_vec())),
            }
        }
        head.push(byte);
    }
    (head, None)
}

/// A title or id as a part of `chosen`: `>` doubled.
pub(crate) fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for &byte in name {
        if byte == b'>' {
            out.push(b'>');
        }
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_single_signs() {
        assert_eq!(split(b"a>>b>c>d"), (b"a>b".to_vec(), Some(b"c>d".to_vec())));
        assert_eq!(split(b"1>"), (b"1".to_vec(), None));
        assert_eq!(split(b""), (vec![], None));
    }

    #[test]
    fn chosen_is_the_inverse_of_split() {
        assert_eq!(split(&escaped(b"a>b")), (b"a>b".to_vec(), None));
    }
}
