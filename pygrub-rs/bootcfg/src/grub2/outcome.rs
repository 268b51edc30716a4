//! From items to entries: every body is tried out, and leaves no trace but its result.

use super::commands::names;
use super::eval::Machine;
use super::loaded::Loaded;
use super::menu::Item;
use super::menu_default::{Choice, Numbers, choose, escaped, fallbacks};
use super::source::Source;
use crate::budget::Stop;
use crate::guest::BootFile;
use crate::menu::{BootEntry, Submenu};
use crate::multiboot;
use crate::text::shown;
use std::rc::Rc;

const NO_KERNEL: &str = "not bootable because it loads no kernel";

/// Where a menu stands among the menus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// The titles of the submenus around it.
    parents: Vec<Vec<u8>>,
    submenus: Vec<Submenu>,
    /// `$chosen` of the submenu it is the content of.
    chosen: Option<Vec<u8>>,
    /// What it takes to get there.
    access: Access,
}

/// Who may boot something.
#[derive(Debug, Clone, Default)]
struct Access {
    restricted: bool,
    /// Besides the superusers.
    users: Vec<Vec<u8>>,
}

/// An item's own lock, and those of the submenus around it. Asked before its body runs, as GRUB does it.
fn access(machine: &Machine<'_>, item: &Item, place: &Place) -> Access {
    let around = &place.access;
    let Some(list) = item.users.as_deref().filter(|_| machine.environment.get(b"superusers").is_some())
    else {
        return around.clone();
    };
    let may_get_here = |user: &&[u8]| !around.restricted || around.users.iter().any(|other| other == user);
    let users = names(list).filter(may_get_here).map(<[u8]>::to_vec).collect();
    Access { restricted: true, users }
}

/// Evaluates the items of a menu into `entries` and returns the one that boots when nobody interferes, followed by
/// its fallbacks: indices into `entries`.
///
/// Steps are shared: each item gets an equal part of what is left, and what it does not use goes to the others.
pub(crate) fn evaluate(
    machine: &mut Machine<'_>,
    items: &[Item],
    place: &Place,
    entries: &mut Vec<BootEntry>,
) -> Vec<usize> {
    let specification = machine.environment.get(b"default").map(<[u8]>::to_vec);
    let numbers = if machine.bls_shown.is_empty() { Numbers::Leading } else { Numbers::Last };
    let choice = choose(specification.as_deref(), items, numbers);
    let specified = specification.as_deref().filter(|specification| !specification.is_empty());
    if let (Some(specified), false, false) = (specified, choice.meant, items.is_empty()) {
        let meant = shown(specified);
        machine.notes.add(|| format!("default `{meant}` is not in the menu, so it is the first entry"));
    }
    let fallback = machine
        .environment
        .get(b"fallback")
        .map(|value| fallbacks(value, items, numbers))
        .unwrap_or_default();
    let mut pool = machine.budget.exchange_steps(0);
    let mut candidates = vec![Vec::new(); items.len()];
    for (index, (item, candidate)) in items.iter().zip(&mut candidates).enumerate() {
        let waiting = u64::try_from(items.len().saturating_sub(index)).unwrap_or(u64::MAX);
        let share = pool.checked_div(waiting).unwrap_or(pool);
        machine.budget.exchange_steps(share);
        *candidate = item_outcome(machine, item, (index == choice.index).then_some(&choice), place, entries);
        let unused = machine.budget.exchange_steps(0);
        pool = pool.saturating_sub(share.saturating_sub(unused));
    }
    machine.budget.exchange_steps(pool);
    let order = std::iter::once(choice.index).chain(fallback);
    order.filter_map(|index| candidates.get(index)).flatten().copied().collect()
}

