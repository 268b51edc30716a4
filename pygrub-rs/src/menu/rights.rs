//! Who may do what, and what was shown so far (CVE-2009-3525: a password that is set counts at the console, too).

use super::secrets::{self, TooDear};
use fsimage::protocol::{Secret, SecurityReport};
use std::collections::BTreeSet;

/// What an entry asks for.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    /// Who boots it has to show a right.
    pub(crate) restricted: bool,
    /// Who may, besides the superusers.
    pub(crate) users: Vec<Vec<u8>>,
    /// A password that opens it.
    pub(crate) password: Option<Secret>,
}

/// What a person wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed<'a> {
    /// Boot an entry as it is.
    Boot(usize, &'a Lock),
    /// Change an entry before it boots.
    Edit(usize, &'a Lock),
    /// Anything at all: the command line.
    Anything,
}

/// Whether it may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Granted,
    /// Once a user has shown who it is.
    AskUser,
    /// Once a password was given.
    AskPassword,
    /// Never: nothing could be shown that opens it.
    Never,
}

/// The menu's guards, and what was shown to them.
#[derive(Debug)]
pub(crate) struct Rights {
    security: SecurityReport,
    /// Some entry is locked: there is something to guard even where nothing guards the menu as a whole.
    any_lock: bool,
    users: BTreeSet<Vec<u8>>,
    master: bool,
    opened: BTreeSet<usize>,
}

impl Rights {
    pub(crate) fn new(security: SecurityReport, any_lock: bool) -> Self {
        Self { security, any_lock, users: BTreeSet::new(), master: false, opened: BTreeSet::new() }
    }

    /// Whether there is anything that `p` could unlock.
    pub(crate) fn can_unlock(&self) -> bool {
        matches!(self.verdict(Deed::Anything), Verdict::AskUser | Verdict::AskPassword)
    }

    /// Whether a deed may be done, and else what has to come first.
    pub(crate) fn verdict(&self, deed: Deed<'_>) -> Verdict {
        if self.everything() {
            return Verdict::Granted;
        }
        match deed {
            Deed::Boot(_, lock) if !lock.restricted => Verdict::Granted,
            Deed::Boot(index, lock) => {
                let named = lock.users.iter().any(|user| self.users.contains(user));
                match named || self.opened.contains(&index) {
                    true => Verdict::Granted,
                    false => self.question(Some(lock)),
                }
            }
            // What guards the whole menu guards this as well; an entry's own password opens only where nothing does.
            Deed::Edit(index, lock) if !self.has_guard() => {
                match (&lock.password, self.opened.contains(&index)) {
                    (Some(_), true) => Verdict::Granted,
                    (Some(_), false) => Verdict::AskPassword,
                    (None, _) => Verdict::Never,
                }
            }
            Deed::Edit(..) | Deed::Anything => self.question(None),
        }
    }

    fn has_guard(&self) -> bool {
        self.security.superusers.is_some() || self.security.password.is_some()
    }

    /// Whether nothing is guarded, or whoever may do everything is there.
    fn everything(&self) -> bool {
        let superusers = self.security.superusers.iter().flat_map(|list| &list.0);
        let is_there = superusers.into_iter().any(|user| self.users.contains(&user.0));
        self.master || is_there || !(self.has_guard() || self.any_lock)
    }

    fn question(&self, lock: Option<&Lock>) -> Verdict {
        let own = lock.is_some_and(|lock| lock.password.is_some());
        if self.security.superusers.is_some() {
            Verdict::AskUser
        } else if self.security.password.is_some() || own {
            Verdict::AskPassword
        } else {
            Verdict::Never
        }
    }

    /// A user and a password were given: whether they fit. What they are good for, [`Rights::verdict`] tells.
    ///
    /// # Errors
    /// The guest wants more work for it than anybody waits for.
    pub(crate) fn log_in(&mut self, user: &[u8], password: &[u8]) -> Result<bool, TooDear> {
        let account = self.security.accounts.0.iter().find(|account| account.user.0 == user);
        let fits = match account {
            Some(account) => secrets::fits(&account.secret, password)?,
            None => false,
        };
        if fits {
            self.users.insert(user.to_vec());
        }
        Ok(fits)
    }

