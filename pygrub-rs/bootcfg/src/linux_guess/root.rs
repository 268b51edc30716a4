//! Which filesystem a kernel without a configuration is to take for its root.
//!
//! What the guest itself wrote down comes first: `/etc/kernel/cmdline` (kernel-install(8): the arguments for all of its
//! entries), else the line of `/etc/fstab` for `/` (fstab(5)). Without either the volume's own UUID is named, if it is a root
//! filesystem at all. A UUID or a label means something to a ramdisk only; the kernel alone knows devices and `PARTUUID=`
//! (the kernel's admin-guide/kernel-parameters, `root=`). A name like `/dev/sda1` is one machine's: the UUID is better
//! where a ramdisk can look for it.

use crate::guest::{FileRef, Guest, VolumeId, VolumeName};
use crate::limits::LimitName;
use crate::reader::{Reader, mounted_at, words};
use crate::text::shown;

const FSTAB: &str = "/etc/fstab";
const CMDLINE: &str = "/etc/kernel/cmdline";
/// What a root filesystem has, whatever starts it.
const INITS: [&str; 4] = ["/sbin/init", "/usr/sbin/init", "/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// What is known of the root filesystem.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// The whole command line, when the guest keeps one.
    command_line: Option<Vec<u8>>,
    /// `UUID=…`, `/dev/…`.
    device: Option<Vec<u8>>,
    /// The volume's own.
    uuid: Option<Vec<u8>>,
    flags: Option<Vec<u8>>,
    file_system: Option<Vec<u8>>,
    /// Whether the guest's fstab says how it is mounted: then the kernel need not make it writable.
    has_line: bool,
}

impl Root {
    /// Looks for it, first on the kernel's own volume.
    pub(super) fn find(
        reader: &mut Reader<'_>,
        guest: &dyn Guest,
        home: VolumeId,
    ) -> Result<Self, LimitName> {
        let Some(volume) = volume(reader, guest, home)? else { return Ok(Self::default()) };
        let uuid = (guest.volumes().iter().find(|name| name.id == volume)).and_then(|name| name.uuid.clone());
        let uuid = uuid.map(|uuid| [b"UUID=", uuid.as_bytes()].concat());
        let mut root = Self { uuid, ..Self::default() };
        if let Some(text) = read(reader, volume, CMDLINE)? {
            let words: Vec<&[u8]> = words(&text).collect();
            root.command_line = Some(words.join(&b' ')).filter(|line| !line.is_empty());
        }
        if let Some(text) = read(reader, volume, FSTAB)? {
            root.take_line(reader, guest, &text);
        }
        Ok(root)
    }

    /// The line for `/`, if its first field is a device.
    fn take_line(&mut self, reader: &mut Reader<'_>, guest: &dyn Guest, text: &[u8]) {
        let Some([device, _, file_system, options]) = mounted_at(text, b"/") else { return };
        let device: Vec<u8> = device.iter().copied().filter(|byte| *byte != b'"').collect();
        self.has_line = true;
        if let Some(uuid) = device.strip_prefix(b"UUID=") {
            let is = |name: &VolumeName| {
                name.uuid.as_ref().is_some_and(|other| other.as_bytes().eq_ignore_ascii_case(uuid))
            };
            if !guest.volumes().iter().any(is) {
                // A copied disk with a new UUID, or a volume that cannot be read here.
                let uuid = shown(uuid);
                reader.notes.add(|| format!("{FSTAB}: no volume read here has the UUID {uuid}"));
            }
        }
        let known: [&[u8]; 5] = [b"UUID=", b"LABEL=", b"PARTUUID=", b"PARTLABEL=", b"/dev/"];
        if file_system == b"zfs" {
            self.device = Some([b"ZFS=", device.as_slice()].concat());
        } else if known.iter().any(|start| device.starts_with(start)) {
            self.device = Some(device);
        } else {
            reader.notes.add(|| format!("{FSTAB}: `{}` is no device", shown(&device)));
        }
        self.file_system = Some(file_system.to_vec()).filter(|name| name != b"auto");
        if file_system == b"btrfs" {
            let subvolume = options.split(|&byte| byte == b',').find(|option| option.starts_with(b"subvol="));
            self.flags = subvolume.map(<[u8]>::to_vec);
        }
    }

