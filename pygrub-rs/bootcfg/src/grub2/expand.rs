//! Words to arguments (manual: "Shell-like scripting", "Variable expansion").

use super::ast::{Part, Word};
use super::eval::Machine;
use crate::limits::LimitName;

/// The arguments a list of words makes.
pub(crate) fn arguments(machine: &mut Machine<'_>, words: &[Word]) -> Result<Vec<Vec<u8>>, LimitName> {
    // The list is weighed while it grows; whoever keeps it pays for it again.
    let mark = machine.budget.mark();
    let result = expanded(machine, words);
    machine.budget.restore(mark);
    result
}

fn expanded(machine: &mut Machine<'_>, words: &[Word]) -> Result<Vec<Vec<u8>>, LimitName> {
    let mut arguments = Arguments::default();
    for word in words {
        machine.budget.step()?;
        for part in word {
            match part {
                Part::Text(text) => {
                    arguments.mark_wildcards(text, machine);
                    arguments.append(text, machine)?;
                }
                Part::Quoted(text) => arguments.append(text, machine)?,
                Part::Variable(name) => {
                    let value = machine.variable(name)?;
                    arguments.append_split(&value, machine)?;
                }
                Part::QuotedVariable(name) if &**name == b"@" => {
                    // Each argument stays one; the first and last join what stands around them. Without
                    // arguments it is an empty word.
                    let positional = machine.positional();
                    arguments.append(positional.first().map_or(&b""[..], Vec::as_slice), machine)?;
                    for argument in positional.iter().skip(1) {
                        machine.budget.step()?;
                        arguments.finish(machine)?;
                        arguments.append(argument, machine)?;
                    }
                }
                Part::QuotedVariable(name) => {
                    let value = machine.variable(name)?;
                    arguments.append(&value, machine)?;
                }
            }
        }
        arguments.finish(machine)?;
    }
    Ok(arguments.done)
}

/// What an argument costs besides its bytes.
const BYTES_PER_ARGUMENT: usize = 48;

#[derive(Default)]
struct Arguments {
    done: Vec<Vec<u8>>,
    current: Option<Vec<u8>>,
    /// Where in `current` the wildcards are.
    wild: Vec<usize>,
}

impl Arguments {
    /// Of bytes that are about to be appended, and stand outside quotes.
    fn mark_wildcards(&mut self, bytes: &[u8], machine: &Machine<'_>) {
        if machine.expands_wildcards {
            let start = self.current.as_ref().map_or(0, Vec::len);
            let wild = bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b'*' | b'?'));
            self.wild.extend(wild.map(|(at, _)| start.saturating_add(at)));
        }
    }

    fn append(&mut self, bytes: &[u8], machine: &mut Machine<'_>) -> Result<(), LimitName> {
        let current = self.current.get_or_insert_default();
        machine.budget.check_value(current.len().saturating_add(bytes.len()))?;
        machine.budget.moved(bytes.len())?;
        current.extend_from_slice(bytes);
        Ok(())
    }

    /// A value outside quotes: blanks in it part arguments, those at its ends do not (grub-emu: with `t="x "`,
    /// `${t}${t}` is `xx`).
    fn append_split(&mut self, value: &[u8], machine: &mut Machine<'_>) -> Result<(), LimitName> {
        let pieces =
            value.split(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).filter(|piece| !piece.is_empty());
        for (index, piece) in pieces.enumerate() {
            if index > 0 {
                machine.budget.step()?;
                self.finish(machine)?;
            }
            self.mark_wildcards(piece, machine);
            self.append(piece, machine)?;
        }
        Ok(())
    }

    fn finish(&mut self, machine: &mut Machine<'_>) -> Result<(), LimitName> {
        let wild = std::mem::take(&mut self.wild);
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        let found = if wild.is_empty() { Vec::new() } else { machine.wildcards(&current, &wild)? };
        if !found.is_empty() {
            for word in found {
                machine.budget.keep(word.len().saturating_add(BYTES_PER_ARGUMENT))?;
                self.done.push(word);
            }
            return Ok(());
        }
        machine.budget.keep(current.len().saturating_add(BYTES_PER_ARGUMENT))?;
        self.done.push(current);
        Ok(())
    }
}

/// What a list of arguments costs while a function runs with it.
pub(crate) fn cost(arguments: &[Vec<u8>]) -> usize {
    arguments
        .iter()
        .fold(0, |sum: usize, argument| sum.saturating_add(argument.len()).saturating_add(BYTES_PER_ARGUMENT))
}
