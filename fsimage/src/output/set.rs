//! Files that belong together: they appear in a directory under fixed names, all of them or none.

use super::{Draft, Existing, OutputDirectory, with_random_name};
use crate::{Error, ErrorKind, Result};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, mkdirat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What a new directory's permissions are before the caller's mask: what everybody may write to, we would refuse ourselves.
const DIRECTORY: u32 = 0o775;
/// What the directory's name begins with while not all files are in it.
const UNFINISHED: &str = ".fsimage.partial";

/// A directory for a set of files: one that exists, or one that comes into being with the set in it.
#[derive(Debug)]
pub struct Folder {
    /// The directory; of one that is to be, the one above.
    directory: OutputDirectory,
    /// The name of one that is to be.
    new: Option<OsString>,
    path: PathBuf,
}

impl Folder {
    /// An existing directory, or the path of one that is to be in a directory that exists.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// use fsimage::output::Folder;
    ///
    /// # let path = image.with_extension("set");
    /// # std::fs::create_dir(&path).expect("a folder");
    /// let folder = Folder::open(&path)?;
    /// let names = ["kernel", "ramdisk"];
    /// folder.check(&names, false)?;
    /// let drafts = vec![(folder.draft("kernel")?, "kernel"), (folder.draft("ramdisk")?, "ramdisk")];
    /// folder.publish(drafts, &names, false)?;
    /// assert!(path.join("kernel").exists() && path.join("ramdisk").exists());
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`OutputDirectory::open`].
    pub fn open(path: &Path) -> Result<Self> {
        let absolute = std::path::absolute(path).map_err(|why| Error::io(path.display(), why))?;
        // Without a slash at the end, which would follow a link.
        let path: PathBuf = absolute.components().collect();
        let is_free = path.symlink_metadata().is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound);
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if is_free => {
                Ok(Self { directory: OutputDirectory::open(parent)?, new: Some(name.to_owned()), path })
            }
            _ => Ok(Self { directory: OutputDirectory::open(&path)?, new: None, path }),
        }
    }

    /// Its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses names that something has, as far as that can be said before any file is made. With `replace` only what is no
    /// file stands in the way.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`].
    pub fn check(&self, names: &[&str], replace: bool) -> Result<()> {
        if self.new.is_some() {
            return Ok(());
        }
        names.iter().try_for_each(|name| match (self.directory.existing(OsStr::new(name))?, replace) {
            (Existing::Free, _) | (Existing::File | Existing::Symlink, true) => Ok(()),
            (Existing::File | Existing::Symlink, false) => Err(self.exists(name)),
            (Existing::Directory | Existing::Special, _) => {
                let why = format!("{}: it exists and is no file", self.path.join(name).display());
                Err(Error::new(ErrorKind::InvalidArgument, why))
            }
        })
    }

    /// Begins a file of the set.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn draft(&self, name: &str) -> Result<Draft<'_>> {
        self.directory.draft(name)
    }

    /// Gives the files their names. `names` are all that the set may have; one of them without a file in `drafts` has none
    /// afterwards.
    ///
    /// A directory that did not exist appears with all files in it. In one that exists they appear one by one, the last of
    /// `drafts` last; what it replaces goes first: where the last one is, all are, and of one set.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when a name is taken and not to be replaced, [`ErrorKind::Io`]; then nothing has
    /// appeared.
    pub fn publish(&self, mut drafts: Vec<(Draft<'_>, &str)>, names: &[&str], replace: bool) -> Result<()> {
        self.check(names, replace)?;
        match &self.new {
            Some(name) => self.publish_new(&mut drafts, name),
            None if replace => self.replace(&mut drafts, names),
            None => self.link_all(&mut drafts),
        }
    }

    fn publish_new(&self, drafts: &mut [(Draft<'_>, &str)], name: &OsStr) -> Result<()> {
        let failed = |errno| match errno {
            Errno::EXIST | Errno::NOTEMPTY => {
                Error::new(ErrorKind::InvalidArgument, format!("{}: it exists by now", self.path.display()))
            }
            other => Error::os(self.path.display(), other),
        };
        let parent = &self.directory.descriptor;
        let ((), hidden) =
            with_random_name(UNFINISHED, |hidden| mkdirat(parent, hidden, Mode::from_raw_mode(DIRECTORY)))
                .map_err(failed)?;
        let mut linked = Vec::new();
        let published = (|| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let directory = openat(parent, hidden.as_str(), flags, Mode::empty())?;
            for (draft, name) in drafts {
                draft.link_into(&directory, OsStr::new(name))?;
                linked.push(*name);
            }
            match renameat_with(parent, hidden.as_str(), parent, name, RenameFlags::NOREPLACE) {
                // Without the flag at least nothing but an empty directory is replaced.
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                    renameat(parent, hidden.as_str(), parent, name)
                }
                other => other,
            }
        })();
        published.map_err(|errno| {
            for name in linked {
                let _ = unlinkat(parent, Path::new(&hidden).join(name), AtFlags::empty());
            }
            let _ = unlinkat(parent, hidden.as_str(), AtFlags::REMOVEDIR);
            failed(errno)
        })
    }

    fn link_all(&self, drafts: &mut [(Draft<'_>, &str)]) -> Result<()> {
        let directory = &self.directory.descriptor;
        let mut linked: Vec<&str> = Vec::new();
        for (draft, name) in drafts {
            if let Err(errno) = draft.link_into(directory, OsStr::new(name)) {
                for name in linked {
                    let _ = unlinkat(directory, name, AtFlags::empty());
                }
                return Err(match errno {
                    Errno::EXIST => self.exists(name),
                    other => Error::os(self.path.join(name).display(), other),
                });
            }
            linked.push(name);
        }
        Ok(())
    }

    /// Everything that can fail for want of space comes before the first name changes.
    fn replace(&self, drafts: &mut [(Draft<'_>, &str)], names: &[&str]) -> Result<()> {
        let directory = &self.directory.descriptor;
        let failed = |name: &str, errno| Error::os(self.path.join(name).display(), errno);
        for (draft, name) in drafts.iter_mut() {
            draft.hide().map_err(|errno| failed(name, errno))?;
        }
        let Some((_, last)) = drafts.last() else { return Ok(()) };
        let gone = names.iter().filter(|name| !drafts.iter().any(|(_, other)| other == *name));
        for name in [last].into_iter().chain(gone) {
            match unlinkat(directory, *name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed(name, errno)),
            }
        }
        drafts.iter_mut().try_for_each(|(draft, name)| {
            draft.rename_to(OsStr::new(name)).map_err(|errno| failed(name, errno))
        })
    }

    fn exists(&self, name: &str) -> Error {
        let why = format!("{}: it exists", self.path.join(name).display());
        Error::new(ErrorKind::InvalidArgument, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::AsFd;
    use std::collections::BTreeMap;

    const NAMES: [&str; 3] = ["ramdisk", "cmdline", "kernel"];

    fn publish(folder: &Folder, files: &[(&'static str, &str)], replace: bool) -> Result<()> {
        let drafts = files.iter().map(|(name, text)| {
            let draft = folder.draft(name)?;
            rustix::io::pwrite(draft.as_fd(), text.as_bytes(), 0)
                .map_err(|errno| Error::os("test", errno))?;
            Ok((draft, *name))
        });
        folder.publish(drafts.collect::<Result<_>>()?, &NAMES, replace)
    }

    /// All that is there, hidden or not.
    fn contents(path: &Path) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(entry.path()).unwrap_or_default())
            })
            .collect()
    }

    fn owned(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_new_directory_appears_with_all_files() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("boot");
        let folder = Folder::open(&path).unwrap();
        let files = [("ramdisk", "r"), ("cmdline", "c"), ("kernel", "k")];
        publish(&folder, &files, false).unwrap();
        assert_eq!(contents(&path), owned(&files));
        assert_eq!(contents(above.path()).len(), 1);
        // Somebody else was faster.
        let refused = publish(&folder, &files, false).unwrap_err();
        assert!(refused.message().ends_with("it exists by now"), "{refused}");
        assert_eq!(contents(above.path()).len(), 1);
    }

    #[test]
    fn an_existing_directory_keeps_what_it_has() {
        let above = tempfile::tempdir().unwrap();
        std::fs::write(above.path().join("other"), "o").unwrap();
        std::fs::write(above.path().join("cmdline"), "old").unwrap();
        let folder = Folder::open(above.path()).unwrap();
        let files = [("ramdisk", "r"), ("cmdline", "c"), ("kernel", "k")];
        let refused = publish(&folder, &files, false).unwrap_err();
        assert!(refused.message().ends_with("cmdline: it exists"), "{refused}");
        assert_eq!(contents(above.path()), owned(&[("cmdline", "old"), ("other", "o")]));
        publish(&folder, &files, true).unwrap();
        assert_eq!(contents(above.path()), owned(&[files[0], files[1], files[2], ("other", "o")]));
        // A set without a ramdisk leaves none of an older one.
        publish(&folder, &[("cmdline", "c2"), ("kernel", "k2")], true).unwrap();
        assert_eq!(contents(above.path()), owned(&[("cmdline", "c2"), ("kernel", "k2"), ("other", "o")]));
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let above = tempfile::tempdir().unwrap();
        std::fs::create_dir(above.path().join("kernel")).unwrap();
        let folder = Folder::open(above.path()).unwrap();
        let refused = publish(&folder, &[("cmdline", "c"), ("kernel", "k")], true).unwrap_err();
        assert!(refused.message().ends_with("kernel: it exists and is no file"), "{refused}");
        assert_eq!(contents(above.path()).len(), 1);
    }

    #[test]
    fn a_link_in_the_way_is_replaced_and_not_followed() {
        let above = tempfile::tempdir().unwrap();
        let (inside, outside) = (above.path().join("boot"), above.path().join("outside"));
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(&outside, "mine").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("kernel")).unwrap();
        let folder = Folder::open(&inside).unwrap();
        publish(&folder, &[("cmdline", "c"), ("kernel", "k")], true).unwrap();
        assert_eq!(contents(&inside), owned(&[("cmdline", "c"), ("kernel", "k")]));
        assert_eq!(std::fs::read_to_string(outside).unwrap(), "mine");
    }
}
