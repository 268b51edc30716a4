//! Entries that are unified kernel images: `/EFI/Linux/*.efi` (UAPI.1, "Type #2").

use super::entry::Entry;
use super::{IMAGES, Search};
use crate::bls::counter;
use crate::bls::lines::key_values;
use crate::guest::{FileRef, VolumeId, file_name};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::uki::Image;

/// What an os-release file says of what it is, as far as it is asked.
#[derive(Default)]
struct Release<'a> {
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    sort_key: Option<&'a [u8]>,
}

impl<'a> Release<'a> {
    /// The first of each list that is given (systemd-boot's order).
    fn of(text: &'a [u8]) -> Self {
        let pairs: Vec<(&[u8], &[u8])> = key_values(text, b"=").collect();
        let first = |keys: &[&[u8]]| -> Option<&'a [u8]> {
            let last =
                |key: &&[u8]| pairs.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value);
            keys.iter().find_map(last)
        };
        Self {
            name: first(&[b"PRETTY_NAME", b"IMAGE_ID", b"NAME", b"ID"]),
            version: first(&[b"IMAGE_VERSION", b"VERSION", b"VERSION_ID", b"BUILD_ID"]),
            sort_key: first(&[b"IMAGE_ID", b"ID"]),
        }
    }
}

impl Search<'_> {
    pub(super) fn add_images(&mut self, volume: VolumeId) -> Result<(), LimitName> {
        for name in self.files(volume, IMAGES, b".efi")? {
            let path = [IMAGES.as_bytes(), b"/", &name].concat();
            self.add_image(FileRef { volume, path }, false)?;
        }
        Ok(())
    }

    /// An entry for each profile of an image. What is no image is noted, unless it was only worth a try.
    pub(super) fn add_image(&mut self, file: FileRef, a_try: bool) -> Result<(), LimitName> {
        self.budget.look()?;
        let name = file_name(&file.path);
        let counted = counter::parse(name, b".efi");
        let file_id = counted.name.to_ascii_lowercase();
        let image = match Image::open(self.guest, &file) {
            Ok(Some(image)) => image,
            Ok(None) => {
                if !a_try {
                    self.note(&file, "left out, it is no unified kernel image");
                }
                return Ok(());
            }
            Err(why) => {
                let boots =
                    BootEntry { id: Some(file_id.clone()), problems: vec![why], ..BootEntry::default() };
                return self.push(Entry { id: file_id.clone(), file_id, boots, ..Entry::default() });
            }
        };
        for profile in 0..image.profiles() {
            self.budget.look()?;
            let mut entry = Entry {
                id: file_id.clone(),
                file_id: file_id.clone(),
                profile,
                tries: counted.tries,
                ..Entry::default()
            };
            if let Err(problem) = self.describe(&image, profile, &mut entry) {
                entry.boots.problems.push(problem);
            }
            match image.boots(self.guest, profile, self.limits.max_value_bytes) {
                Ok(boots) => {
                    entry.boots.kernel = Some(boots.kernel);
                    entry.boots.ramdisks = boots.ramdisks;
                    entry.boots.arguments = boots.arguments.unwrap_or_default();
                }
                Err(why) => entry.boots.problems.push(why),
            }
            entry.boots.id = Some(entry.id.clone());
            self.push(entry)?;
        }
        Ok(())
    }

    /// The title, version and sort key, from `.osrel` and `.profile`.
    fn describe(&mut self, image: &Image, profile: usize, entry: &mut Entry) -> Result<(), String> {
        let max = self.limits.max_value_bytes;
        let osrel = image.text(self.guest, profile, b".osrel", max)?;
        // systemd-boot shows none without; what boots is worth showing all the same, at the end of the menu.
        let osrel = osrel.unwrap_or_default();
        let release = Release::of(&osrel);
        entry.version = release.version.map(<[u8]>::to_vec);
        entry.sort_key = release.sort_key.map(<[u8]>::to_vec);
        let text = image.text(self.guest, profile, b".profile", max)?.unwrap_or_default();
        let key = |key: &[u8]| key_values(&text, b"=").find(|(name, _)| *name == key).map(|(_, value)| value);
        let (id, title) = (key(b"ID"), key(b"TITLE"));
        let number = profile.to_string();
        if profile > 0 {
            entry.id = [entry.file_id.as_slice(), b"@", id.unwrap_or(number.as_bytes())].concat();
        }
        let numbered = format!("Profile #{}", profile.saturating_add(1));
        let addition = match (title, profile) {
            (Some(title), _) => Some(title),
            (None, 0) => None,
            (None, _) => Some(id.unwrap_or(numbered.as_bytes())),
        };
        entry.title = release.name.map(|name| match addition {
            Some(addition) => [name, b" (", addition, b")"].concat(),
            None => name.to_vec(),
        });
        Ok(())
    }
}
