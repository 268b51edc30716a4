//! Configurations made to hurt: every budget holds, says its name, and takes no more than a moment.

#![allow(clippy::panic, reason = "helpers of tests fail by panicking")]

mod common;

use bootcfg::{
    BootMenu, CommandEnd, DiskSteps, Error, LimitName, Limits, VolumeId, command_line, complete, discover,
    edited, parse_config,
};
use common::{MapGuest, kernel};
use std::time::{Duration, Instant};

/// Budgets are told by what they count; this only tells what never ends from a debug build on a busy machine.
const MOMENT: Duration = Duration::from_secs(120);

fn evaluate(text: impl AsRef<[u8]>) -> Result<BootMenu, Error> {
    let start = Instant::now();
    let result = parse_config(text.as_ref(), &Limits::default());
    assert!(start.elapsed() < MOMENT, "took {:?}", start.elapsed());
    result
}

#[track_caller]
fn exceeds(text: impl AsRef<[u8]>, name: LimitName) -> Error {
    let error = evaluate(text).err().unwrap_or_else(|| panic!("a limit should have been exceeded"));
    assert!(matches!(error, Error::Limit { limit, .. } if limit == name), "{error}");
    assert!(error.to_string().contains(name.name()), "{error}");
    error
}

#[test]
fn endless_loops() {
    let error = exceeds("echo\nwhile true; do true; done\n", LimitName::MaxSteps);
    assert_eq!(error.to_string(), "grub.cfg:2: the limit max_steps (1000000) is exceeded");
    exceeds("until false; do x=$x; done\n", LimitName::MaxSteps);
    exceeds("while true; do continue; done\n", LimitName::MaxSteps);
    exceeds("while true; do nosuch; done\n", LimitName::MaxSteps);
    exceeds("while true; do $empty; done\n", LimitName::MaxSteps);
    exceeds("while true; do eval fi; done\n", LimitName::MaxSteps);
    exceeds("while true; do search --file /x; done\n", LimitName::MaxSteps);
    exceeds("while true; do [ a = b -o ( c = d ) ]; done\n", LimitName::MaxSteps);
    exceeds("while true; do save_env x$?; done\n", LimitName::MaxSteps);
}

#[test]
fn endless_recursion() {
    exceeds("function f { f; }\nf\n", LimitName::MaxDepth);
    exceeds(
        "function f { if true; then g $1; fi; }\nfunction g { for i in x; do f $i; done; }\nf a\n",
        LimitName::MaxDepth,
    );
    exceeds("function f { eval f; }\nf\n", LimitName::MaxDepth);
    exceeds("x='eval $x'\neval $x\n", LimitName::MaxDepth);
}

