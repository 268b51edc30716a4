//! Who may do what at the menu: accounts, passwords, hot keys. What was guest text is typed here, so that the trusted side
//! compares and never parses.

mod crypt;
mod secret;

pub use secret::Secret;

/// What guards a menu as a whole.
///
/// Editing, appending and the command line are for whoever may do everything: a superuser, or who knows
/// [`Security::password`]. Where neither is set they are free; unless an entry is locked by a password of its own: what could boot it
/// in another way is then nobody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Security {
    /// GRUB 2's `superusers`, once it is set: empty means that nobody is one.
    pub superusers: Option<Vec<Vec<u8>>>,
    /// GRUB 2's `password` and `password_pbkdf2`, one for each user.
    pub accounts: Vec<Account>,
    /// One password without a user's name: legacy GRUB's `password`, syslinux' `MENU MASTER PASSWD`, lilo's `password=`.
    pub password: Option<Secret>,
}

/// A user and the user's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub user: Vec<u8>,
    /// The password.
    pub secret: Secret,
}

/// What a person sees until the default entry boots by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeoutStyle {
    /// The menu.
    #[default]
    Menu,
    /// The seconds that are left; Escape shows the menu.
    Countdown,
    /// Nothing; Escape shows the menu.
    Hidden,
}

/// The key that chooses an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hotkey {
    /// A printable ASCII character.
    Character(u8),
    /// Backspace.
    Backspace,
    /// Tab.
    Tab,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// F1 to F12.
    Function(u8),
}

impl Hotkey {
    /// By GRUB's names (manual: "menuentry", `--hotkey`): a character, or one of `backspace tab delete insert f1` … `f12`.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            &[character @ b'!'..=b'~'] => Self::Character(character),
            b"backspace" => Self::Backspace,
            b"tab" => Self::Tab,
            b"delete" => Self::Delete,
            b"insert" => Self::Insert,
            [b'f', digits @ ..] => {
                let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
                Self::Function(Some(number).filter(|number| (1..=12).contains(number))?)
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hotkeys_by_name() {
        for (name, expected) in [
            (&b"a"[..], Some(Hotkey::Character(b'a'))),
            (b"f", Some(Hotkey::Character(b'f'))),
            (b"f1", Some(Hotkey::Function(1))),
            (b"f12", Some(Hotkey::Function(12))),
            (b"f13", None),
            (b"f0", None),
            (b"delete", Some(Hotkey::Delete)),
            (b"escape", None),
            (b"\x1b", None),
            (b"", None),
        ] {
            assert_eq!(Hotkey::named(name), expected, "{}", name.escape_ascii());
        }
    }
}
