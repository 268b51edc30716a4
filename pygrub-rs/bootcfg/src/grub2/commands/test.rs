//! `test` and `[` (manual: "test").
//!
//! GRUB's expression is a walk from left to right, without a grammar to violate: two words side by side are joined
//! by "and", `-a` says nothing more, `-o` starts another alternative, `!` turns the next term around, and a bare
//! word is true when it is not empty. An operator with too few words around it is a bare word. All of this was
//! seen with grub-emu; tests/grub2/language.txt has the record.

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::number::{as_int, leading};
use crate::grub2::status;
use crate::guest::FileKind;
use std::cmp::Ordering;

/// 0 when the expression is true.
pub(super) fn test(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let words = match call.arguments.split_last() {
        Some((last, words)) if last == b"]" => words,
        _ => call.arguments,
    };
    machine.budget.steps_for(words.len())?;
    let mut words = words.iter().map(Vec::as_slice).collect::<Vec<_>>();
    words.reverse();
    let truth = expression(machine, &mut words)?;
    Ok(if truth { 0 } else { status::TEST_FAILURE })
}

/// The value of the alternatives read so far.
struct Value {
    any: bool,
    all: bool,
    invert: bool,
}

impl Value {
    fn and(&mut self, term: bool) {
        self.all = self.all && (term != self.invert);
        self.invert = false;
    }
}

/// Up to the end or a closing parenthesis. The words are in reverse: the next one is the last.
fn expression(machine: &mut Machine<'_>, words: &mut Vec<&[u8]>) -> Result<bool, Stop> {
    machine.budget.enter()?;
    let mut value = Value { any: false, all: true, invert: false };
    while let Some(&word) = words.last() {
        if let Some(term) = comparison(words) {
            value.and(term);
            words.truncate(words.len().saturating_sub(3));
            continue;
        }
        if let Some(term) = unary(machine, words) {
            value.and(term);
            words.truncate(words.len().saturating_sub(2));
            continue;
        }
        words.pop();
        match word {
            b")" => break,
            b"(" => {
                let term = expression(machine, words)?;
                value.and(term);
            }
            b"!" => value.invert = !value.invert,
            b"-a" => {}
            b"-o" => {
                value.any = value.any || value.all;
                value.all = true;
            }
            word => value.and(!word.is_empty()),
        }
    }
    machine.budget.leave();
    Ok(value.any || value.all)
}

/// `left operator right`, when the next three words are that.
fn comparison(words: &[&[u8]]) -> Option<bool> {
    let &[.., right, operator, left] = words else {
        return None;
    };
    let order = match operator {
        b"=" | b"==" | b"!=" | b"<" | b"<=" | b">" | b">=" => left.cmp(right),
        b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" => as_int(left).cmp(&as_int(right)),
        b"-pgt" | b"-plt" => after_prefix(left, right)?,
        // Modification times are not asked of a guest; `-ntN` compares with N seconds added.
        _ if operator.starts_with(b"-nt") || operator.starts_with(b"-ot") => {
            return leading_or_none(operator.get(3..)).then_some(false);
        }
        _ => return None,
    };
    Some(match operator {
        b"=" | b"==" | b"-eq" => order == Ordering::Equal,
        b"!=" | b"-ne" => order != Ordering::Equal,
        b"<" | b"-lt" | b"-plt" => order == Ordering::Less,
        b"<=" | b"-le" => order != Ordering::Greater,
        b">" | b"-gt" | b"-pgt" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

fn leading_or_none(rest: Option<&[u8]>) -> bool {
    rest.is_none_or(|rest| rest.is_empty() || leading(rest).is_some())
}

/// The order of the numbers behind a common prefix without digits: `a9` before `a10`.
fn after_prefix(left: &[u8], right: &[u8]) -> Option<Ordering> {
    let differs = |(left, right): (&u8, &u8)| left != right || left.is_ascii_digit();
    let common = left.iter().zip(right).position(differs).unwrap_or_else(|| left.len().min(right.len()));
    Some(as_int(left.get(common..)?).cmp(&as_int(right.get(common..)?)))
}

/// `operator word`, when the next two words are that.
fn unary(machine: &mut Machine<'_>, words: &[&[u8]]) -> Option<bool> {
    let &[.., word, operator] = words else {
        return None;
    };
    Some(match operator {
        b"-n" => !word.is_empty(),
        b"-z" => word.is_empty(),
        b"-e" => machine.file_status(word).is_some(),
        b"-f" => machine.file_status(word).is_some_and(|status| status.kind != FileKind::Directory),
        b"-d" => machine.file_status(word).is_some_and(|status| status.kind == FileKind::Directory),
        b"-s" => machine.file_status(word).is_some_and(|status| status.size > 0),
        _ => return None,
    })
}