#[test]
fn the_deepest_recursion_allowed_does_not_overflow_a_small_stack() {
    let limits = Limits { max_depth: u32::MAX, ..Limits::default() };
    let body = "function f { if true; then while true; do for i in x; do eval 'f'; done; done; fi; }\nf\n";
    let deep = "if true; then\n".repeat(100_000);
    let run = move || {
        for text in [body, deep.as_str(), &"a { ".repeat(100_000), &format!("test {}", "( ".repeat(100_000))]
        {
            assert!(parse_config(text.as_bytes(), &limits).is_err(), "{}", &text[..20]);
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn doubling_strings() {
    let mut text = String::from("x=aaaaaaaaaaaaaaaa\n");
    text.push_str(&"x=$x$x\n".repeat(60));
    exceeds(&text, LimitName::MaxValueBytes);
    exceeds("x=a\nwhile true; do x=\"$x$x\"; done\n", LimitName::MaxValueBytes);
    exceeds("x='a a'\nfunction f { f $@ $@; }\nf $x $x\n", LimitName::MaxValueBytes);
    exceeds("function f { f \"$@\" \"$@\"; }\nf a b c d\n", LimitName::MaxTotalBytes);
    exceeds("function f { setparams \"$*$*\"; f \"$*\"; }\nf a\n", LimitName::MaxValueBytes);
}

#[test]
fn many_variables() {
    // Each is small; together they are too much.
    let digits = "0 1 2 3 4 5 6 7 8 9";
    let text = format!(
        "b=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\nfor i in 1 2 3 4 5 6 7 8; do b=$b$b; done\n\
         for i in {digits}; do for j in {digits}; do for k in {digits}; do eval \"v$i$j$k=$b\"; done; done; done\n"
    );
    let limits = Limits { max_total_bytes: 2 << 20, ..Limits::default() };
    let error = parse_config(text.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "grub.cfg:3: the limit max_total_bytes (2097152) is exceeded");
}

#[test]
fn many_entries() {
    let entry = "menuentry \"title\" { linux /vmlinuz\n}\n";
    exceeds(entry.repeat(20_000), LimitName::MaxEntries);
    exceeds("while true; do menuentry x { linux /x; }; done\n", LimitName::MaxEntries);
    let text = "for a in 0 1 2 3 4 5 6 7 8 9; do for b in 0 1 2 3 4 5 6 7 8 9; do for c in 0 1 2 3 4 5 6 7 8 9; do\n\
                menuentry $a$b$c { linux /$a$b$c; }\ndone; done; done\nmenuentry x { true; }\n";
    exceeds(text, LimitName::MaxEntries);
}

#[test]
fn deep_nesting() {
    for opening in [
        "if true; then\n",
        "while true; do\n",
        "for i in a; do\n",
        "menuentry x {\n",
        "x { ",
        "submenu x {\n",
    ] {
        exceeds(opening.repeat(50_000), LimitName::MaxDepth);
    }
    for text in [
        "{".repeat(500_000),
        "(".repeat(500_000),
        "\"$(".repeat(300_000),
        "'\"".repeat(400_000),
        "\\".repeat(900_000),
    ] {
        // Bad or strange syntax, and no more than that.
        match evaluate(&text) {
            Ok(menu) => assert!(menu.entries.is_empty()),
            Err(Error::Limit { limit, .. }) => assert_eq!(limit, LimitName::MaxValueBytes),
            Err(error) => panic!("{error}"),
        }
    }
    exceeds(format!("test {}\n", "( ".repeat(5_000)), LimitName::MaxDepth);
}

#[test]
fn nothing_is_quadratic() {
    for line in [
        "fi\n",
        ";\n",
        "a=$\n",
        "#\n",
        "\n",
        "\\\n",
        "menuentry a\n",
        "menuentry a\n\n\n\n\n",
        "x {\n}\n",
        "if\n",
        "echo \"\n",
        "function f {\n}\n",
        "function f { a; }\n",
        "$x\n",
        "\"\"\n",
        "a b c d e f\n",
        "{ }\n",
        "a=b\n",
        "\0\n",
        "\r\r\r\r\r\r\n",
        "if true; then fi\n",
        "for i in ",
        "unset x\nexport x\n",
        "a;",
        "if a; then b; elif ",
        "set a=b\n",
        "submenu a { b; }\n",
    ] {
        let text = line.repeat(1_000_000 / line.len());
        let menu = evaluate(&text);
        if let Err(error) = menu {
            assert!(matches!(error, Error::Limit { .. }), "{line:?}: {error}");
        }
    }
}

#[test]
fn memory_is_counted() {
    // A megabyte that becomes a syntax tree of many times its size.
    exceeds(format!("function f {{ {} }}\n", "a;".repeat(500_000)), LimitName::MaxTotalBytes);
    exceeds(format!("x {}\n", "a ".repeat(500_000)), LimitName::MaxTotalBytes);
}

#[test]
fn one_hostile_entry_does_not_starve_the_others() {
    let text = "menuentry A { while true; do true; done }\nmenuentry B { linux /b }\n\
                submenu S { while true; do true; done }\nmenuentry C { linux /c\nfunction_that_is_not\n }\n\
                menuentry D { linux /d\nx=a; while true; do x=$x$x; done }\nset default=0\n\
                menuentry E { eval 'linux /e' }\nsubmenu T { menuentry F { linux /f } }\n";
    let menu = evaluate(text).unwrap();
    let titles: Vec<_> = menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title)).collect();
    assert_eq!(titles, ["A", "B", "S", "C", "D", "E", "F"]);
    let problem = |index: usize| menu.entries[index].problems.join("|");
    assert_eq!(problem(0), "grub.cfg:1: the limit max_steps (1000000) is exceeded");
    assert_eq!(problem(2), "grub.cfg:3: the limit max_steps (1000000) is exceeded");
    assert_eq!(problem(4), "grub.cfg:8: the limit max_value_bytes (16384) is exceeded");
    for (index, path) in [(1, "/b"), (3, "/c"), (5, "/e"), (6, "/f")] {
        assert_eq!(problem(index), "");
        assert_eq!(menu.entries[index].kernel.as_ref().unwrap().file.path, path.as_bytes());
    }
    assert_eq!(menu.default, Some(1));
}

#[test]
fn nine_hundred_hostile_entries() {
    let mut text = "menuentry A { while true; do true; done }\n".repeat(900);
    text.push_str("menuentry B { linux /b quiet\ninitrd /i }\n");
    let menu = evaluate(text).unwrap();
    assert_eq!(menu.default, Some(900));
}

#[test]
fn includes_in_a_circle() {
    let path = "/boot/grub/grub.cfg";
    for command in ["source", ".", "configfile", "extract_entries_source"] {
        let guest = MapGuest::with_config(path, format!("{command} {path}\nmenuentry A {{ linux /a }}\n"));
        let start = Instant::now();
        let error = discover(&guest, VolumeId(0), &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{}:1: the limit max_include_depth (8) is exceeded",
                if start.elapsed() < MOMENT { path } else { "slow" }
            )
        );
    }
    // In an entry it is the entry's problem.
    let guest = MapGuest::with_config(
        path,
        format!("menuentry A {{ source {path}\nlinux /a }}\nmenuentry B {{ linux /b }}\n"),
    )
    .file("/x.cfg", "source /x.cfg\n");
    let menu = guest.menu();
    assert_eq!(menu.entries.len(), 2);
    let guest = MapGuest::with_config(path, "menuentry A { source /x.cfg }\nmenuentry B { linux /b }\n")
        .file("/x.cfg", "source /x.cfg\n");
    let menu = guest.menu();
    assert!(menu.entries[0].problems[0].contains("max_include_depth"), "{:?}", menu.entries[0].problems);
    assert_eq!(menu.default.map(|index| kernel(&menu.entries[index])), Some("0:/b".into()));
}

