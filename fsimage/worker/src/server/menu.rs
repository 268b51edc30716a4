//! The guest's boot configuration, found and evaluated.

use super::volumes::Volumes;
use super::{images, interact};
use crate::registry::Mounted;
use bootcfg::{
    BootEntry, BootFile, BootMenu, Candidate, DirName, DiskSteps, FileKind, FileRef, FileStatus, Guest,
    GuestError, VolumeId, VolumeName,
};
use fsimage_protocol::{
    Bytes, ConfigReport, EntryReport, List, MenuReport, PassedOver, Reply, Section, SubmenuReport,
    TimeoutStyle, WorkerLimits,
};
use fsimage_sdk::path::LastLink;
use fsimage_sdk::{DirCursor, Error, ErrorKind, FileType, Info, Metadata, NodeId, Result, Volume};
use std::ops::ControlFlow;

/// Bytes read from a filesystem at once while a configuration is read.
const PIECE: usize = 64 << 10;

/// The open filesystems, as bootcfg sees a guest.
pub(super) struct OpenGuest<'a> {
    volumes: &'a Volumes,
    names: Vec<VolumeName>,
}

impl<'a> OpenGuest<'a> {
    pub(super) fn new(volumes: &'a Volumes) -> Self {
        let names = (0..volumes.count()).filter_map(|number| name_of(volumes, number)).collect();
        Self { volumes, names }
    }

    fn regular_file(&self, volume: u32, path: &[u8]) -> Result<(NodeId, Metadata)> {
        let (node, metadata) = self.volumes.resolve(volume, path, LastLink::Follow)?;
        match metadata.file_type {
            FileType::Regular => Ok((node, metadata)),
            other => {
                Err(Error::new(ErrorKind::NotAFile, format!("it is a {}, not a regular file", other.text())))
            }
        }
    }

    fn read_piece(&self, volume: u32, path: &[u8], offset: u64, length: usize) -> Result<Vec<u8>> {
        if length > PIECE {
            return Err(Error::limit(format!("{length} bytes of a file at once (at most {PIECE})")));
        }
        let (node, _) = self.regular_file(volume, path)?;
        let fs = &self.volumes.mounted(volume)?.fs;
        let mut bytes = vec![0; length];
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            match fs.read_at(node, at, rest)? {
                0 => {
                    return Err(Error::corrupt(format!(
                        "the file ends before byte {}",
                        at.saturating_add(1)
                    )));
                }
                count => done = done.saturating_add(count),
            }
        }
        Ok(bytes)
    }

    fn names(&self, volume: u32, path: &[u8], max: usize) -> Result<Vec<DirName>> {
        let (node, _) = self.volumes.resolve(volume, path, LastLink::Follow)?;
        let mut names = Vec::new();
        let mut too_many = false;
        self.volumes.mounted(volume)?.fs.read_dir(node, DirCursor(0), &mut |entry| {
            too_many = names.len() >= max;
            if too_many {
                return ControlFlow::Break(());
            }
            names.push(DirName { name: entry.name.to_vec(), kind: kind(entry.file_type) });
            ControlFlow::Continue(())
        })?;
        match too_many {
            true => Err(Error::limit(format!("a directory with more than {max} names"))),
            false => Ok(names),
        }
    }

    fn read_file(&self, volume: u32, path: &[u8], max: u64) -> Result<Vec<u8>> {
        let (node, metadata) = self.regular_file(volume, path)?;
        if metadata.size > max {
            return Err(Error::limit(format!("a configuration of {} bytes (at most {max})", metadata.size)));
        }
        let fs = &self.volumes.mounted(volume)?.fs;
        let mut text = Vec::new();
        let mut piece = vec![0; PIECE];
        loop {
            let offset = u64::try_from(text.len()).unwrap_or(u64::MAX);
            let count = fs.read_at(node, offset, &mut piece)?;
            let end = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            match piece.get(..count) {
                Some(bytes) if count > 0 && end <= max => text.extend_from_slice(bytes),
                Some(_) if end > max => {
                    return Err(Error::limit(format!("a configuration of more than {max} bytes")));
                }
                _ => return Ok(text),
            }
        }
    }
}

