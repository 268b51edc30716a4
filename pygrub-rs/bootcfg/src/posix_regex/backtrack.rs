//! Matching with backreferences: every way through the program, the preferred first.

use super::{Instruction, Regex, Slots, has};
use std::collections::HashSet;

/// The longest match that begins there; of equal ones the preferred. What was reached once, with the same groups, is not gone
/// into again: so repetitions of nothing end. Steps pay for what is remembered.
pub(super) fn longest<E>(
    regex: &Regex,
    text: &[u8],
    start: usize,
    steps: &mut impl FnMut(usize) -> Result<(), E>,
) -> Result<Option<Slots>, E> {
    let mut best: Option<(usize, Slots)> = None;
    let mut seen: HashSet<(usize, usize, Slots)> = HashSet::new();
    let mut pending: Vec<(usize, usize, Slots)> = vec![(0, start, vec![None; regex.slots])];
    while let Some((pc, at, mut slots)) = pending.pop() {
        steps(regex.slots)?;
        if !seen.insert((pc, at, slots.clone())) {
            continue;
        }
        let next = pc.saturating_add(1);
        match regex.program.get(pc) {
            Some(Instruction::Jump(to)) => pending.push((*to, at, slots)),
            Some(Instruction::Split(first, second)) => {
                pending.push((*second, at, slots.clone()));
                pending.push((*first, at, slots));
            }
            Some(Instruction::Save(slot)) => {
                if let Some(slot) = slots.get_mut(*slot) {
                    *slot = Some(at);
                }
                pending.push((next, at, slots));
            }
            Some(Instruction::Begin) if at == 0 => pending.push((next, at, slots)),
            Some(Instruction::End) if at == text.len() => pending.push((next, at, slots)),
            Some(Instruction::Set(set)) if text.get(at).is_some_and(|&byte| has(set, byte)) => {
                pending.push((next, at.saturating_add(1), slots));
            }
            Some(Instruction::Same(group)) => {
                // A group that took no part is matched by nothing.
                let Some(same) = group_of(&slots, *group).and_then(|(from, to)| text.get(from..to)) else {
                    continue;
                };
                steps(same.len().div_ceil(64))?;
                if text.get(at..).is_some_and(|rest| rest.starts_with(same)) {
                    pending.push((next, at.saturating_add(same.len()), slots));
                }
            }
            Some(Instruction::Match) if best.as_ref().is_none_or(|(end, _)| at > *end) => {
                best = Some((at, slots))
            }
            _ => {}
        }
    }
    Ok(best.map(|(_, slots)| slots))
}

fn group_of(slots: &[Option<usize>], group: usize) -> Option<(usize, usize)> {
    let first = group.saturating_mul(2);
    Some(((*slots.get(first)?)?, (*slots.get(first.saturating_add(1))?)?))
}
