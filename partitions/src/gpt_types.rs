//! A GPT's type GUIDs in words, and what volumes of a type are likely to hold.

use crate::frame::Role::{self, Boot, Plain, Root, Unlikely};

/// GUID, name as `sfdisk -X gpt -T` has it, role. The roles follow the Discoverable Partitions Specification: the
/// XBOOTLDR partition holds kernels, a root partition its own /boot. The EFI system partition is searched in its turn:
/// it holds kernels for systemd-boot, and nothing that we read for GRUB.
const TYPES: &[(&str, &str, Role)] = &[
    ("bc13c2ff-59e6-4262-a352-b275fd6f7172", "Linux extended boot", Boot),
    ("44479540-f297-41b2-9af7-d131d5f0458a", "Linux root (x86)", Root),
    ("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "Linux root (x86-64)", Root),
    ("69dad710-2ce4-4e3c-b16c-21a1d49abed3", "Linux root (ARM)", Root),
    ("b921b045-1df0-41c3-af44-4c6f280d3fae", "Linux root (ARM-64)", Root),
    ("c31c45e6-3f39-412e-80fb-4809c4980599", "Linux root (PPC64LE)", Root),
    ("72ec70a6-cf74-40e6-bd49-4bda08e8f224", "Linux root (RISC-V-64)", Root),
    ("6a85cf4d-1dd2-11b2-99a6-080020736631", "Solaris root", Root),
    ("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI System", Plain),
    ("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "Microsoft basic data", Plain),
    ("af9b60a0-1431-4f62-bc68-3311714a69ad", "Microsoft LDM data", Plain),
    ("0fc63daf-8483-4772-8e79-3d69d8477de4", "Linux filesystem", Plain),
    ("3b8f8425-20e0-4f3b-907f-1a25a76f98e8", "Linux server data", Plain),
    ("933ac7e1-2eb4-4f13-b844-0e14e2aef915", "Linux home", Plain),
    ("a19d880f-05fc-4d3b-a006-743f0f84911e", "Linux RAID", Plain),
    ("e6d6d379-f507-44c2-a23c-238f2a3df928", "Linux LVM", Plain),
    ("4d21b016-b534-45c2-a9fb-5c16e091fd2d", "Linux variable data", Plain),
    ("7ec6f557-3bc5-4aca-b293-16ef5df639d1", "Linux temporary data", Plain),
    ("75250d76-8cc6-458e-bd66-bd47cc81a812", "Linux /usr (x86)", Plain),
    ("8484680c-9521-48c6-9c11-b0720656f69e", "Linux /usr (x86-64)", Plain),
    ("7d0359a3-02b3-4f0a-865c-654403e70625", "Linux /usr (ARM)", Plain),
    ("b0e01050-ee5f-4390-949a-9101b17104e9", "Linux /usr (ARM-64)", Plain),
    ("773f91ef-66d4-49b5-bd83-d683bf40ad16", "Linux user's home", Plain),
    ("516e7cb4-6ecf-11d6-8ff8-00022d09712b", "FreeBSD data", Plain),
    ("516e7cb6-6ecf-11d6-8ff8-00022d09712b", "FreeBSD UFS", Plain),
    ("516e7cba-6ecf-11d6-8ff8-00022d09712b", "FreeBSD ZFS", Plain),
    ("516e7cb8-6ecf-11d6-8ff8-00022d09712b", "FreeBSD Vinum", Plain),
    ("48465300-0000-11aa-aa11-00306543ecac", "Apple HFS/HFS+", Plain),
    ("7c3457ef-0000-11aa-aa11-00306543ecac", "Apple APFS", Plain),
    ("55465300-0000-11aa-aa11-00306543ecac", "Apple UFS", Plain),
    ("426f6f74-0000-11aa-aa11-00306543ecac", "Apple boot", Plain),
    ("6a82cb45-1dd2-11b2-99a6-080020736631", "Solaris boot", Plain),
    ("6a898cc3-1dd2-11b2-99a6-080020736631", "Solaris /usr & Apple ZFS", Plain),
    ("6a8ef2e9-1dd2-11b2-99a6-080020736631", "Solaris /var", Plain),
    ("6a90ba39-1dd2-11b2-99a6-080020736631", "Solaris /home", Plain),
    ("49f48d5a-b10e-11dc-b99b-0019d1879648", "NetBSD FFS", Plain),
    ("49f48d82-b10e-11dc-b99b-0019d1879648", "NetBSD LFS", Plain),
    ("2db519c4-b10f-11dc-b99b-0019d1879648", "NetBSD concatenated", Plain),
    ("2db519ec-b10f-11dc-b99b-0019d1879648", "NetBSD encrypted", Plain),
    ("49f48daa-b10e-11dc-b99b-0019d1879648", "NetBSD RAID", Plain),
    ("fe3a2a5d-4f32-41a7-b725-accc3285a309", "ChromeOS kernel", Plain),
    ("3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec", "ChromeOS root fs", Plain),
    ("85d5e45a-237c-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD data", Plain),
    ("0394ef8b-237e-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD UFS", Plain),
    ("85d5e45d-237c-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD ZFS", Plain),
    ("85d5e45c-237c-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD Vinum", Plain),
    ("aa31e02a-400f-11db-9590-000c2911d1b8", "VMware VMFS", Plain),
    ("824cc7a0-36a8-11e3-890a-952519ad3f61", "OpenBSD data", Plain),
    ("c91818f9-8025-47af-89d2-f030d7000c2c", "Plan 9 partition", Plain),
    ("42465331-3ba3-10f1-802a-4861696b7521", "Haiku BFS", Plain),
    ("024dee41-33e7-11d3-9d69-0008c781f39f", "MBR partition scheme", Unlikely),
    ("21686148-6449-6e6f-744e-656564454649", "BIOS boot", Unlikely),
    ("f4019732-066e-4e12-8273-346c5641494f", "Sony boot partition", Unlikely),
    ("bfbfafe7-a34f-448a-9a5b-6213eb736c22", "Lenovo boot partition", Unlikely),
    ("9e1a2d38-c612-4316-aa26-8b49521e5a8b", "PowerPC PReP boot", Unlikely),
    ("e3c9e316-0b5c-4db8-817d-f92df00215ae", "Microsoft reserved", Unlikely),
    ("5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", "Microsoft LDM metadata", Unlikely),
    ("de94bba4-06d1-4d40-a16a-bfd50179d6ac", "Windows recovery environment", Unlikely),
    ("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "Linux swap", Unlikely),
    ("8da63339-0007-60c0-c436-083ac8230908", "Linux reserved", Unlikely),
    ("83bd6b9d-7f41-11dc-be0b-001560b84f0f", "FreeBSD boot", Unlikely),
    ("516e7cb5-6ecf-11d6-8ff8-00022d09712b", "FreeBSD swap", Unlikely),
    ("4c616265-6c00-11aa-aa11-00306543ecac", "Apple label", Unlikely),
    ("6a87c46f-1dd2-11b2-99a6-080020736631", "Solaris swap", Unlikely),
    ("6a8b642b-1dd2-11b2-99a6-080020736631", "Solaris backup", Unlikely),
    ("6a9283a5-1dd2-11b2-99a6-080020736631", "Solaris alternate sector", Unlikely),
    ("6a945a3b-1dd2-11b2-99a6-080020736631", "Solaris reserved 1", Unlikely),
    ("6a9630d1-1dd2-11b2-99a6-080020736631", "Solaris reserved 2", Unlikely),
    ("6a980767-1dd2-11b2-99a6-080020736631", "Solaris reserved 3", Unlikely),
    ("6a96237f-1dd2-11b2-99a6-080020736631", "Solaris reserved 4", Unlikely),
    ("6a8d2ac7-1dd2-11b2-99a6-080020736631", "Solaris reserved 5", Unlikely),
    ("49f48d32-b10e-11dc-b99b-0019d1879648", "NetBSD swap", Unlikely),
    ("2e0a753d-9e48-43b0-8337-b15192cb1b5e", "ChromeOS reserved", Unlikely),
    ("85d5e45e-237c-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD boot", Unlikely),
    ("85d5e45b-237c-11e1-b4b3-e89a8f7fc3a7", "MidnightBSD swap", Unlikely),
];

/// FreeBSD's container, which may hold a BSD label.
pub(crate) const FREEBSD_DATA: &str = "516e7cb4-6ecf-11d6-8ff8-00022d09712b";

/// The type's name and role.
pub(crate) fn describe(guid: &str) -> (&'static str, Role) {
    let known = TYPES.iter().find(|(known, _, _)| *known == guid);
    known.map_or(("unknown", Plain), |&(_, name, role)| (name, role))
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use std::process::Command;

    #[test]
    fn names_are_those_of_sfdisk() {
        let output = Command::new("sfdisk")
            .args(["-X", "gpt", "-T"])
            .output()
            .expect("sfdisk does not run: install Debian's package fdisk");
        let listing = String::from_utf8(output.stdout).unwrap().to_lowercase();
        for (guid, name, _) in TYPES {
            let line = format!("{guid}  {}", name.to_lowercase());
            assert!(listing.lines().any(|theirs| theirs == line), "sfdisk does not list {line}");
        }
    }
}