    /// A password was given, for the menu as a whole or also for an entry: whether it fits one of them.
    ///
    /// # Errors
    /// As of [`Rights::log_in`].
    pub(crate) fn open(&mut self, entry: Option<(usize, &Lock)>, password: &[u8]) -> Result<bool, TooDear> {
        let master = match &self.security.password {
            Some(secret) => secrets::fits(secret, password)?,
            None => false,
        };
        let own = match entry.and_then(|(_, lock)| lock.password.as_ref()) {
            Some(secret) => secrets::fits(secret, password)?,
            None => false,
        };
        self.master |= master;
        if let Some((index, _)) = entry.filter(|_| own) {
            self.opened.insert(index);
        }
        Ok(master || own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fsimage::protocol::{Account, Bytes, List};

    fn plain(text: &str) -> Secret {
        Secret::Plain { text: Bytes::from(text.as_bytes()) }
    }

    fn open() -> SecurityReport {
        SecurityReport { superusers: None, accounts: List(Vec::new()), password: None }
    }

    fn grub() -> SecurityReport {
        let account =
            |user: &str| Account { user: Bytes::from(user.as_bytes()), secret: plain(&format!("{user}'s")) };
        SecurityReport {
            superusers: Some(List(vec![Bytes::from(&b"root"[..])])),
            accounts: List(vec![account("root"), account("bob")]),
            password: None,
        }
    }

    fn lock(restricted: bool, users: &[&str], password: Option<&str>) -> Lock {
        let users = users.iter().map(|user| user.as_bytes().to_vec()).collect();
        Lock { restricted, users, password: password.map(plain) }
    }

    #[test]
    fn without_locks_everything_is_free() {
        let rights = Rights::new(open(), false);
        for deed in
            [Deed::Anything, Deed::Edit(0, &lock(false, &[], None)), Deed::Boot(0, &lock(false, &[], None))]
        {
            assert_eq!(rights.verdict(deed), Verdict::Granted);
        }
        assert!(!rights.can_unlock());
    }

    #[test]
    fn superusers_may_everything_and_users_what_they_are_named_for() {
        let mut rights = Rights::new(grub(), true);
        let (free, bobs, roots) = (lock(false, &[], None), lock(true, &["bob"], None), lock(true, &[], None));
        assert_eq!(rights.verdict(Deed::Boot(0, &free)), Verdict::Granted);
        for deed in [Deed::Boot(1, &bobs), Deed::Boot(2, &roots), Deed::Edit(0, &free), Deed::Anything] {
            assert_eq!(rights.verdict(deed), Verdict::AskUser, "{deed:?}");
        }
        assert!(!rights.log_in(b"bob", b"root's").unwrap());
        assert!(!rights.log_in(b"eve", b"").unwrap());
        assert_eq!(rights.verdict(Deed::Boot(1, &bobs)), Verdict::AskUser);
        assert!(rights.log_in(b"bob", b"bob's").unwrap());
        assert_eq!(rights.verdict(Deed::Boot(1, &bobs)), Verdict::Granted);
        for deed in [Deed::Boot(2, &roots), Deed::Edit(1, &bobs), Deed::Anything] {
            assert_eq!(rights.verdict(deed), Verdict::AskUser, "{deed:?}");
        }
        assert!(rights.log_in(b"root", b"root's").unwrap());
        for deed in [Deed::Boot(2, &roots), Deed::Edit(1, &bobs), Deed::Anything] {
            assert_eq!(rights.verdict(deed), Verdict::Granted, "{deed:?}");
        }
    }

    #[test]
    fn superusers_that_name_nobody_let_nobody_in() {
        let security = SecurityReport { superusers: Some(List(Vec::new())), ..grub() };
        let mut rights = Rights::new(security, true);
        assert!(rights.log_in(b"root", b"root's").unwrap());
        assert_eq!(rights.verdict(Deed::Anything), Verdict::AskUser);
    }

    #[test]
    fn the_menus_password_opens_everything() {
        let security = SecurityReport { password: Some(plain("menu")), ..open() };
        let mut rights = Rights::new(security, true);
        let (free, own) = (lock(false, &[], None), lock(true, &[], Some("own")));
        assert_eq!(rights.verdict(Deed::Boot(0, &free)), Verdict::Granted);
        assert_eq!(rights.verdict(Deed::Edit(0, &free)), Verdict::AskPassword);
        // An entry's own password boots that entry, and edits nothing.
        assert!(rights.open(Some((1, &own)), b"own").unwrap());
        assert_eq!(rights.verdict(Deed::Boot(1, &own)), Verdict::Granted);
        assert_eq!(rights.verdict(Deed::Boot(2, &own)), Verdict::AskPassword);
        assert_eq!(rights.verdict(Deed::Edit(1, &own)), Verdict::AskPassword);
        assert_eq!(rights.verdict(Deed::Anything), Verdict::AskPassword);
        assert!(!rights.open(None, b"own").unwrap());
        assert!(rights.open(None, b"menu").unwrap());
        for deed in [Deed::Boot(2, &own), Deed::Edit(1, &own), Deed::Anything] {
            assert_eq!(rights.verdict(deed), Verdict::Granted, "{deed:?}");
        }
    }

    /// Without a password for the menu, an entry's own must not be walked around by way of another entry or the command line.
    #[test]
    fn where_only_an_entry_is_locked_nobody_gets_around_it() {
        let mut rights = Rights::new(open(), true);
        let (free, own) = (lock(false, &[], None), lock(true, &[], Some("own")));
        assert_eq!(rights.verdict(Deed::Boot(0, &free)), Verdict::Granted);
        assert_eq!(rights.verdict(Deed::Edit(0, &free)), Verdict::Never);
        assert_eq!(rights.verdict(Deed::Anything), Verdict::Never);
        assert!(!rights.can_unlock());
        assert_eq!(rights.verdict(Deed::Edit(1, &own)), Verdict::AskPassword);
        assert!(rights.open(Some((1, &own)), b"own").unwrap());
        assert_eq!(rights.verdict(Deed::Edit(1, &own)), Verdict::Granted);
        assert_eq!(rights.verdict(Deed::Anything), Verdict::Never);
    }

    /// lilo's `restricted`: it boots, but only as it is.
    #[test]
    fn a_password_may_guard_changes_alone() {
        let rights = Rights::new(open(), true);
        let entry = lock(false, &[], Some("own"));
        assert_eq!(rights.verdict(Deed::Boot(0, &entry)), Verdict::Granted);
        assert_eq!(rights.verdict(Deed::Edit(0, &entry)), Verdict::AskPassword);
    }
}
