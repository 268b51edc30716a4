//! Answers for a person at the menu: commands shown, edited, typed and completed.

use super::menu::{OpenGuest, entry_report, report};
use super::volumes::Volumes;
use bootcfg::{BootEntry, BootMenu, Limits};
use fsimage_protocol::{
    Account, Bytes, CommandEnd, Hash, Hotkey, List, MAX_LINE, MAX_LINES, MAX_SOURCE, MAX_USERS, Name, Reply,
    Secret, SecurityReport,
};
use fsimage_sdk::{Error, ErrorKind, Result};

/// Output told together with what boots: both have to fit one message.
const OUTPUT_BESIDE_ENTRY: usize = 4 << 10;

type Lines = List<Bytes<MAX_LINE>, MAX_LINES>;

fn entry(menu: &BootMenu, index: u32) -> Result<(usize, &BootEntry)> {
    let place = usize::try_from(index).unwrap_or(usize::MAX);
    let entry = menu.entries.get(place).map(|entry| (place, entry));
    entry.ok_or_else(|| {
        Error::new(ErrorKind::InvalidArgument, format!("entry {index} of {}", menu.entries.len()))
    })
}

pub(super) fn source(menu: &BootMenu, index: u32) -> Result<Reply> {
    let (_, entry) = entry(menu, index)?;
    match &entry.source {
        Some(source) if source.len() > MAX_SOURCE => Err(Error::limit(format!(
            "the entry's commands have {} bytes, and at most {MAX_SOURCE} are edited",
            source.len()
        ))),
        source => Ok(Reply::EntrySource { text: source.as_ref().map(|text| Bytes(text.to_vec())) }),
    }
}

pub(super) fn evaluate(
    volumes: &Volumes,
    menu: &BootMenu,
    index: u32,
    commands: &[u8],
    limits: &Limits,
) -> Result<Reply> {
    let (place, _) = entry(menu, index)?;
    let guest = OpenGuest::new(volumes);
    let entry = bootcfg::edited(&guest, menu, place, commands, limits).map_err(Error::corrupt)?;
    Ok(Reply::MenuEntry { entry: entry_report(&entry) })
}

/// What lines at the prompt came to, and the menu that they open, if they do.
pub(super) fn command_line(
    volumes: &Volumes,
    menu: &BootMenu,
    lines: &Lines,
    limits: &Limits,
) -> Result<(Reply, Option<BootMenu>)> {
    let guest = OpenGuest::new(volumes);
    let lines: Vec<&[u8]> = lines.0.iter().map(|line| line.0.as_slice()).collect();
    let mut printed = bootcfg::command_line(&guest, menu, &lines, limits);
    let mut opened = None;
    let (end, room) = match &printed.end {
        bootcfg::CommandEnd::Opens(candidate) => match bootcfg::evaluate(&guest, candidate.clone(), limits) {
            Ok(other) if !other.entries.is_empty() => {
                let end = CommandEnd::Opens { menu: Box::new(report(&other)) };
                opened = Some(other);
                (end, 0)
            }
            // GRUB comes back to its prompt.
            Ok(_) => (CommandEnd::Waits {}, fsimage_protocol::MAX_OUTPUT),
            Err(why) => {
                printed.output.extend(format!("error: {why}.\n").bytes());
                (CommandEnd::Waits {}, fsimage_protocol::MAX_OUTPUT)
            }
        },
        bootcfg::CommandEnd::Waits => (CommandEnd::Waits {}, fsimage_protocol::MAX_OUTPUT),
        bootcfg::CommandEnd::Leaves => (CommandEnd::Leaves {}, fsimage_protocol::MAX_OUTPUT),
        bootcfg::CommandEnd::Boots(entry) => {
            (CommandEnd::Boots { entry: Box::new(entry_report(entry)) }, OUTPUT_BESIDE_ENTRY)
        }
    };
    let output = printed.output.get(..room).unwrap_or(&printed.output);
    Ok((Reply::Printed { output: Bytes::cut(output), end }, opened))
}

pub(super) fn complete(
    volumes: &Volumes,
    menu: &BootMenu,
    lines: &Lines,
    line: &[u8],
    limits: &Limits,
) -> Result<Reply> {
    let guest = OpenGuest::new(volumes);
    let lines: Vec<&[u8]> = lines.0.iter().map(|line| line.0.as_slice()).collect();
    let found = bootcfg::complete(&guest, menu, &lines, line, limits);
    Ok(Reply::Completions {
        replaces: u32::try_from(found.replaces).unwrap_or(0),
        common: Bytes::cut(&found.common),
        candidates: List::cut(found.candidates.iter().map(|candidate| Bytes::cut(candidate))),
    })
}

/// Names that do not fit are left out: fewer may do something, never more.
pub(super) fn names(names: &[Vec<u8>]) -> List<Name, MAX_USERS> {
    List::cut(names.iter().filter(|name| name.len() <= 256).map(|name| Bytes(name.clone())))
}

pub(super) fn security(security: &bootcfg::Security) -> SecurityReport {
    let accounts = security.accounts.iter().filter(|account| account.user.len() <= 256);
    let account = |account: &bootcfg::Account| Account {
        user: Bytes(account.user.clone()),
        secret: secret(&account.secret),
    };
    SecurityReport {
        superusers: security.superusers.as_ref().map(|list| names(list)),
        accounts: List::cut(accounts.map(account)),
        password: security.password.as_ref().map(secret),
    }
}

/// One that does not fit opens nothing.
pub(super) fn secret(secret: &bootcfg::Secret) -> Secret {
    use bootcfg::Secret as From;
    const ROOM: usize = 1024;
    match secret {
        From::Plain(text) if text.len() <= ROOM => Secret::Plain { text: Bytes(text.clone()) },
        From::Pbkdf2Sha512 { rounds, salt, hash } if salt.len() <= ROOM && hash.len() <= ROOM => {
            Secret::Pbkdf2Sha512 { rounds: *rounds, salt: Bytes(salt.clone()), hash: Bytes(hash.clone()) }
        }
        From::Md5Crypt { salt, hash } => Secret::Md5Crypt { salt: Bytes::cut(salt), hash: Hash(*hash) },
        From::SaltedSha1 { salt, hash } => Secret::SaltedSha1 { salt: Bytes::cut(salt), hash: Hash(*hash) },
        From::Sha256Crypt { rounds, salt, hash } => {
            Secret::Sha256Crypt { rounds: *rounds, salt: Bytes::cut(salt), hash: Hash(*hash) }
        }
        From::Sha512Crypt { rounds, salt, hash } => {
            Secret::Sha512Crypt { rounds: *rounds, salt: Bytes::cut(salt), hash: Hash(*hash) }
        }
        From::Plain(_) | From::Pbkdf2Sha512 { .. } | From::Unusable(_) => Secret::Unusable {},
    }
}

pub(super) fn hotkey(hotkey: bootcfg::Hotkey) -> Hotkey {
    match hotkey {
        bootcfg::Hotkey::Character(character) => Hotkey::Character { character },
        bootcfg::Hotkey::Backspace => Hotkey::Backspace {},
        bootcfg::Hotkey::Tab => Hotkey::Tab {},
        bootcfg::Hotkey::Delete => Hotkey::Delete {},
        bootcfg::Hotkey::Insert => Hotkey::Insert {},
        bootcfg::Hotkey::Function(number) => Hotkey::Function { number },
    }
}