/// What a volume is called. One that cannot be read has its name all the same: whoever names it means no other.
fn name_of(volumes: &Volumes, number: u32) -> Option<VolumeName> {
    let volume = volumes.get(number).ok()?;
    let mounted = volumes.mounted(number).ok();
    let info = mounted.map(|mounted| &mounted.info);
    let given = |info: &&Info| !info.uuid.is_empty();
    Some(VolumeName {
        id: VolumeId(number),
        grub_names: volume.grub_names().to_vec(),
        legacy_grub_name: volume.legacy_grub_name(),
        uuid: info.filter(given).map(|info| info.uuid.clone()),
        gpt: volume.gpt_entry(),
        label: info.map(|info| info.label.clone()).filter(|label| !label.is_empty()),
        part_uuid: volume.part_uuid(),
        filesystem: mounted.map(grub_filesystem),
    })
}

/// GRUB's name of a filesystem, where it has its own.
fn grub_filesystem(mounted: &Mounted) -> String {
    match (mounted.plugin.as_str(), mounted.info.flavour.as_str()) {
        ("ufs", "ufs2" | "ufs2ea") => "ufs2".to_owned(),
        ("ufs", _) => "ufs1".to_owned(),
        (plugin, _) => plugin.to_owned(),
    }
}

impl Guest for OpenGuest<'_> {
    fn volumes(&self) -> &[VolumeName] {
        &self.names
    }

    fn status(&self, volume: VolumeId, path: &[u8]) -> Option<FileStatus> {
        let (_, metadata) = self.volumes.resolve(volume.0, path, LastLink::Follow).ok()?;
        Some(FileStatus { kind: kind(metadata.file_type), size: metadata.size })
    }

    fn read(&self, volume: VolumeId, path: &[u8], max: u64) -> Result<Vec<u8>, GuestError> {
        self.read_file(volume.0, path, max).map_err(|why| guest_error(&why))
    }

    fn read_at(
        &self,
        volume: VolumeId,
        path: &[u8],
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, GuestError> {
        self.read_piece(volume.0, path, offset, length).map_err(|why| guest_error(&why))
    }

    fn loadable(&self, volume: VolumeId, path: &[u8]) -> Result<(), GuestError> {
        match self.status(volume, path) {
            // As the front end says it of files that options name.
            Some(FileStatus { kind: FileKind::Directory, .. }) => {
                let message = "a directory, where a file is wanted".to_owned();
                Err(GuestError { message, not_found: false })
            }
            _ => self.regular_file(volume.0, path).map(|_| ()).map_err(|why| guest_error(&why)),
        }
    }

    fn open_image(&self, volume: VolumeId, path: &[u8]) -> Result<Vec<VolumeName>, GuestError> {
        let numbers = images::open(self.volumes, volume.0, path).map_err(|why| guest_error(&why))?;
        Ok(numbers.filter_map(|number| name_of(self.volumes, number)).collect())
    }

    fn list(&self, volume: VolumeId, path: &[u8], max: usize) -> Result<Vec<DirName>, GuestError> {
        self.names(volume.0, path, max).map_err(|why| guest_error(&why))
    }
}

fn kind(file_type: FileType) -> FileKind {
    match file_type {
        FileType::Regular => FileKind::File,
        FileType::Directory => FileKind::Directory,
        _ => FileKind::Other,
    }
}

fn guest_error(why: &Error) -> GuestError {
    GuestError {
        not_found: matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        message: why.to_string(),
    }
}

/// How many configurations may take all the steps one may take, before no more is read.
const WORST_CONFIGURATIONS: u64 = 20;

/// What all configurations of the disk may take together.
pub(crate) fn disk_steps(limits: &WorkerLimits) -> DiskSteps {
    DiskSteps::new(limits.max_script_steps.saturating_mul(WORST_CONFIGURATIONS))
}

