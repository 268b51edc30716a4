//! Which of a volume's files is its boot configuration.

use crate::error::Error;
use crate::guest::{FileKind, FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootMenu, Loader};
use crate::text::shown;
use crate::{
    extlinux, freebsd, grub_legacy, grub2, illumos, lilo, linux_guess, netbsd, netware, openbsd, solaris,
    systemd_boot,
};

/// Where a loader's configuration may lie, or where a system that needs none keeps its kernel.
struct Place {
    loader: Loader,
    /// The first of these that is there is the configuration; the others are another's, or nothing.
    paths: &'static [&'static str],
}

const fn place(loader: Loader, paths: &'static [&'static str]) -> Place {
    Place { loader, paths }
}

/// The order of looking: pygrub's, then what it does not know. The first that gives something to boot wins.
const PLACES: &[Place] = &[
    place(Loader::Solaris, &[solaris::KERNEL_64]),
    place(Loader::Solaris, &[solaris::KERNEL_32]),
    place(Loader::NetWare, &[netware::KERNEL]),
    place(Loader::Grub2, &["/boot/grub/grub.cfg"]),
    place(Loader::Grub2, &["/grub/grub.cfg"]),
    place(Loader::Grub2, &["/boot/grub2/grub.cfg"]),
    place(Loader::Grub2, &["/grub2/grub.cfg"]),
    place(Loader::Extlinux, &["/boot/isolinux/isolinux.cfg"]),
    place(Loader::Extlinux, &["/boot/extlinux/extlinux.conf"]),
    place(Loader::Extlinux, &["/boot/extlinux.conf"]),
    place(Loader::Extlinux, &["/extlinux/extlinux.conf"]),
    place(Loader::Extlinux, &["/extlinux.conf"]),
    place(Loader::GrubLegacy, &["/boot/grub/menu.lst"]),
    place(Loader::GrubLegacy, &["/boot/grub/grub.conf"]),
    place(Loader::GrubLegacy, &["/grub/menu.lst"]),
    place(Loader::GrubLegacy, &["/grub/grub.conf"]),
    // Flatcar's and CoreOS', hidden from pygrub, which is meant to find the menu.lst that starts GRUB for Xen guests.
    place(Loader::Grub2, &["/flatcar/grub/grub.cfg.tar", "/coreos/grub/grub.cfg.tar"]),
    // Beyond pygrub's: isolinux and syslinux look here too.
    place(Loader::Extlinux, &["/isolinux/isolinux.cfg"]),
    place(Loader::Extlinux, &["/isolinux.cfg"]),
    place(Loader::Extlinux, &["/boot/syslinux/syslinux.cfg", "/boot/syslinux/extlinux.conf"]),
    place(Loader::Extlinux, &["/syslinux/syslinux.cfg", "/syslinux/extlinux.conf"]),
    place(Loader::Extlinux, &["/syslinux.cfg"]),
    place(Loader::Lilo, lilo::LILO),
    place(Loader::Elilo, lilo::ELILO),
    place(Loader::Yaboot, lilo::YABOOT),
    place(Loader::NetBsd, netbsd::PATHS),
    place(Loader::NetBsd, &netbsd::KERNELS_BY_PREFERENCE),
    place(Loader::OpenBsd, openbsd::PATHS),
    place(Loader::Illumos, illumos::PATHS),
    place(Loader::FreeBsd, freebsd::PATHS),
];

/// Most directories in `/EFI`; all configurations of a volume have to fit one message.
const MAX_VENDORS: usize = 32;

/// A boot configuration that is there, and not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Whose it is.
    pub loader: Loader,
    /// Where it is; for a system that needs none, the kernel.
    pub config: FileRef,
}

/// Every boot configuration of a volume, in the order in which they are tried; a guess comes last.
#[must_use]
pub fn candidates(guest: &dyn Guest, volume: VolumeId) -> Vec<Candidate> {
    let mut candidates = configurations(guest, volume);
    candidates.extend(guesses(guest, volume));
    candidates
}

fn configurations(guest: &dyn Guest, volume: VolumeId) -> Vec<Candidate> {
    let is_file = |path: &&&str| {
        guest.status(volume, path.as_bytes()).is_some_and(|status| status.kind == FileKind::File)
    };
    let candidate = |place: &Place| {
        let path = place.paths.iter().find(is_file)?;
        let config = FileRef { volume, path: path.as_bytes().to_vec() };
        Some(Candidate { loader: place.loader, config })
    };
    let systemd_boot = systemd_boot::config(guest, volume);
    let systemd_boot = systemd_boot.map(|config| Candidate { loader: Loader::SystemdBoot, config });
    let places = PLACES.iter().filter_map(candidate);
    places.chain(vendors(guest, volume)).chain(systemd_boot).collect()
}

/// What lies in a vendor's directory of an EFI system partition, or of a disc made like one, by the vendors' names:
/// `/EFI/VENDOR/grub.cfg`, then syslinux', then ELILO's.
fn vendors(guest: &dyn Guest, volume: VolumeId) -> Vec<Candidate> {
    // The same directory where the filesystem knows no case.
    let list =
        |root: &'static str| guest.list(volume, root.as_bytes(), MAX_VENDORS).ok().map(|names| (root, names));
    let Some((root, mut names)) = list("/EFI").or_else(|| list("/efi")) else { return Vec::new() };
    names.sort_by(|a, b| a.name.cmp(&b.name));
    let is_file =
        |path: &Vec<u8>| guest.status(volume, path).is_some_and(|status| status.kind == FileKind::File);
    let of_loader = |(loader, file): (Loader, &str)| {
        let paths =
            names.iter().map(|name| [root.as_bytes(), b"/", &name.name, b"/", file.as_bytes()].concat());
        let candidate = |path| Candidate { loader, config: FileRef { volume, path } };
        paths.filter(is_file).map(candidate).collect::<Vec<_>>()
    };
    let files =
        [(Loader::Grub2, "grub.cfg"), (Loader::Extlinux, "syslinux.cfg"), (Loader::Elilo, "elilo.conf")];
    files.into_iter().flat_map(of_loader).collect()
}

