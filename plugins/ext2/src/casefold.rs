//! Names without regard to case: equal when their foldings are, which is `utf8-12.1` of Linux's `fs/unicode`: Unicode 12.1's
//! full case folding and canonical decomposition (NFD) without default-ignorable characters.
//!
//! The decompositions are of a newer Unicode. Those of a character that exists never change, and what 12.1 does not have yet is
//! left alone, as Linux leaves it.

use crate::case_folding::{IGNORABLE, NEWER, TO_ONE, TO_SEVERAL};
use core::ops::RangeInclusive;
use std::borrow::Cow;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

/// `s_encoding` of the only tables there are.
pub(crate) const UTF8_12_1: u16 = 1;

/// What a name is compared and hashed as. A name that is not UTF-8 is only itself.
pub(crate) fn fold(name: &[u8]) -> Cow<'_, [u8]> {
    if name.is_ascii() {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    let Ok(text) = core::str::from_utf8(name) else { return Cow::Borrowed(name) };
    let mut folded = Vec::new();
    for character in text.chars() {
        fold_character(character, &mut |part| decompose(part, &mut folded));
    }
    order(&mut folded);
    Cow::Owned(folded.into_iter().collect::<String>().into_bytes())
}

fn fold_character(character: char, sink: &mut dyn FnMut(char)) {
    let number = u32::from(character);
    if let Ok(index) = TO_SEVERAL.binary_search_by_key(&number, |(from, _)| *from) {
        return TO_SEVERAL.get(index).map_or("", |(_, several)| several).chars().for_each(sink);
    }
    let behind = TO_ONE.partition_point(|(first, ..)| *first <= number);
    let range = TO_ONE.get(..behind).unwrap_or_default().last().filter(|(first, last, step, _)| {
        number <= *last && number.saturating_sub(*first).checked_rem(u32::from(*step)) == Some(0)
    });
    let one = range.and_then(|(.., distance)| char::from_u32(number.checked_add_signed(*distance)?));
    sink(one.unwrap_or(character));
}

/// The canonical decomposition; what a part of it folds to in turn is what the whole has folded to already.
fn decompose(character: char, folded: &mut Vec<char>) {
    if holds(IGNORABLE, character) {
        return;
    }
    if holds(NEWER, character) {
        return folded.push(character);
    }
    decompose_canonical(character, |part| folded.push(part));
}

/// The canonical order: accents between two letters by their class.
fn order(characters: &mut [char]) {
    for accents in characters.split_mut(|&character| class(character) == 0) {
        accents.sort_by_key(|&character| class(character));
    }
}

fn class(character: char) -> u8 {
    if holds(NEWER, character) { 0 } else { canonical_combining_class(character) }
}

fn holds(ranges: &[RangeInclusive<char>], character: char) -> bool {
    let index = ranges.partition_point(|range| *range.end() < character);
    ranges.get(index).is_some_and(|range| range.contains(&character))
}

#[cfg(test)]
mod tests {
    use super::fold;
    use crate::hash::NameHash;
    use fsimage_plugin_testing::{need, run};
    use std::process::Command;

    #[test]
    fn equal_and_not() {
        let equal = |one: &str, other: &str| fold(one.as_bytes()) == fold(other.as_bytes());
        for (one, other) in [
            ("VMLINUZ", "vmlinuz"),
            ("\u{c4}", "a\u{308}"),
            ("STRASSE", "stra\u{df}e"),
            ("\u{3a3}", "\u{3c2}"),
            ("\u{212b}", "\u{e5}"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("a\u{315}\u{300}", "A\u{300}\u{315}"),
            ("soft\u{ad}hyphen", "SoftHyphen"),
        ] {
            assert!(equal(one, other), "{one} {other}");
        }
        for (one, other) in [("i", "\u{131}"), ("\u{fb01}x", "fx"), ("\u{11938}", "\u{11935}\u{11930}")] {
            assert!(!equal(one, other), "{one} {other}");
        }
        assert_eq!(*fold(b"A\xff"), *b"A\xff", "what is not UTF-8 is only itself");
    }

    /// Every character of the planes that have letters, within a name: by `debugfs dx_hash -c -e utf8` (e2fsprogs 1.47.0),
    /// whose tables are the kernel's.
    #[test]
    fn every_character_as_debugfs_folds_it() {
        let folder = fsimage_plugin_testing::tempfile::tempdir().unwrap();
        let refused =
            |c: &char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '\'' | '/' | '\\' | '#');
        let names: Vec<String> = ('!'..='\u{1ffff}')
            .chain('\u{e0000}'..='\u{e0fff}')
            .filter(|c| !refused(c))
            .map(|c| format!("x{c}\u{334}y"))
            .collect();
        let script = folder.path().join("hashes");
        let lines: String =
            names.iter().map(|name| format!("dx_hash -h half_md4 -c -e utf8 {name}\n")).collect();
        std::fs::write(&script, lines).unwrap();
        let outcome = run(Command::new(need("debugfs", "e2fsprogs")).arg("-f").arg(&script));
        let text = outcome.text();
        let hashes: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("Hash of ")?.rsplit(" is ").next()?.split(' ').next())
            .collect();
        assert_eq!(hashes.len(), names.len());
        let ours = NameHash::new(1, false, [0; 4]).unwrap();
        let wrong: Vec<String> = names
            .iter()
            .zip(hashes)
            .filter(|(name, hash)| format!("{:#x}", ours.of(&fold(name.as_bytes()))) != *hash)
            .map(|(name, _)| name.escape_unicode().to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