#[test]
fn menus_in_a_circle() {
    // Each level opens the same file again: submenus without end.
    let path = "/boot/grub/grub.cfg";
    let text = format!("menuentry A {{ configfile {path} }}\nmenuentry B {{ configfile {path} }}\n");
    let start = Instant::now();
    let menu =
        discover(&MapGuest::with_config(path, text), VolumeId(0), &Limits::default()).unwrap().unwrap();
    assert!(start.elapsed() < MOMENT, "{:?}", start.elapsed());
    assert_eq!(menu.default, None);
    assert!(menu.entries.len() <= 2 * Limits::default().max_entries, "{}", menu.entries.len());
}

#[test]
fn many_files() {
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", "while true; do source /a.cfg; done\n")
        .file("/a.cfg", "x=1\n");
    let error = discover(&guest, VolumeId(0), &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Limit { limit: LimitName::MaxFilesRead, .. }), "{error}");
}

#[test]
fn large_files() {
    let limits = Limits { max_config_bytes: 1000, ..Limits::default() };
    let text = "#".repeat(1001);
    assert!(matches!(
        parse_config(text.as_bytes(), &limits),
        Err(Error::Limit { limit: LimitName::MaxConfigBytes, value: 1000, line: 0, .. })
    ));
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", &text);
    let error = discover(&guest, VolumeId(0), &limits).unwrap_err();
    assert_eq!(error.to_string(), "/boot/grub/grub.cfg: too large");
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", "source /big\nmenuentry A { linux /a }\n")
        .file("/big", &text);
    let menu = discover(&guest, VolumeId(0), &limits).unwrap().unwrap();
    assert_eq!(menu.default, Some(0));
    assert!(menu.notes.iter().any(|note| note.contains("too large")), "{:?}", menu.notes);
}

