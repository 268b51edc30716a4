//! What distributions' GRUBs add for systems with two copies of themselves: `gptprio.next` and `search --part-label` (CoreOS and its
//! descendants), `gptpriority` (Chrome OS). GRUB's own releases have none of them, so grub-emu cannot be asked: expectations are stated
//! from the text of the patches, and the attribute bits are those of Chrome OS' "Disk format".

mod common;

use bootcfg::{GptEntry, VolumeId};
use common::{MapGuest, arguments, default};

const USR: &str = "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6";
const LINUX: &str = "0fc63daf-8483-4772-8e79-3d69d8477de4";

/// (number, type, priority, attempts left, booted).
type Copy = (u32, &'static str, u64, u64, u64);

/// An entry's arguments when its body is this, on a disk with these partitions besides the first.
fn told(body: &str, copies: &[Copy]) -> String {
    let config = format!("menuentry x {{ {body}\nlinux /k $? $d $u }}\n");
    let mut guest =
        MapGuest::default().volume("hd0,gpt1", "1-2", "EFI-SYSTEM").file("/boot/grub/grub.cfg", config);
    for (number, type_guid, priority, left, booted) in copies {
        let entry = GptEntry {
            type_guid: (*type_guid).to_owned(),
            guid: format!("0000000{number}-0000-4000-8000-000000000000"),
            name: format!("USR-{number}").into_bytes(),
            attributes: priority << 48 | left << 52 | booted << 56,
        };
        guest = guest.volume(&format!("hd0,gpt{number}"), &number.to_string(), "").in_gpt(entry);
    }
    arguments(default(&guest.menu()))
}

const NEXT: &str = "gptprio.next -d d -u u";

#[test]
fn the_copy_of_the_highest_priority_that_may_boot() {
    for (copies, expected) in [
        // As an image is shipped: the first has booted, the second was never written.
        (&[(3, USR, 1, 0, 1), (4, USR, 0, 0, 0)][..], "3"),
        // After an update, before its first boot.
        (&[(3, USR, 1, 0, 1), (4, USR, 2, 1, 0)], "4"),
        // It failed: its attempts are used up.
        (&[(3, USR, 1, 0, 1), (4, USR, 2, 0, 0)], "3"),
        // Attempts alone are enough, and a priority alone is not.
        (&[(3, USR, 15, 0, 0), (4, USR, 1, 15, 0)], "4"),
        // Priority 0 is never; another type is none of them; of equal ones the first in the table.
        (&[(4, USR, 2, 0, 1), (3, USR, 2, 0, 1), (5, LINUX, 9, 9, 1), (6, USR, 0, 9, 1)], "3"),
        (&[(2, "6b636168-7420-6568-2070-6c616e657421", 1, 0, 1)], "2"),
    ] {
        let guid = format!("0000000{expected}-0000-4000-8000-000000000000");
        assert_eq!(told(NEXT, copies), format!("0 hd0,gpt{expected} {guid}"), "{copies:?}");
        assert_eq!(told(&format!("{NEXT} hd0,gpt1"), copies), format!("0 hd0,gpt{expected} {guid}"));
    }
}

#[test]
fn what_fails_sets_nothing() {
    let booted: &[Copy] = &[(3, USR, 1, 0, 1)];
    for (body, copies, status) in [
        (NEXT, &[][..], "12"),
        (NEXT, &[(3, USR, 1, 0, 0)], "12"),
        ("gptprio.next -d d -u u hd1", booted, "12"),
        ("gptprio.next -d d", booted, "17"),
        ("gptprio.next -d d -u u hd0 hd1", booted, "18"),
        ("gptprio.next -d", booted, "18"),
        ("gptpriority hd0 9 d", booted, "18"),
        ("gptpriority hd0", booted, "18"),
        ("gptpriority hd0 x d", booted, "18"),
        ("search --set d --part-label USR-9", booted, "5"),
        ("search --set d --disk-uuid 00000000-0000-0000-0000-000000000001", booted, "5"),
    ] {
        assert_eq!(told(body, copies), status, "{body}");
    }
}

#[test]
fn partitions_by_priority_name_and_guid() {
    let copies: &[Copy] = &[(3, USR, 10, 0, 1), (4, USR, 2, 0, 1)];
    let guid = "00000004-0000-4000-8000-000000000000";
    for (body, expected) in [
        ("gptpriority hd0 3 d; gptpriority hd0 4 u", "0 10 2".to_owned()),
        ("search --no-floppy --set d --part-label USR-4 --hint \"$root\"", "0 hd0,gpt4".to_owned()),
        (&format!("search --part-uuid --set=d {guid}"), "0 hd0,gpt4".to_owned()),
        (&format!("search.part_uuid {} d", guid.to_uppercase()), "0 hd0,gpt4".to_owned()),
        ("search.part_label USR-3 d", "0 hd0,gpt3".to_owned()),
        ("probe --set=u --part-uuid hd0,gpt4", format!("0 {guid}")),
    ] {
        assert_eq!(told(body, copies), expected, "{body}");
    }
}

#[test]
fn nothing_is_written_and_that_is_said() {
    let config = format!("{NEXT}\nmenuentry x {{ linux /k }}\n");
    let entry = GptEntry { type_guid: USR.to_owned(), attributes: 0x0011 << 48, ..GptEntry::default() };
    let guest =
        MapGuest::with_config("/boot/grub/grub.cfg", config).volume("hd0,gpt3", "3", "").in_gpt(entry);
    let menu = guest.menu_of(VolumeId(0).0);
    assert!(menu.notes.iter().any(|note| note.contains("takes no attempt off")), "{:?}", menu.notes);
}