/// The limits of the evaluation, as the trusted side set them. A person's commands have steps of their own.
pub(super) fn limits(limits: &WorkerLimits) -> bootcfg::Limits {
    bootcfg::Limits {
        disk_steps: disk_steps(limits),
        max_steps: limits.max_script_steps,
        max_config_bytes: limits.max_config_bytes,
        max_entries: usize::try_from(limits.max_menu_entries).unwrap_or(usize::MAX),
        ..bootcfg::Limits::default()
    }
}

/// The first menu with an entry that can boot, on one volume or on all in boot-search order; why each other volume
/// was passed over. Only where there is no configuration at all a kernel may be guessed: one that does not boot is the guest's
/// own word, and what it forbids is not to be had by a guess.
pub(super) fn find(
    volumes: &Volumes,
    only: Option<u32>,
    limits: &bootcfg::Limits,
) -> Result<(Option<BootMenu>, Vec<PassedOver>)> {
    let range = match only {
        Some(volume) => {
            volumes.get(volume)?;
            volume..volume.saturating_add(1)
        }
        None => 0..volumes.count(),
    };
    let guest = OpenGuest::new(volumes);
    let mut passed_over = Vec::new();
    let mut configured = false;
    for volume in range.clone() {
        let reason = match menu_on(&guest, volume, limits) {
            Ok(Some(menu)) => return Ok((Some(menu), passed_over)),
            Ok(None) => "no boot configuration".to_owned(),
            Err(reason) => {
                configured |= volumes.mounted(volume).is_ok();
                reason
            }
        };
        passed_over.push(PassedOver { volume, reason: Bytes::sentence(&reason) });
    }
    if configured {
        return Ok((None, passed_over));
    }
    let readable = range.filter(|volume| volumes.mounted(*volume).is_ok());
    let mut guesses = readable.filter_map(|volume| bootcfg::guess(&guest, VolumeId(volume), limits).ok()?);
    Ok((guesses.next(), passed_over))
}

/// The volume's menu, none where there is no configuration, or why it has none that boots.
fn menu_on(guest: &OpenGuest<'_>, volume: u32, limits: &bootcfg::Limits) -> Result<Option<BootMenu>, String> {
    guest.volumes.mounted(volume).map_err(|why| why.to_string())?;
    match bootcfg::discover(guest, VolumeId(volume), limits) {
        Ok(Some(menu)) if menu.default.is_some() => Ok(Some(menu)),
        Ok(Some(menu)) => {
            let path = menu.config.path.escape_ascii();
            Err(format!("{path} gives nothing to boot: {}", menu.why_nothing_boots()))
        }
        Ok(None) => Ok(None),
        Err(why) => Err(why.to_string()),
    }
}

/// The boot configurations of a volume, in the order in which they are tried; a guess, if there is one, is the last.
fn candidates(guest: &OpenGuest<'_>, volume: u32) -> Result<Vec<Candidate>> {
    guest.volumes.mounted(volume)?;
    Ok(bootcfg::candidates(guest, VolumeId(volume)))
}

/// Tells them.
pub(super) fn configs(volumes: &Volumes, volume: u32) -> Result<Reply> {
    let told = candidates(&OpenGuest::new(volumes), volume)?.into_iter().map(|candidate| ConfigReport {
        loader: Bytes::cut(candidate.loader.name().as_bytes()),
        guess: candidate.loader.is_guess(),
        path: Bytes(candidate.config.path),
    });
    Ok(Reply::Configs { configs: List(told.collect()) })
}

/// The menu of one of them.
pub(super) fn of_config(
    volumes: &Volumes,
    volume: u32,
    config: u32,
    limits: &bootcfg::Limits,
) -> Result<BootMenu> {
    let guest = OpenGuest::new(volumes);
    let mut candidates = candidates(&guest, volume)?.into_iter();
    let candidate = usize::try_from(config).ok().and_then(|place| candidates.nth(place));
    let candidate = candidate.ok_or_else(|| {
        Error::new(ErrorKind::InvalidArgument, format!("boot configuration {config} of volume {volume}"))
    })?;
    bootcfg::evaluate(&guest, candidate, limits).map_err(|why| Error::corrupt(why.to_string()))
}