/// One item: its entry, or the entries of its submenu; returns those that it would boot.
fn item_outcome(
    machine: &mut Machine<'_>,
    item: &Item,
    choice: Option<&Choice>,
    place: &Place,
    entries: &mut Vec<BootEntry>,
) -> Vec<usize> {
    let saved = machine.save();
    machine.file = Rc::clone(&item.file);
    machine.line = item.line;
    machine.loaded = Loaded::Nothing;
    machine.problems.clear();
    (machine.failed, machine.failed_ramdisk) = (None, None);
    machine.menu.clear();
    let before = entries.len();
    let printed = machine.output.len();
    let chosen = chosen(place, item);
    let rest = choice.and_then(|choice| choice.rest.as_deref());
    let access = access(machine, item, place);
    if let Some(made) = &item.made {
        entries.push(made_elsewhere(made, before, place, access));
        machine.restore(saved);
        return vec![before];
    }
    let mut stop = run(machine, item, &chosen, rest);
    let mut saved = saved;
    let is_leaf = !item.submenu && stop != Err(Stop::Menu);
    if let Some((_, commands)) = machine.edit.take_if(|(index, _)| is_leaf && *index == before) {
        // What it would have done without being edited is forgotten.
        machine.restore(saved);
        saved = machine.save();
        machine.file = Rc::from("");
        machine.line = 0;
        machine.loaded = Loaded::default();
        machine.problems.clear();
        (machine.failed, machine.failed_ramdisk) = (None, None);
        machine.menu.clear();
        stop = run_edited(machine, item, &chosen, rest, &commands);
        if stop == Err(Stop::Menu) {
            machine.menu.clear();
            machine.problems.push("an edited entry cannot open another menu".to_owned());
            stop = Ok(());
        }
    }
    let opens = (item.submenu && stop.is_ok()) || stop == Err(Stop::Menu);
    let inner = std::mem::take(&mut machine.menu);
    let candidates = if opens {
        let mut parents = place.parents.clone();
        parents.push(item.title().to_vec());
        let mut submenus = place.submenus.clone();
        submenus.push(Submenu { first: before, hotkey: item.hotkey });
        let inside = Place { parents, submenus, chosen: Some(chosen), access: access.clone() };
        match machine.budget.enter() {
            Ok(()) => evaluate(machine, &inner, &inside, entries),
            Err(limit) => {
                let entry = result(machine, item, place, access, Err(Stop::Limit(limit)));
                entries.push(entry);
                Vec::new()
            }
        }
    } else {
        let entry = result(machine, item, place, access, stop);
        entries.push(entry);
        vec![before]
    };
    machine.restore(saved);
    if choice.is_none() {
        // GRUB would not have got here.
        machine.output.truncate(printed);
    }
    candidates
}

/// An entry of another loader's configuration, in its place among the menus.
fn made_elsewhere(made: &BootEntry, index: usize, place: &Place, access: Access) -> BootEntry {
    let mut entry = made.clone();
    // Their numbers were those of its own menu, where it had this one; what is before it has moved it.
    let own = entry
        .submenus
        .split_off(0)
        .into_iter()
        .map(|submenu| Submenu { first: index.saturating_sub(submenu.first), ..submenu });
    entry.submenus = place.submenus.iter().copied().chain(own).collect();
    entry.parents.splice(0..0, place.parents.iter().cloned());
    entry.restricted |= access.restricted;
    entry.users.extend(access.users);
    entry
}

/// `$chosen`: the ids, or titles, on the way to an item.
fn chosen(place: &Place, item: &Item) -> Vec<u8> {
    let own = escaped(item.id_or_title());
    match &place.chosen {
        Some(outer) => [outer.as_slice(), b">", &own].concat(),
        None => own,
    }
}

fn run(machine: &mut Machine<'_>, item: &Item, chosen: &[u8], rest: Option<&[u8]>) -> Result<(), Stop> {
    prepare(machine, item, chosen, rest)?;
    machine.call(&item.body, Rc::clone(&item.arguments))?;
    Ok(())
}

/// The same with commands that a person wrote; what is wrong with one of them does not keep the next from being tried.
fn run_edited(
    machine: &mut Machine<'_>,
    item: &Item,
    chosen: &[u8],
    rest: Option<&[u8]>,
    commands: &[u8],
) -> Result<(), Stop> {
    prepare(machine, item, chosen, rest)?;
    machine.budget.keep(commands.len())?;
    machine.typed_notes = Some(Vec::new());
    let stop = machine.call_source(&Source::from_string(commands, 1), Rc::clone(&item.arguments));
    let notes = machine.typed_notes.take().unwrap_or_default();
    if matches!(machine.loaded, Loaded::Nothing) && !notes.is_empty() {
        machine.problems.push(NO_KERNEL.to_owned());
        machine.problems.extend(notes);
    }
    stop
}

fn prepare(machine: &mut Machine<'_>, item: &Item, chosen: &[u8], rest: Option<&[u8]>) -> Result<(), Stop> {
    if item.submenu {
        machine.environment.open_context(&mut machine.budget)?;
        // Nobody is there to choose: GRUB goes straight through.
        machine.environment.set(b"timeout", b"0", &mut machine.budget)?;
    }
    let chosen_is_short = machine.budget.check_value(chosen.len()).is_ok();
    machine.environment.set(b"chosen", if chosen_is_short { chosen } else { b"" }, &mut machine.budget)?;
    machine.environment.export(b"chosen", &mut machine.budget)?;
    match rest {
        Some(rest) => machine.environment.set(b"default", rest, &mut machine.budget)?,
        None => machine.environment.unset(b"default", &mut machine.budget)?,
    }
    Ok(())
}

