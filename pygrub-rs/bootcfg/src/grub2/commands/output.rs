//! `echo`.

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;

/// `echo [-n] [-e] word…`: the words, joined by blanks.
pub(super) fn echo(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let mut words = call.arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some((first, rest)) = words.split_first() {
        match first.strip_prefix(b"-") {
            Some(b"-") => {
                words = rest;
                break;
            }
            Some(letters) if !letters.is_empty() && letters.iter().all(|letter| b"ne".contains(letter)) => {
                newline &= !letters.contains(&b'n');
                escapes |= letters.contains(&b'e');
                words = rest;
            }
            _ => break,
        }
    }
    let mut line = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        if escapes { newline &= unescape(word, &mut line) } else { line.extend(word) }
    }
    if newline {
        line.push(b'\n');
    }
    machine.print(&line);
    Ok(0)
}

/// Appends a word with its escapes resolved; an unknown one vanishes. False when `\c` forbids the newline.
fn unescape(word: &[u8], line: &mut Vec<u8>) -> bool {
    let mut newline = true;
    let mut bytes = word.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            line.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'\\') => line.push(b'\\'),
            Some(b'n') => line.push(b'\n'),
            Some(b't') => line.push(b'\t'),
            Some(b'r') => line.push(b'\r'),
            Some(b'c') => newline = false,
            _ => {}
        }
    }
    newline
}