#[test]
fn titles_keep_their_bytes_and_messages_do_not() {
    let text = b"menuentry \"\x1b[2J\x07 a\nb\" --id \"\x1b]0;x\" { linux \"/k\x1b\n\" \"a\nb\" 'c\x1b' }\n\x1b[31mx\nmenuentry \"x\x00y\" {\n";
    let menu = evaluate(text).unwrap();
    assert_eq!(menu.entries[0].title, b"\x1b[2J\x07 a\nb");
    assert_eq!(menu.entries[0].kernel.as_ref().unwrap().file.path, b"/k\x1b\n");
    assert_eq!(menu.entries[0].arguments, b"a\nb c\x1b");
    let shown = |text: &String| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    assert!(menu.notes.iter().all(shown), "{:?}", menu.notes);
    assert!(!menu.notes.is_empty());
}

#[test]
fn a_nul_ends_its_line() {
    let menu = evaluate(b"menuentry A { linux /a x\0y }\n}\n").unwrap();
    assert_eq!(menu.entries[0].arguments, b"x");
}

#[test]
fn notes_are_bounded() {
    let menu = evaluate("for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5 6 7 8 9; do for k in 1 2 3 4 5 6 7 8 9; do x$i$j$k; done; done; done\n").unwrap();
    assert_eq!(menu.notes.len(), Limits::default().max_notes + 1);
    assert_eq!(menu.notes.last().unwrap(), "and 529 more notes");
}

#[test]
fn limits_of_nothing() {
    let limits = Limits {
        max_steps: 0,
        max_depth: 0,
        max_config_bytes: 0,
        max_entries: 0,
        max_value_bytes: 0,
        max_total_bytes: 0,
        max_include_depth: 0,
        max_files_read: 0,
        max_names: 0,
        max_notes: 0,
        disk_steps: DiskSteps::new(0),
    };
    assert!(parse_config(b"", &limits).is_err());
    assert!(parse_config(b"menuentry A { linux /a }\n", &limits).is_err());
}

/// A disk full of configurations, each with steps of its own: together they have an end, and whoever comes after it is told.
#[test]
fn very_many_configurations() {
    let mut guest = MapGuest::default();
    for number in 0..200 {
        guest = guest.volume(&format!("hd0,gpt{}", number + 1), "", "");
        for path in ["/boot/grub/grub.cfg", "/grub/grub.cfg", "/boot/grub2/grub.cfg", "/grub2/grub.cfg"] {
            guest = guest.file(path, "while true; do true; done\n");
        }
        for vendor in 0..20 {
            guest = guest
                .file(&format!("/EFI/v{vendor}/grub.cfg"), "menuentry x { while true; do true; done }\n");
        }
        guest = guest.file("/extlinux.conf", "INCLUDE /extlinux.conf\n");
        guest = guest.file("/boot/grub/menu.lst", "title a\nconfigfile /boot/grub/menu.lst\n");
    }
    let limits = Limits { max_steps: 10_000, disk_steps: DiskSteps::new(50_000), ..Limits::default() };
    let start = Instant::now();
    let mut refused = 0;
    for volume in 0..200 {
        for candidate in bootcfg::candidates(&guest, VolumeId(volume)) {
            match bootcfg::evaluate(&guest, candidate, &limits) {
                Err(error @ Error::Limit { limit: LimitName::MaxDiskSteps, .. }) => {
                    assert!(
                        error.to_string().ends_with(": the limit max_disk_steps (50000) is exceeded"),
                        "{error}"
                    );
                    refused += 1;
                }
                // 10,000 each, or as many again in an entry.
                _ => assert!(refused == 0),
            }
        }
    }
    assert!(start.elapsed() < MOMENT, "{:?}", start.elapsed());
    assert!((200 * 26 - 10..200 * 26).contains(&refused), "{refused}");
    // Other limits have other steps.
    let fresh = Limits { disk_steps: DiskSteps::new(50_000), ..limits };
    assert!(!matches!(
        discover(&guest, VolumeId(199), &fresh),
        Err(Error::Limit { limit: LimitName::MaxDiskSteps, .. })
    ));
}