/// The menu that a configuration gives by itself, without a guest (`--isconfig`).
pub(super) fn from_text(text: &Volume, limits: &bootcfg::Limits) -> Result<BootMenu> {
    if text.size() > limits.max_config_bytes {
        return Err(Error::limit(format!(
            "a configuration beyond max_config_bytes={}",
            limits.max_config_bytes
        )));
    }
    let length = usize::try_from(text.size()).map_err(|_| Error::limit("a configuration beyond memory"))?;
    let bytes = text.read_vec_at(0, length)?;
    bootcfg::parse_config(&bytes, limits).map_err(|why| Error::corrupt(why.to_string()))
}

pub(super) fn report(menu: &BootMenu) -> MenuReport {
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    MenuReport {
        loader: Bytes::cut(menu.loader.name().as_bytes()),
        guess: menu.loader.is_guess(),
        config: (menu.config.volume != VolumeId::NONE).then(|| file(&menu.config)),
        entries: number(menu.entries.len()),
        default: menu.default.map(number),
        meant: menu.meant.map(number),
        timeout: menu.timeout,
        timeout_style: match menu.timeout_style {
            bootcfg::TimeoutStyle::Menu => TimeoutStyle::Menu {},
            bootcfg::TimeoutStyle::Countdown => TimeoutStyle::Countdown {},
            bootcfg::TimeoutStyle::Hidden => TimeoutStyle::Hidden {},
        },
        // syslinux goes to an entry by its key, GRUB boots it.
        hotkeys_boot: menu.loader != bootcfg::Loader::Extlinux,
        security: interact::security(&menu.security),
        notes: List::cut(menu.notes.iter().map(|note| Bytes::sentence(note))),
    }
}

/// An entry, or the reason why it does not fit the protocol; nothing that boots is ever cut.
pub(super) fn entry(menu: Option<&BootMenu>, index: u32) -> Result<Reply> {
    let menu = menu.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "no menu was asked for"))?;
    let entry = usize::try_from(index).ok().and_then(|index| menu.entries.get(index)).ok_or_else(|| {
        Error::new(ErrorKind::InvalidArgument, format!("entry {index} of {}", menu.entries.len()))
    })?;
    Ok(Reply::MenuEntry { entry: entry_report(entry) })
}

pub(super) fn entry_report(entry: &BootEntry) -> EntryReport {
    EntryReport {
        title: Bytes::cut(&entry.title),
        id: entry.id.as_ref().map(|id| Bytes::cut(id)),
        parents: List::cut(entry.parents.iter().map(|title| Bytes::cut(title))),
        submenus: List::cut(entry.submenus.iter().map(|submenu| SubmenuReport {
            first: u32::try_from(submenu.first).unwrap_or(u32::MAX),
            hotkey: submenu.hotkey.map(interact::hotkey),
        })),
        root: Bytes::cut(&entry.root),
        kernel: entry.kernel.as_ref().map(boot_file),
        ramdisks: List(entry.ramdisks.iter().map(boot_file).collect()),
        arguments: Bytes(entry.arguments.clone()),
        restricted: entry.restricted,
        users: interact::names(&entry.users),
        password: entry.password.as_ref().map(interact::secret),
        hotkey: entry.hotkey.map(interact::hotkey),
        problems: List::cut(entry.problems.iter().map(|problem| Bytes::sentence(problem))),
    }
}

fn boot_file(image: &BootFile) -> fsimage_protocol::BootFile {
    fsimage_protocol::BootFile {
        file: file(&image.file),
        section: image.section.map(|part| Section { offset: part.offset, length: part.length }),
        newc_name: image.newc_name.clone().map(Bytes),
    }
}

fn file(file: &FileRef) -> fsimage_protocol::FileRef {
    fsimage_protocol::FileRef { volume: file.volume.0, path: Bytes(file.path.clone()) }
}