/// What the body of an entry came to.
fn result(
    machine: &mut Machine<'_>,
    item: &Item,
    place: &Place,
    access: Access,
    stop: Result<(), Stop>,
) -> BootEntry {
    let mut problems = std::mem::take(&mut machine.problems);
    let (mut kernel, mut ramdisks, mut arguments) = (None, Vec::new(), Vec::new());
    match std::mem::take(&mut machine.loaded) {
        Loaded::Linux { kernel: file, arguments: line, ramdisks: files, .. } => {
            (kernel, arguments, ramdisks) = (Some(file), line, files);
        }
        Loaded::Multiboot { first, modules } => match multiboot::boots(first, modules) {
            Ok((image, files, rest)) => {
                for module in rest {
                    machine.note(&format!("the module `{}` is left out", shown(&module.path)));
                }
                (kernel, ramdisks) = (Some(image.file.into()), files);
                arguments = image.arguments;
            }
            Err(why) => problems.push(why),
        },
        Loaded::Bsd { kernel: file, arguments: mut line, freebsd } => {
            if freebsd {
                freebsd_environment(machine, &mut line);
            }
            (kernel, arguments) = (Some(file.into()), line);
        }
        Loaded::Unbootable(why) => problems.push(why),
        Loaded::Other(name) => {
            problems.push(format!("not bootable because `{name}` is not supported yet"));
        }
        Loaded::Nothing => {}
    }
    match stop {
        Err(Stop::Limit(limit)) => {
            let (file, line) = (&machine.file, machine.line);
            problems.push(format!(
                "{file}:{line}: the limit {limit} ({}) is exceeded",
                machine.limits.value(limit)
            ));
        }
        Err(Stop::Leave(name)) => problems.push(format!("not bootable because it runs `{name}`")),
        Ok(()) | Err(Stop::Boot | Stop::Menu) => {}
    }
    // GRUB says so, waits for a key and goes on: the kernel then ends where nobody sees it.
    if let Some(why) = machine.failed_ramdisk.take().filter(|_| ramdisks.is_empty()) {
        problems.push(format!("not bootable because {why}"));
    }
    if kernel.is_none() && problems.is_empty() {
        match machine.failed.take() {
            None => problems.push(NO_KERNEL.to_owned()),
            // What it would have booted is shown with why it does not.
            Some(failed) => {
                problems.push(format!("not bootable because {}", failed.why));
                (kernel, arguments) = (failed.kernel.map(BootFile::from), failed.arguments);
            }
        }
    }
    BootEntry {
        title: item.title().to_vec(),
        id: item.id.clone(),
        parents: place.parents.clone(),
        submenus: place.submenus.clone(),
        root: machine.environment.get(b"root").unwrap_or_default().to_vec(),
        kernel,
        ramdisks,
        arguments,
        restricted: access.restricted,
        users: access.users,
        hotkey: item.hotkey,
        source: item.source.clone(),
        problems,
        ..BootEntry::default()
    }
}

/// GRUB hands FreeBSD's kernel the variables `kFreeBSD.*` as its environment; without a loader it takes them from its
/// command line, parted by commas (sys/x86/xen/pv.c).
fn freebsd_environment(machine: &mut Machine<'_>, line: &mut Vec<u8>) {
    for (name, value) in machine.environment.with_prefix(b"kFreeBSD.") {
        if value.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b',') {
            let name = shown(name);
            machine.notes.add(|| format!("`kFreeBSD.{name}` is left out: the kernel would take it apart"));
            continue;
        }
        if line.len().saturating_add(name.len()).saturating_add(value.len()) > machine.limits.max_value_bytes
        {
            machine.notes.add(|| "FreeBSD's environment is too long, and cut".to_owned());
            return;
        }
        if !line.is_empty() {
            line.push(b',');
        }
        line.extend([name, b"=", value].concat());
    }
}

/// What is loaded when a configuration runs `boot` outside any entry.
pub(crate) fn without_menu(machine: &mut Machine<'_>) -> BootEntry {
    let item = Item {
        arguments: Rc::new(vec![b"boot".to_vec()]),
        file: Rc::clone(&machine.file),
        line: machine.line,
        ..Item::default()
    };
    result(machine, &item, &Place::default(), Access::default(), Ok(()))
}