#[test]
fn a_hundred_thousand_entries() {
    for line in [
        "menuentry a { linux /a\n}\n",
        "submenu a { true\n}\n",
        "title a\nkernel /a\n",
        "label a\nkernel /a\n",
        "image=/a\nlabel=a\n",
        "menu=a:boot\n",
    ] {
        // As many as a configuration has room for.
        let text = line.repeat(100_000);
        let limits = Limits { max_config_bytes: 4 << 20, ..Limits::default() };
        let start = Instant::now();
        let error =
            parse_config(text.as_bytes(), &limits).err().unwrap_or_else(|| panic!("{line:?} is a menu"));
        assert!(start.elapsed() < MOMENT, "{line:?} took {:?}", start.elapsed());
        assert!(
            matches!(error, Error::Limit { limit: LimitName::MaxEntries | LimitName::MaxTotalBytes, .. }),
            "{line:?}: {error}"
        );
    }
}

#[test]
fn arguments_with_quotes_newlines_and_nuls() {
    let text = b"menuentry a { linux /a 'x\ny' \"it's\" \\\" a\\'b 'c\\d' \\\n e }\nmenuentry b { linux /b c\0d }\n}\n";
    let menu = evaluate(text).unwrap();
    // As GRUB quotes them (tests/grub2/linux/linux.txt, "quotes and backslashes"); a newline is a byte like others.
    assert_eq!(menu.entries[0].arguments, b"x\ny it\\'s \\\" a\\'b c\\\\d e");
    assert_eq!(menu.entries[1].arguments, b"c");
    let legacy = evaluate(b"title a\nkernel /a 'x \"y\" \\z\0no\ninitrd /i\n").unwrap();
    assert_eq!(legacy.entries[0].arguments, b"'x \"y\" \\z");
}

/// What a person types, or has typed for him, is held to the same budgets.
#[test]
fn hostile_lines_and_edits() {
    let names: Vec<String> = (0..5_000).map(|number| format!("/many/{number}")).collect();
    let mut guest =
        MapGuest::with_config("/boot/grub/grub.cfg", "menuentry a { linux /a }\n").file("/disc", "x");
    for name in &names {
        guest = guest.file(name, "");
    }
    let menu = guest.menu();
    let limits = Limits { max_steps: 100_000, ..Limits::default() };
    let start = Instant::now();
    for line in [
        "while true; do true; done",
        "function f { f; }; f",
        "while true; do ls -l /many; done",
        "while true; do loopback l /disc; loopback -d l; done",
        "while true; do cat /disc; done",
        "while true; do regexp '(a*)(a*)(a*)(a*)\\1\\2\\3\\4b' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
        "x=abcdefghijklmnop; while true; do x=$x$x; done",
        "x=a; while true; do tr --set=x a b $x; done",
        "while true; do probe -u hd0,1; done",
        "while true; do echo \u{1b}[2J; done",
        "eval eval eval '\"'",
        "{ { { {",
    ] {
        let printed = command_line(&guest, &menu, &[line.as_bytes()], &limits);
        assert_eq!(printed.end, CommandEnd::Waits, "{line}");
        assert!(printed.output.len() <= 128 << 10, "{line}: {} bytes", printed.output.len());
        let entry = edited(&guest, &menu, 0, line.as_bytes(), &limits);
        assert!(entry.is_ok_and(|entry| !entry.is_bootable()), "{line}");
    }
    assert_eq!(complete(&guest, &menu, &[], b"ls /many/", &limits).candidates.len(), names.len());
    let loops: &[&[u8]] = &[b"while true; do true; done"];
    assert_eq!(complete(&guest, &menu, loops, b"ec", &limits).common, b"echo ");
    let long = "a".repeat(1 << 20);
    assert!(edited(&guest, &menu, 0, long.as_bytes(), &limits).is_ok_and(|entry| !entry.is_bootable()));
    assert!(start.elapsed() < MOMENT, "{:?}", start.elapsed());
}
