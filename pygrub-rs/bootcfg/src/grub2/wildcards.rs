//! Wildcards in words, which GRUB expands once its `regexp` module is loaded: `*` and `?` outside quotes, in devices and in
//! paths (tests/grub2/linux/linux.txt; other special characters are themselves).

use super::eval::Machine;
use crate::guest::FileKind;
use crate::limits::LimitName;
use std::collections::BTreeSet;

/// What looking into a directory costs besides its names.
const STEPS_PER_DIRECTORY: usize = 50;

/// A word's byte, and whether it stands for others.
type Pattern<'a> = &'a [(u8, bool)];

impl Machine<'_> {
    /// The files and devices a word stands for, in the order of their directories; none when there are none. `wild` are
    /// the places of its wildcards.
    pub(crate) fn wildcards(&mut self, word: &[u8], wild: &[usize]) -> Result<Vec<Vec<u8>>, LimitName> {
        let places: BTreeSet<usize> = wild.iter().copied().collect();
        let bytes: Vec<(u8, bool)> =
            word.iter().enumerate().map(|(at, &byte)| (byte, places.contains(&at))).collect();
        self.budget.moved(word.len())?;
        let (device, path) = match word.iter().position(|&byte| byte == b')') {
            Some(end) if word.first() == Some(&b'(') => bytes.split_at(end.saturating_add(1)),
            _ if word.first() == Some(&b'/') => bytes.split_at(0),
            // Neither: the name of a disk.
            _ => return Ok(self.fitting_devices(&bytes, false)),
        };
        let mut found = match device {
            [_, inner @ .., _] if is_wild(device) => self.fitting_devices(inner, true),
            _ => vec![plain(device)],
        };
        let mut components = path.split(|&(byte, _)| byte == b'/');
        components.next();
        let mut literal = false;
        for component in components {
            let mut next = Vec::new();
            for prefix in found {
                if is_wild(component) {
                    self.matching_names(&prefix, component, &mut next)?;
                } else {
                    next.push([prefix.as_slice(), b"/", &plain(component)].concat());
                }
            }
            literal = !is_wild(component);
            found = next;
        }
        if literal {
            // What stands behind the last wildcard has to be there.
            self.budget.steps_for(found.len().saturating_mul(STEPS_PER_DIRECTORY))?;
            found.retain(|name| self.file_status(name).is_some());
        }
        Ok(found)
    }

    /// Names of a directory that fit, each behind the prefix.
    fn matching_names(
        &mut self,
        prefix: &[u8],
        pattern: Pattern<'_>,
        found: &mut Vec<Vec<u8>>,
    ) -> Result<(), LimitName> {
        self.budget.steps_for(STEPS_PER_DIRECTORY)?;
        let Some(guest) = self.guest else { return Ok(()) };
        let Ok(directory) = self.locate(&[prefix, b"/"].concat()) else { return Ok(()) };
        let is_directory =
            guest.status(directory.volume, &directory.path).is_some_and(|it| it.kind == FileKind::Directory);
        if !is_directory {
            return Ok(());
        }
        let names = guest.list(directory.volume, &directory.path, self.limits.max_names).unwrap_or_default();
        // A hostile pattern is tried at each byte of a name.
        self.budget.steps_for(names.len().saturating_mul(pattern.len().div_ceil(4)))?;
        for name in names.iter().filter(|name| fits(pattern, &name.name)) {
            let path = [prefix, b"/", &name.name].concat();
            self.budget.keep(path.len().saturating_add(48))?;
            found.push(path);
        }
        Ok(())
    }

    /// Disks, and partitions where those are meant too, in parentheses.
    fn fitting_devices(&self, pattern: Pattern<'_>, partitions: bool) -> Vec<Vec<u8>> {
        let meant = |name: &Vec<u8>| (partitions || !name.contains(&b',')) && fits(pattern, name);
        let fitting = self.devices().into_iter().filter(meant);
        fitting.map(|name| [b"(", name.as_slice(), b")"].concat()).collect()
    }
}

fn is_wild(pattern: Pattern<'_>) -> bool {
    pattern.iter().any(|&(_, wild)| wild)
}

fn plain(pattern: Pattern<'_>) -> Vec<u8> {
    pattern.iter().map(|&(byte, _)| byte).collect()
}

/// Whether all of the name fits. At most (pattern × name) steps: only the last `*` is ever tried again.
fn fits(pattern: Pattern<'_>, name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut star: Option<(Pattern<'_>, &[u8])> = None;
    loop {
        if let Some(((b'*', true), rest)) = pattern.split_first() {
            pattern = rest;
            star = Some((rest, name));
            continue;
        }
        let Some((&byte, after)) = name.split_first() else { return pattern.is_empty() };
        match pattern.split_first() {
            Some((&(expected, wild), rest)) if wild || expected == byte => (pattern, name) = (rest, after),
            _ => {
                let Some((behind, from)) = star else { return false };
                let from = from.get(1..).unwrap_or_default();
                star = Some((behind, from));
                (pattern, name) = (behind, from);
            }
        }
    }
}