/// The menu of one of [`candidates`].
///
/// # Errors
/// It cannot be read, or exceeds a limit.
pub fn evaluate(guest: &dyn Guest, candidate: Candidate, limits: &Limits) -> Result<BootMenu, Error> {
    let Candidate { loader, config } = candidate;
    if limits.disk_steps.are_spent() {
        let limit = LimitName::MaxDiskSteps;
        let file = shown(&config.path);
        return Err(Error::Limit { limit, value: limits.value(limit), file, line: 0 });
    }
    match loader {
        Loader::Grub2 => grub2::menu_from_file(guest, config, limits),
        Loader::GrubLegacy => grub_legacy::menu_from_file(guest, config, limits),
        Loader::Extlinux => extlinux::menu_from_file(guest, config, limits),
        Loader::Solaris => solaris::menu_of_kernel(guest, config, limits),
        Loader::NetWare => netware::menu_of_kernel(guest, config, limits),
        Loader::Lilo | Loader::Elilo | Loader::Yaboot => lilo::menu_from_file(loader, guest, config, limits),
        Loader::NetBsd => netbsd::menu_of_file(guest, config, limits),
        Loader::OpenBsd => openbsd::menu_of_volume(guest, config, limits),
        Loader::Illumos => illumos::menu_of_volume(guest, config, limits),
        Loader::FreeBsd => freebsd::menu_of_volume(guest, config, limits),
        Loader::SystemdBoot => systemd_boot::menu_of_volume(guest, config, limits),
        Loader::LinuxGuess => linux_guess::menu_of_kernels(guest, config, limits),
    }
}

/// The menu of the first configuration on this volume that gives something to boot, with a note on each before it;
/// when none does, what the first one came to; `None` when there is none.
///
/// # Errors
/// The first configuration is there, and cannot be read or exceeds a limit, and no other boots.
pub fn discover(guest: &dyn Guest, volume: VolumeId, limits: &Limits) -> Result<Option<BootMenu>, Error> {
    let mut first = None;
    let mut passed_over = Vec::new();
    for candidate in configurations(guest, volume) {
        let path = shown(&candidate.config.path);
        let result = match grub2::other_copy(guest, volume) {
            Some(other) => {
                Ok(BootMenu::without_entries(candidate, format!("the GPT prefers the copy on {other}")))
            }
            None => evaluate(guest, candidate, limits),
        };
        let why = match result {
            Ok(mut menu) if menu.default.is_some() => {
                menu.notes.splice(0..0, passed_over);
                return Ok(Some(menu));
            }
            Ok(ref menu) => format!("{path} gives nothing to boot: {}", menu.why_nothing_boots()),
            Err(ref error) => error.to_string(),
        };
        passed_over.push(why);
        first.get_or_insert(result);
    }
    first.transpose()
}

/// What a volume without any configuration might boot, by the names of its files. Only when no volume of the guest has a
/// configuration is there a reason to guess.
///
/// # Errors
/// A limit is exceeded.
pub fn guess(guest: &dyn Guest, volume: VolumeId, limits: &Limits) -> Result<Option<BootMenu>, Error> {
    guesses(guest, volume).map(|candidate| evaluate(guest, candidate, limits)).transpose()
}

fn guesses(guest: &dyn Guest, volume: VolumeId) -> Option<Candidate> {
    let config = linux_guess::first_kernel(guest, volume)?;
    Some(Candidate { loader: Loader::LinuxGuess, config })
}

/// The menu of a configuration's text alone, without a guest: no `search` succeeds, no file exists, and every
/// [`FileRef`] is on [`VolumeId::NONE`]. Whose text it is is told by the first words of its lines: `menuentry` or
/// `submenu` is GRUB 2's; else `title` is GRUB legacy's; else `set`, `if` or `function` is GRUB 2's; else `menu=` is NetBSD's; else `image=` is LILO's;
/// else `label` or `append`, in either case, is extlinux's; all else is GRUB 2's.
///
/// # Errors
/// It exceeds a limit.
pub fn parse_config(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    match loader_of(text) {
        Loader::GrubLegacy => grub_legacy::menu_from_text(text, limits),
        Loader::Extlinux => extlinux::menu_from_text(text, limits),
        Loader::NetBsd => netbsd::menu_from_text(text, limits),
        Loader::Lilo => lilo::menu_from_text(text, limits),
        _ => grub2::menu_from_text(text, limits),
    }
}

fn loader_of(text: &[u8]) -> Loader {
    let (mut legacy, mut script, mut extlinux, mut netbsd, mut lilo) = (false, false, false, false, false);
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii_start();
        let end =
            line.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'=').unwrap_or(line.len());
        match line.get(..end).unwrap_or_default() {
            b"menuentry" | b"submenu" => return Loader::Grub2,
            b"title" => legacy = true,
            b"set" | b"if" | b"function" => script = true,
            b"menu" if line.get(end) == Some(&b'=') => netbsd = true,
            b"image" if line.contains(&b'=') => lilo = true,
            word => extlinux |= word.eq_ignore_ascii_case(b"label") || word.eq_ignore_ascii_case(b"append"),
        }
    }
    match () {
        () if legacy => Loader::GrubLegacy,
        () if script => Loader::Grub2,
        () if netbsd => Loader::NetBsd,
        () if lilo => Loader::Lilo,
        () if extlinux => Loader::Extlinux,
        () => Loader::Grub2,
    }
}
