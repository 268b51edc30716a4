//! GRUB's environment variables (manual: "Environment", "Special environment variables").

use crate::budget::Budget;
use crate::limits::LimitName;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

/// What a variable costs besides its bytes.
const BYTES_PER_VARIABLE: usize = 96;

#[derive(Debug, Clone)]
struct Variable {
    /// `None` after `unset`.
    value: Option<Rc<[u8]>>,
    exported: bool,
    /// The number of checkpoints that were open when it was last written.
    level: usize,
}

/// Variables, and a journal of what to put back: entries are tried out one after the other in an environment that
/// each must find untouched. A journal costs what an entry writes; a copy would cost all there is, each time.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    // Ordered, not hashed: a hash needs random numbers, and the jail has no call for them.
    variables: BTreeMap<Rc<[u8]>, Variable>,
    journals: Vec<Journal>,
}

/// What variables were before they were written for the first time after a checkpoint.
type Journal = Vec<(Rc<[u8]>, Option<Variable>)>;

impl Environment {
    pub(crate) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.get(name)?.value.as_deref()
    }

    /// The variables whose names begin so, without that, in their names' order.
    pub(crate) fn with_prefix<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let variables = self.variables.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        let named = variables.map_while(move |(name, variable)| Some((name.strip_prefix(prefix)?, variable)));
        named.filter_map(|(name, variable)| Some((name, variable.value.as_deref()?)))
    }

    /// Every variable that has a value, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.variables.iter().filter_map(|(name, variable)| Some((&**name, variable.value.as_deref()?)))
    }

    pub(crate) fn set(&mut self, name: &[u8], value: &[u8], budget: &mut Budget) -> Result<(), LimitName> {
        budget.check_value(value.len())?;
        budget.check_value(name.len())?;
        // grub-emu: `set root=(hd0,1)` makes it `hd0,1`; other text is taken as it is.
        let value = match value.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")) {
            Some(inner) if name == b"root" => inner,
            _ => value,
        };
        let exported = self.variables.get(name).is_some_and(|variable| variable.exported);
        self.write(name, Some(value), exported, budget)
    }

    pub(crate) fn unset(&mut self, name: &[u8], budget: &mut Budget) -> Result<(), LimitName> {
        if self.get(name).is_none() {
            return Ok(());
        }
        self.write(name, None, false, budget)
    }

    /// Makes a variable visible in the menus of `submenu` and `configfile`; one that does not exist becomes empty.
    pub(crate) fn export(&mut self, name: &[u8], budget: &mut Budget) -> Result<(), LimitName> {
        budget.check_value(name.len())?;
        let value = self.variables.get(name).and_then(|variable| variable.value.clone());
        self.write(name, Some(value.as_deref().unwrap_or_default()), true, budget)
    }

    fn write(
        &mut self,
        name: &[u8],
        value: Option<&[u8]>,
        exported: bool,
        budget: &mut Budget,
    ) -> Result<(), LimitName> {
        let level = self.journals.len();
        let length = value.map_or(0, <[u8]>::len);
        budget.moved(length)?;
        budget.keep(length)?;
        let variable = Variable { value: value.map(Rc::from), exported, level };
        match self.variables.get_mut(name) {
            Some(old) if old.level == level => {
                budget.release(old.value.as_ref().map_or(0, |value| value.len()));
                *old = variable;
            }
            old => {
                budget.keep(cost(name))?;
                let key: Rc<[u8]> = Rc::from(name);
                let old = match old {
                    Some(old) => Some(std::mem::replace(old, variable)),
                    None => self.variables.insert(Rc::clone(&key), variable),
                };
                if let Some(journal) = self.journals.last_mut() {
                    journal.push((key, old));
                }
            }
        }
        Ok(())
    }

    /// From here on every change can be taken back by [`Environment::rollback`].
    pub(crate) fn checkpoint(&mut self) {
        self.journals.push(Vec::new());
    }

    /// How many checkpoints are open.
    pub(crate) fn checkpoints(&self) -> usize {
        self.journals.len()
    }

    /// As it was at the last checkpoint.
    pub(crate) fn rollback(&mut self, budget: &mut Budget) {
        for (key, old) in self.journals.pop().unwrap_or_default().into_iter().rev() {
            budget.release(cost(&key));
            let current = match old {
                Some(old) => self.variables.insert(key, old),
                None => self.variables.remove(&key),
            };
            let length = current.and_then(|variable| variable.value).map_or(0, |value| value.len());
            budget.release(length);
        }
    }

    /// A new context, as `submenu` and `configfile` open one: only exported variables are seen in it. It ends with
    /// [`Environment::rollback`].
    pub(crate) fn open_context(&mut self, budget: &mut Budget) -> Result<(), LimitName> {
        self.checkpoint();
        budget.steps_for(self.variables.len())?;
        let hidden: Vec<_> = self
            .variables
            .iter()
            .filter(|(_, variable)| !variable.exported && variable.value.is_some())
            .map(|(name, _)| Rc::clone(name))
            .collect();
        for name in hidden {
            self.write(&name, None, false, budget)?;
        }
        Ok(())
    }
}

fn cost(name: &[u8]) -> usize {
    name.len().saturating_add(BYTES_PER_VARIABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn a_rollback_restores_values_and_the_budget() {
        let limits = Limits { max_total_bytes: 10_000, ..Limits::default() };
        let mut budget = Budget::new(&limits);
        let mut environment = Environment::default();
        environment.set(b"a", b"1", &mut budget).unwrap();
        let before = budget.bytes_left();
        environment.checkpoint();
        environment.set(b"a", b"2", &mut budget).unwrap();
        environment.set(b"a", b"333", &mut budget).unwrap();
        environment.set(b"b", b"4", &mut budget).unwrap();
        environment.checkpoint();
        environment.unset(b"a", &mut budget).unwrap();
        assert_eq!(environment.get(b"a"), None);
        environment.rollback(&mut budget);
        assert_eq!(environment.get(b"a"), Some(&b"333"[..]));
        environment.rollback(&mut budget);
        assert_eq!(environment.get(b"a"), Some(&b"1"[..]));
        assert_eq!(environment.get(b"b"), None);
        assert_eq!(budget.bytes_left(), before);
    }

    #[test]
    fn a_context_shows_only_what_is_exported() {
        let mut budget = Budget::new(&Limits::default());
        let mut environment = Environment::default();
        environment.set(b"a", b"1", &mut budget).unwrap();
        environment.set(b"b", b"2", &mut budget).unwrap();
        environment.export(b"b", &mut budget).unwrap();
        environment.open_context(&mut budget).unwrap();
        assert_eq!((environment.get(b"a"), environment.get(b"b")), (None, Some(&b"2"[..])));
        environment.rollback(&mut budget);
        assert_eq!(environment.get(b"a"), Some(&b"1"[..]));
    }
}
