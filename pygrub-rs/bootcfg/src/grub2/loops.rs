//! Files that are disks (manual: "loopback").

use super::files::disk_of;
use crate::guest::VolumeName;
use std::collections::BTreeSet;
use std::rc::Rc;

/// All such disks, the newest first. A copy costs nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loops {
    disks: Rc<Vec<Loop>>,
    /// Every name that was ever meant to be one: it means no disk of another machine.
    names: Rc<BTreeSet<Vec<u8>>>,
}

#[derive(Debug, Clone)]
struct Loop {
    name: Vec<u8>,
    /// The whole, then its partitions.
    volumes: Vec<VolumeName>,
}

impl Loops {
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.disks.iter().any(|disk| disk.name == name)
    }

    /// Whether the device is one, was one, or should have become one.
    pub(super) fn mean(&self, device: &[u8]) -> bool {
        self.names.contains(disk_of(device))
    }

    /// A disk of this name is wanted.
    pub(crate) fn want(&mut self, name: &[u8]) {
        if !self.names.contains(name) {
            Rc::make_mut(&mut self.names).insert(name.to_vec());
        }
    }

    /// One more, with its volumes as the guest named them.
    pub(crate) fn add(&mut self, name: &[u8], volumes: Vec<VolumeName>) {
        Rc::make_mut(&mut self.disks).insert(0, Loop { name: name.to_vec(), volumes });
    }

    /// Whether there was one to take away.
    pub(crate) fn remove(&mut self, name: &[u8]) -> bool {
        let there = self.contains(name);
        if there {
            Rc::make_mut(&mut self.disks).retain(|disk| disk.name != name);
        }
        there
    }

    /// The volume of this name. What stands before the first comma is the disk, so one with a comma in its name is never
    /// found.
    pub(super) fn volume_named(&self, device: &[u8]) -> Option<&VolumeName> {
        let comma = device.iter().position(|&byte| byte == b',').unwrap_or(device.len());
        let (disk, partition) = device.split_at(comma);
        let disk = self.disks.iter().find(|other| other.name == disk)?;
        disk.volumes.iter().find(|volume| volume.grub_names.iter().any(|name| name.as_bytes() == partition))
    }

    /// Every volume, with its name.
    pub(super) fn volumes(&self) -> impl Iterator<Item = (Vec<u8>, &VolumeName)> {
        self.disks.iter().flat_map(|disk| {
            disk.volumes.iter().map(|volume| {
                let partition = volume.grub_names.first().map_or(&b""[..], |name| name.as_bytes());
                ([disk.name.as_slice(), partition].concat(), volume)
            })
        })
    }
}