    /// The kernel's arguments.
    pub(super) fn arguments(&self, reader: &mut Reader<'_>, ramdisk: bool, with_type: bool) -> Vec<u8> {
        if let Some(line) = &self.command_line {
            return line.clone();
        }
        let by_ramdisk = self.device.as_ref().filter(|device| !is_disk_name(device)).or(self.uuid.as_ref());
        let device = by_ramdisk.filter(|_| ramdisk).or(self.device.as_ref());
        let by_kernel = |device: &Vec<u8>| is_disk_name(device) || device.starts_with(b"PARTUUID=");
        let Some(device) = device.filter(|device| ramdisk || by_kernel(device)) else {
            reader.notes.add(|| match by_ramdisk {
                Some(device) => format!(
                    "root={} means nothing to a kernel without a ramdisk, and is left out",
                    shown(device)
                ),
                None => "which filesystem is the root is not known: no root= is given".to_owned(),
            });
            return Vec::new();
        };
        let mut arguments = [b"root=", device.as_slice()].concat();
        for (name, value) in [("rootfstype", &self.file_system), ("rootflags", &self.flags)] {
            if let Some(value) = value.as_ref().filter(|_| name != "rootfstype" || with_type) {
                arguments.extend([b" ", name.as_bytes(), b"=", value].concat());
            }
        }
        // Whoever has a line for it mounts it anew.
        arguments.extend(if self.has_line { b" ro" } else { b" rw" });
        arguments
    }
}

/// Whether the kernel itself knows the device, because it is a disk's or a part of one: `/dev/sda1`, not `/dev/mapper/x`.
fn is_disk_name(device: &[u8]) -> bool {
    device.strip_prefix(b"/dev/").is_some_and(|name| !name.contains(&b'/') && !name.starts_with(b"md"))
}

/// The root filesystem's volume: the kernel's own, or else the only one with an fstab, or of several the only one whose
/// fstab mounts the kernel's volume at `/boot`.
fn volume(reader: &mut Reader<'_>, guest: &dyn Guest, home: VolumeId) -> Result<Option<VolumeId>, LimitName> {
    if is_root(reader, home)? {
        return Ok(Some(home));
    }
    let mut others = Vec::new();
    for name in guest.volumes() {
        if name.id != home && is_root(reader, name.id)? {
            others.push(name.id);
        }
    }
    if others.len() > 1 {
        let names = guest.volumes().iter().find(|name| name.id == home);
        let mut mounting = Vec::new();
        for &other in &others {
            let text = read(reader, other, FSTAB)?.unwrap_or_default();
            if names.zip(mounted_at(&text, b"/boot")).is_some_and(|(name, [device, ..])| is(name, device)) {
                mounting.push(other);
            }
        }
        others = mounting;
    }
    Ok(match others.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

/// Whether a device of an fstab is this volume.
fn is(name: &VolumeName, device: &[u8]) -> bool {
    let device: Vec<u8> = device.iter().copied().filter(|byte| *byte != b'"').collect();
    let same =
        |wanted: &[u8], have: Option<&[u8]>| have.is_some_and(|have| have.eq_ignore_ascii_case(wanted));
    match (device.strip_prefix(b"UUID="), device.strip_prefix(b"LABEL=")) {
        (Some(uuid), _) => same(uuid, name.uuid.as_ref().map(String::as_bytes)),
        (_, Some(label)) => same(label, name.label.as_deref()),
        _ => false,
    }
}

fn is_root(reader: &mut Reader<'_>, volume: VolumeId) -> Result<bool, LimitName> {
    for path in [FSTAB, CMDLINE].into_iter().chain(INITS) {
        if reader.is_file(&FileRef { volume, path: path.into() })? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(reader: &mut Reader<'_>, volume: VolumeId, path: &str) -> Result<Option<Vec<u8>>, LimitName> {
    reader.read_if_there(&FileRef { volume, path: path.into() })
}
