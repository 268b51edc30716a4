//! What a person at the menu does: an entry with other commands, lines at the prompt, a line to be completed. The configuration, the
//! commands and the lines, one a line, are parted by NULs; the first byte says whose configuration it is.
//! Seeds: tests/grub2/language.txt of bootcfg, any menu.lst or extlinux.conf.
#![no_main]

use bootcfg::{CommandEnd, Limits, VolumeId};
use libfuzzer_sys::fuzz_target;

const CONFIGS: [&str; 3] = ["/boot/grub/grub.cfg", "/boot/grub/menu.lst", "/extlinux.conf"];

fuzz_target!(|bytes: &[u8]| {
    let Some((&loader, bytes)) = bytes.split_first() else { return };
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (config, commands, typed) = (part(), part(), part());
    let guest = fuzz::Files::new(vec![
        (CONFIGS[usize::from(loader % 3)], config),
        ("/boot/grub/grubenv", b"# GRUB Environment Block\nsaved_entry=1\n"),
        ("/boot/vmlinuz", b"kernel"),
        ("/boot/initrd.img", b"ramdisk"),
        ("/more.cfg", commands),
        ("/disc.iso", b"disc"),
    ]);
    let limits = Limits { max_steps: 20_000, ..Limits::default() };
    let Ok(Some(menu)) = bootcfg::discover(&guest, VolumeId(0), &limits) else { return };
    for index in 0..menu.entries.len().min(3) {
        if let Ok(entry) = bootcfg::edited(&guest, &menu, index, commands, &limits) {
            fuzz::check_entry(&entry, &limits);
        }
    }
    let lines: Vec<&[u8]> = typed.split(|&byte| byte == b'\n').take(8).collect();
    let printed = bootcfg::command_line(&guest, &menu, &lines, &limits);
    assert!(printed.output.len() <= 128 << 10);
    match printed.end {
        CommandEnd::Boots(entry) => fuzz::check_entry(&entry, &limits),
        CommandEnd::Opens(candidate) => {
            let _ = bootcfg::evaluate(&guest, candidate, &limits);
        }
        CommandEnd::Waits | CommandEnd::Leaves => {}
    }
    let Some((line, before)) = lines.split_last() else { return };
    let completion = bootcfg::complete(&guest, &menu, before, line, &limits);
    assert!(completion.replaces <= line.len());
    let typed = &line[line.len() - completion.replaces..];
    assert!(completion.candidates.is_empty() || completion.common.starts_with(typed));
    assert!(completion.candidates.iter().all(|candidate| candidate.starts_with(typed)));
});
