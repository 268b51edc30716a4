//! The Boot Loader Specification: what its readers have in common ([UAPI.1](https://uapi-group.org/specifications/specs/boot_loader_specification/)).
//!
//! Two loaders read the entries of `/loader/entries`: GRUB with its `blscfg` command (Fedora, RHEL and their kin; see
//! `grub2/commands/blscfg.rs`) and systemd-boot (see `systemd_boot/`). They differ in how they read a line, in the order
//! of the entries and in what an argument may hold, so each has a reader of its own.

pub(crate) mod counter;
pub(crate) mod lines;
pub(crate) mod rpm_version;
pub(crate) mod version;
