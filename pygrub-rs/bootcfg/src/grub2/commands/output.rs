//! `echo`.

use super::Call;
use crate::grub2::budget::Stop;
use crate::grub2::eval::Machine;

/// Printed text beyond this is dropped: nobody sees it.
const MAX_OUTPUT: usize = 64 << 10;

/// `echo [-n] [-e] word…`: the words, joined by blanks.
pub(super) fn echo(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let mut words = call.arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some((first, rest)) = words.split_first() {
        match first.as_slice() {
            b"-n" => newline = false,
            b"-e" => escapes = true,
            b"--" => {
                words = rest;
                break;
            }
            _ => break,
        }
        words = rest;
    }
    let mut line = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        if escapes { unescape(word, &mut line) } else { line.extend(word) }
    }
    if newline {
        line.push(b'\n');
    }
    if machine.output.len().saturating_add(line.len()) <= MAX_OUTPUT {
        machine.output.extend(line);
    }
    Ok(0)
}

fn unescape(word: &[u8], line: &mut Vec<u8>) {
    let mut bytes = word.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, byte == b'\\') {
            (_, true) => match bytes.next() {
                Some(b'n') => line.push(b'\n'),
                Some(b't') => line.push(b'\t'),
                Some(b'r') => line.push(b'\r'),
                Some(b'a' | b'c' | b'f' | b'v') => {}
                Some(other) => line.push(other),
                None => line.push(b'\\'),
            },
            (byte, false) => line.push(byte),
        }
    }
}
