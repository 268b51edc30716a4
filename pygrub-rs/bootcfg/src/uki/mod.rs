//! Unified kernel images: a kernel, its ramdisk and its command line as sections of one PE file
//! ([UAPI.5](https://uapi-group.org/specifications/specs/unified_kernel_image/)).
//!
//! The stub inside would take them apart when the firmware runs it; a domain builder is handed the parts.

mod pe;

use crate::guest::{BootFile, FileKind, FileRef, Guest, Section};
use crate::text::shown;
use pe::PeSection;

/// systemd's limit.
const MAX_PROFILES: usize = 256;
/// What one read of a guest's file may be.
const PIECE: usize = 64 << 10;

/// A PE file that has a kernel in it.
#[derive(Debug)]
pub(crate) struct Image {
    file: FileRef,
    sections: Vec<PeSection>,
}

/// What one of the image's profiles boots.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Boots {
    pub(crate) kernel: BootFile,
    /// Microcode first: a kernel looks for it at the beginning.
    pub(crate) ramdisks: Vec<BootFile>,
    /// `.cmdline`; `None` when there is none.
    pub(crate) arguments: Option<Vec<u8>>,
}

impl Image {
    /// The image in a file; `None` when that is no PE file, or one without a kernel.
    ///
    /// # Errors
    /// It is a PE file, and broken.
    pub(crate) fn open(guest: &dyn Guest, file: &FileRef) -> Result<Option<Self>, String> {
        let status = guest.status(file.volume, &file.path).filter(|status| status.kind == FileKind::File);
        let Some(status) = status else { return Ok(None) };
        let mut read = |offset, length| {
            let piece = guest.read_at(file.volume, &file.path, offset, length);
            match piece.map_err(|error| shown(error.message.as_bytes())) {
                Ok(bytes) if bytes.len() == length => Ok(bytes),
                Ok(bytes) => Err(format!("{} of {length} bytes at {offset:#x}", bytes.len())),
                Err(why) => Err(why),
            }
        };
        let sections = pe::sections(&mut read, status.size).map_err(|error| error.to_string())?;
        let image = Self { file: file.clone(), sections: sections.unwrap_or_default() };
        Ok((0..image.profiles()).any(|profile| image.section(profile, b".linux").is_some()).then_some(image))
    }

    /// How many ways there are to boot it; at least one.
    pub(crate) fn profiles(&self) -> usize {
        let markers = self.sections.iter().filter(|section| section.name() == b".profile");
        markers.count().clamp(1, MAX_PROFILES)
    }

    /// A section of a profile: those behind its `.profile`, and those before all of them, which all profiles share.
    fn section(&self, profile: usize, name: &[u8]) -> Option<&PeSection> {
        let is_marker = |section: &PeSection| section.name() == b".profile";
        let is_meant = |section: &&PeSection| section.name() == name && section.length > 0;
        let markers: Vec<usize> = self
            .sections
            .iter()
            .enumerate()
            .filter(|(_, section)| is_marker(section))
            .map(|(at, _)| at)
            .collect();
        let shared = self.sections.get(..markers.first().copied().unwrap_or(self.sections.len()));
        let own = markers.get(profile).map(|&from| {
            let to = markers.get(profile.saturating_add(1)).copied().unwrap_or(self.sections.len());
            self.sections.get(from..to).unwrap_or_default()
        });
        let own = own.unwrap_or_default().iter().find(is_meant);
        own.or_else(|| shared.unwrap_or_default().iter().find(is_meant))
    }

    /// A section's text.
    ///
    /// # Errors
    /// It cannot be read, or is longer than `max`.
    pub(crate) fn text(
        &self,
        guest: &dyn Guest,
        profile: usize,
        name: &[u8],
        max: usize,
    ) -> Result<Option<Vec<u8>>, String> {
        let Some(section) = self.section(profile, name) else { return Ok(None) };
        let length = usize::try_from(section.length).unwrap_or(usize::MAX);
        if length > max.min(PIECE) {
            return Err(format!(
                "section `{}` has {length} bytes, more than {}",
                shown(name),
                max.min(PIECE)
            ));
        }
        let text = guest.read_at(self.file.volume, &self.file.path, section.offset, length);
        let text =
            text.map_err(|error| format!("section `{}`: {}", shown(name), shown(error.message.as_bytes())))?;
        // Padding is no text.
        let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        Ok(Some(text.get(..end).unwrap_or_default().to_vec()))
    }

    /// What a profile boots.
    ///
    /// # Errors
    /// There is no such profile, it has no kernel, or its command line cannot be read.
    pub(crate) fn boots(&self, guest: &dyn Guest, profile: usize, max: usize) -> Result<Boots, String> {
        if profile >= self.profiles() {
            return Err(format!("there is no profile {profile}, only {}", self.profiles()));
        }
        let part = |name: &[u8]| {
            self.section(profile, name).map(|section| BootFile {
                file: self.file.clone(),
                section: Some(Section { offset: section.offset, length: section.length }),
                newc_name: None,
            })
        };
        let kernel = part(b".linux").ok_or("it has no `.linux` section in this profile")?;
        let ramdisks = [part(b".ucode"), part(b".initrd")].into_iter().flatten().collect();
        let arguments = self.text(guest, profile, b".cmdline", max)?.map(|text| plain(&text));
        Ok(Boots { kernel, ramdisks, arguments })
    }
}

/// A command line as the stub passes it on: control characters become blanks, those at the ends vanish.
fn plain(text: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| if *byte < b' ' { b' ' } else { *byte };
    text.trim_ascii().iter().map(blank).collect()
}

/// Whether a file is a kernel of the x86 boot protocol: one whose stub makes it an EFI program as well.
pub(crate) fn is_bzimage(guest: &dyn Guest, file: &FileRef) -> bool {
    guest.read_at(file.volume, &file.path, 0x202, 4).is_ok_and(|magic| magic == b"HdrS")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_one_line() {
        assert_eq!(plain(b"\n root=x\nquiet\t ro \r\n"), b"root=x quiet  ro");
    }
}
