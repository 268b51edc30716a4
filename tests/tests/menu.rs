//! The menu, on a console as libxl gives it: keys go in, and the result file comes out right.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::libxl::Call;
use fsimage_tests::{Console, Guest, Output, Stage, Tree, toolstack};
use rustix::process::Signal;

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1bOB";
const ESCAPE: &str = "\x1b";
const CONTROL_X: &str = "\x18";

/// Two kernels in the outermost menu, two in a submenu, one that is not there.
const CONFIG: &str = "\
set default=0
set timeout=TIMEOUT
menuentry 'Debian GNU/Linux' {
	linux /boot/vmlinuz root=/dev/xvda1 ro quiet
	initrd /boot/initrd.img
}
submenu 'Advanced options for Debian GNU/Linux' {
	menuentry 'Debian GNU/Linux, with Linux 6.1.0' --hotkey=x {
		linux /boot/vmlinuz advanced
		initrd /boot/initrd.img
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0 (recovery mode)' {
		linux /boot/vmlinuz single
		initrd /boot/initrd.img
	}
}
menuentry 'Second' --hotkey=s {
	linux /boot/vmlinuz second
}
menuentry 'Missing' {
	linux /boot/missing
}
";

fn config(timeout: &str) -> String {
    CONFIG.replace("TIMEOUT", timeout)
}

/// The screen without the number of seconds, which depends on how busy the host is.
fn clockless(screen: &str) -> String {
    let place = screen.match_indices(" in ").map(|(place, _)| place + 4);
    let clock =
        place.into_iter().find(|place| screen[*place..].starts_with(|c: char| c.is_ascii_digit())).unwrap();
    let rest = screen[clock..].trim_start_matches(|character: char| character.is_ascii_digit());
    format!("{}N{rest}", &screen[..clock])
}

struct Scene {
    stage: Stage,
    _guest: Guest,
    call: Call,
}

impl Scene {
    fn new(config: impl AsRef<[u8]>) -> Self {
        Self::of(Tree::configured(config))
    }

    fn of(tree: Tree) -> Self {
        let (stage, guest) = (Stage::new(), tree.guest());
        let call = Call::new(&stage.path("pygrub-rs"), &guest.image);
        Self { stage, _guest: guest, call }
    }

    fn console(&self) -> Console {
        Console::start(&self.call)
    }

    /// It ended well, and these are the arguments.
    #[track_caller]
    fn assert_boots(&self, console: Console, args: &str) {
        let (outcome, text) = console.finish();
        assert_eq!(outcome.code, Some(0), "{text}");
        let boot = toolstack::libxl(&self.call.output.result());
        assert_eq!(String::from_utf8(boot.args.unwrap_or_default()).unwrap(), args);
        assert!(boot.kernel.is_some());
        self.stage.assert_nothing_runs();
    }

    /// It ended with an error that says this, and left nothing.
    #[track_caller]
    fn assert_boots_nothing(&self, console: Console, why: &str) {
        let (outcome, text) = console.finish();
        assert_eq!(outcome.code, Some(1), "{text}");
        assert!(text.contains(why), "no {why:?} in {text}");
        self.call.output.assert_untouched();
        self.stage.assert_nothing_runs();
    }
}

#[test]
fn the_default_boots_by_itself() {
    let scene = Scene::new(config("2"));
    let console = scene.console();
    console
        .see("The highlighted entry will be executed automatically in")
        .see_highlighted("Debian GNU/Linux");
    scene.assert_boots(console, "root=/dev/xvda1 ro quiet");
}

#[test]
fn the_second_entry_is_chosen_and_any_key_stops_the_clock() {
    let scene = Scene::new(config("60"));
    let console = scene.console();
    insta::assert_snapshot!(
        "countdown",
        clockless(&console.wait("seconds", |console| console.screen().trim_end().ends_with("s.")).screen())
    );
    console.press(DOWN).see_highlighted_start("Advanced");
    scene.assert_boots_nothing_yet(&console);
    console.press(DOWN).see_highlighted("Second").press("\r");
    scene.assert_boots(console, "second");
}

impl Scene {
    /// The clock has stopped.
    #[track_caller]
    fn assert_boots_nothing_yet(&self, console: &Console) {
        console.wait("no clock", |console| !console.screen().contains("automatically"));
        assert_eq!(self.call.output.result(), b"");
    }
}

#[test]
fn submenus_are_entered_and_left() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    insta::assert_snapshot!("menu", console.see("command-line.").screen());
    console.press(DOWN).see_highlighted_start("Advanced").press("\r");
    console.see("recovery mode");
    insta::assert_snapshot!(
        "submenu",
        console.wait("its end", |console| console.screen().trim_end().ends_with("menu.")).screen()
    );
    console.press(ESCAPE).see("Second").see_highlighted_start("Advanced").press("\r").see("recovery mode");
    console.press(DOWN).see_highlighted_start("Debian GNU/Linux, with Linux 6.1.0 (recovery").press("\r");
    scene.assert_boots(console, "single");
}

/// What a test wants of a highlighted line whose end is a sign.
trait Start {
    fn see_highlighted_start(&self, text: &str) -> &Self;
}

impl Start for Console {
    #[track_caller]
    fn see_highlighted_start(&self, text: &str) -> &Self {
        self.wait(text, |console| console.highlighted().trim_start_matches('*').starts_with(text))
    }
}

#[test]
fn keys_move_as_in_grub() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see_highlighted("Debian GNU/Linux");
    for (keys, there) in [
        ("\x1b[F", "Missing"),
        (UP, "Second"),
        ("\x10", "Advanced"),
        ("\x0e", "Second"),
        ("\x1b[H", "Debian GNU/Linux"),
        ("\x1b[6~", "Missing"),
        ("\x1b[5~", "Debian GNU/Linux"),
        ("\x05", "Missing"),
        ("\x01", "Debian GNU/Linux"),
        ("v", "Advanced"),
        ("^", "Debian GNU/Linux"),
        ("\x1bOA", "Debian GNU/Linux"),
    ] {
        console.press(keys).see_highlighted_start(there);
    }
    // A hot key boots, wherever its entry is.
    console.press("x");
    scene.assert_boots(console, "advanced");
}

#[test]
fn arguments_are_edited() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see_highlighted("Debian GNU/Linux").press("a").see("kernel arguments:");
    insta::assert_snapshot!("arguments", console.see("ro quiet").screen());
    console.press("\x17single").see("ro single").press("\r");
    scene.assert_boots(console, "root=/dev/xvda1 ro single");
}

#[test]
fn commands_are_edited_in_the_worker() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see_highlighted("Debian GNU/Linux").press("e").see("initrd /boot/initrd.img");
    insta::assert_snapshot!(
        "editor",
        console.wait("its end", |console| console.screen().trim_end().ends_with("menu.")).screen()
    );
    // The language is GRUB's.
    console.press("set what=edited\r").see("set what=edited");
    console.press("\x05 $what\x01").see("quiet $what");
    console.press(CONTROL_X);
    scene.assert_boots(console, "root=/dev/xvda1 ro quiet edited");
}

/// GRUB's editor throws such a text away; here it can be mended.
#[test]
fn a_mistake_in_the_editor_is_told_and_can_be_mended() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see_highlighted("Debian GNU/Linux").press("e").see("ro quiet");
    console.press("if true; then\r").see("if true; then").press(CONTROL_X);
    console.see("Press any key").see("syntax error").press(" ");
    console.see("if true; then").press("\x1b[A\x1b[H\x0b\x0b");
    console.wait("without it", |console| !console.screen().contains("if true")).press(CONTROL_X);
    scene.assert_boots(console, "root=/dev/xvda1 ro quiet");
}

#[test]
fn the_editor_completes_commands_and_paths() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see("Second").press("\x1b[F").see_highlighted("Missing").press("e").see("linux /boot/missing");
    console.press("\x0b\x0be\t").see("Possible completions:").see("export").press(" ");
    console
        .see("|e ")
        .press("\x7flin\t")
        .see("linux ")
        .press("/boot/vm\t")
        .see("linux /boot/vmlinuz")
        .press("completed")
        .press(CONTROL_X);
    scene.assert_boots(console, "completed");
}

#[test]
fn edits_are_thrown_away_by_escape() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see_highlighted("Debian GNU/Linux").press("e").see("ro quiet").press("\x0b\x0b\x0b\x0b");
    console.wait("an empty editor", |console| !console.screen().contains("quiet"));
    console.press(ESCAPE).see("Second").press("\r");
    scene.assert_boots(console, "root=/dev/xvda1 ro quiet");
}

#[test]
fn the_command_line_boots() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see("Second").press("c").see("grub>");
    console.press("set greeting=hello\r").press("echo $greeting world\r").see("hello world");
    console.press("ls /boot/\r").see("initrd.img vmlinuz".split(' ').next().unwrap());
    console.press("nosuch\r").see("can't find command `nosuch'");
    console.press("boot\r").see("you need to load the kernel first");
    insta::assert_snapshot!("command_line", console.screen());
    console.press("lin\t").see("grub> linux").press("/boot/vm\t").see("grub> linux /boot/vmlinuz");
    console.press("typed $greeting\r").press("initrd /boot/initrd.img\r").press("boot\r");
    scene.assert_boots(console, "typed hello");
}

#[test]
fn what_cannot_be_booted_is_told_and_the_menu_goes_on() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see("Missing").press("\x1b[F").see_highlighted("Missing").press("\r");
    insta::assert_snapshot!("error", console.see("Press any key").screen());
    assert!(console.screen().contains("/boot/missing does"));
    console.press(" ").see("Second").press(UP).see_highlighted("Second").press("\r");
    scene.assert_boots(console, "second");
}

const LOCKED: &str = "\
set superusers=root
set timeout=-1
password root secret
password bob other
menuentry 'Free' --unrestricted { linux /boot/vmlinuz free }
menuentry 'For Bob' --users bob { linux /boot/vmlinuz bob }
menuentry 'For root' { linux /boot/vmlinuz root }
";

fn log_in(console: &Console, user: &str, password: &str) {
    console.see("Enter username:").press(&format!("{user}\r")).see("Enter password:").press(password);
    assert!(!console.screen().contains(password), "{}", console.screen());
    console.press("\r");
}

/// CVE-2009-3525: what is locked stays locked until the right password, and what is free is free.
#[test]
fn a_wrong_password_and_then_the_right_one() {
    let scene = Scene::new(LOCKED);
    let console = scene.console();
    insta::assert_snapshot!("locked", console.see("features.").screen());
    for key in ["e", "a", "c"] {
        console.press(key);
        log_in(&console, "root", "wrong");
        console.see("Access denied.").press(" ").see("For root");
    }
    // Another user than the entry is for.
    console.press("\x1b[F").see_highlighted("For root").press("\r");
    log_in(&console, "bob", "other");
    console.see("Access denied.").press(" ").see_highlighted("For root").press("\r");
    log_in(&console, "root", "secret");
    scene.assert_boots(console, "root");
}

#[test]
fn who_has_logged_in_may_edit() {
    let scene = Scene::new(LOCKED);
    let console = scene.console();
    console.see("For root").press("p");
    log_in(&console, "root", "secret");
    console.see("`e' to edit").press("a").see("free").press(" more\r");
    scene.assert_boots(console, "free more");
}

#[test]
fn a_legacy_password_guards_editing() {
    // openssl passwd -1 -salt salt secret
    let config = "password --md5 $1$salt$jAtPebPW8YcOzCKaYHB.b.\ntimeout -1\ntitle Legacy\nkernel /boot/vmlinuz ro\n\
                  title Locked\nlock\nkernel /boot/vmlinuz locked\n";
    let made =
        std::process::Command::new("openssl").args(["passwd", "-1", "-salt", "salt", "secret"]).output();
    let hash = String::from_utf8(made.unwrap().stdout).unwrap();
    let config = config.replace("$1$salt$jAtPebPW8YcOzCKaYHB.b.", hash.trim()).replace("timeout -1\n", "");
    let tree = Tree::new().file("boot/vmlinuz", "kernel").file("boot/grub/menu.lst", config);
    let scene = Scene::of(tree);
    let console = scene.console();
    console
        .see("Locked")
        .press(DOWN)
        .see_highlighted("Locked")
        .press("e")
        .see("Enter password:")
        .press("wrong\r");
    console.see("Access denied.").press(" ").see_highlighted("Locked").press("e").press("secret\r");
    console
        .see("kernel /boot/vmlinuz locked")
        .press("\x1bOB\x05 edited")
        .see("locked edited")
        .press(CONTROL_X);
    scene.assert_boots(console, "locked edited");
}

/// A label's lines are edited in syslinux' own language.
#[test]
fn a_syslinux_label_is_edited() {
    let config = "DEFAULT linux\nPROMPT 1\nTIMEOUT 0\nLABEL linux\n  MENU LABEL Alpine ^Linux\n  LINUX vmlinuz\n\
                  \x20 INITRD initrd.img\n  APPEND root=/dev/xvda1 quiet\n";
    let files = Tree::new().file("boot/vmlinuz", "kernel").file("boot/initrd.img", "ramdisk");
    let scene = Scene::of(files.file("boot/extlinux.conf", config));
    let console = scene.console();
    console.see_highlighted("Alpine Linux").press("e").see("append root=/dev/xvda1 quiet");
    console.press(&DOWN.repeat(10)).press("\x05 single").see("quiet single").press(CONTROL_X);
    scene.assert_boots(console, "root=/dev/xvda1 quiet single");
}

/// lilo.conf(5): with `restricted`, who only boots needs no password, and who gives parameters does.
#[test]
fn a_lilo_password_guards_what_it_should() {
    let config = "prompt\nimage=/boot/vmlinuz\n\tlabel=Free\n\tappend=free\nimage=/boot/vmlinuz\n\tlabel=Restricted\n\
                  \tappend=restricted\n\tpassword=secret\n\trestricted\nimage=/boot/vmlinuz\n\tlabel=Locked\n\
                  \tappend=locked\n\tpassword=other\n";
    let mut scene = Scene::of(Tree::new().file("boot/vmlinuz", "kernel").file("etc/lilo.conf", config));
    let console = scene.console();
    console.see_highlighted("Free").press(DOWN).see_highlighted("Restricted").press("\r");
    scene.assert_boots(console, "restricted");
    scene.call.output = Output::new();

    let console = scene.console();
    console
        .see_highlighted("Free")
        .press(DOWN)
        .see_highlighted("Restricted")
        .press("a")
        .see("Enter password:")
        .press("wrong\r");
    console.see("Access denied.").press(" ").see_highlighted("Restricted").press("a");
    console.see("Enter password:").press("secret\r").see("kernel arguments:").press(" more\r");
    scene.assert_boots(console, "restricted more");
    scene.call.output = Output::new();

    let console = scene.console();
    console
        .see_highlighted("Free")
        .press("\x1b[F")
        .see_highlighted("Locked")
        .press("\r")
        .see("Enter password:")
        .press("secret\r");
    console.see("Access denied.").press(" ").see_highlighted("Locked").press("\r");
    console.see("Enter password:").press("other\r");
    scene.assert_boots(console, "locked");
}

#[test]
fn a_hidden_menu_is_shown_by_escape() {
    let scene =
        Scene::new(config("60").replace("set default=0", "set default=0\nset timeout_style=countdown"));
    let console = scene.console();
    insta::assert_snapshot!("hidden", clockless(&console.see("to enter the menu.").screen()));
    assert!(!console.screen().contains("Second"));
    console.press(ESCAPE).see("Second").press("s");
    scene.assert_boots(console, "second");
}

#[test]
fn timeout_0_boots_at_once_and_an_option_says_otherwise() {
    let scene = Scene::new(config("0"));
    let (outcome, text) = scene.console().finish();
    assert_eq!(outcome.code, Some(0), "{text}");
    assert!(!text.contains("Use the"), "{text}");

    let mut scene = Scene::new(config("0"));
    scene.call = scene.call.argument("--timeout=60");
    let console = scene.console();
    console.see("automatically in").press("s");
    scene.assert_boots(console, "second");
}

#[test]
fn quiet_shows_nothing() {
    let mut scene = Scene::new(config("60"));
    scene.call = scene.call.run_as(65534);
    let (outcome, text) = scene.console().finish();
    assert_eq!(outcome.code, Some(0), "{text}");
    assert!(!text.contains('\x1b'), "{text:?}");
}

/// pygrub refuses to.
#[test]
fn a_deprivileged_worker_has_a_menu() {
    let mut scene = Scene::new(config("-1"));
    scene.call = scene.call.argument("--runas=65534");
    let console = scene.console();
    console.see("Second").press("s");
    scene.assert_boots(console, "second");
}

#[test]
fn a_terminal_that_vanishes_boots_nothing() {
    for config in [config("-1"), config("3600")] {
        let scene = Scene::new(config);
        let mut console = scene.console();
        console.see("Second");
        console.hang_up();
        let (outcome, _) = console.finish();
        assert_eq!(outcome.code, Some(1));
        scene.call.output.assert_untouched();
        scene.stage.assert_nothing_runs();
    }
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_as_it_was() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let scene = Scene::new(config("-1"));
        let console = scene.console();
        console.see("Second");
        console.running().signal(signal);
        let (outcome, text) = console.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()));
        // Attributes off, a clear screen.
        assert!(text.ends_with("\x1b[0m\x1b[2J\x1b[1;1H"), "{text:?}");
        scene.call.output.assert_untouched();
        scene.stage.assert_nothing_runs();
    }
}

/// SIGHUP is how a terminal says that it goes, whatever it can still show.
#[test]
fn a_hangup_boots_nothing() {
    let scene = Scene::new(config("3600"));
    let console = scene.console();
    console.see("Second").running().signal(Signal::HUP);
    scene.assert_boots_nothing(console, "the terminal has gone; nothing is booted");
}

/// A shell puts the terminal back while its job is stopped.
#[test]
fn what_was_stopped_goes_on_with_a_screen_drawn_anew() {
    let scene = Scene::new(config("-1"));
    let console = scene.console();
    console.see("command-line.").running().signal(Signal::STOP);
    let path = format!("/proc/{}/stat", console.running().pid().as_raw_nonzero());
    console.wait("stopped", |_| std::fs::read_to_string(&path).unwrap().contains(") T "));
    let drawn = console.bytes().len();
    console.set_echo(true);
    console.running().signal(Signal::CONT);
    console.wait("drawn anew", |console| {
        String::from_utf8_lossy(&console.bytes()[drawn..]).contains("Advanced options")
    });
    assert!(!console.has_echo());
    console.press("s");
    scene.assert_boots(console, "second");
}

#[test]
fn control_c_boots_nothing() {
    let scene = Scene::new(config("60"));
    let console = scene.console();
    console.see("Second").press("\x03");
    scene.assert_boots_nothing(console, "left with Ctrl-c");
}

#[test]
fn twenty_columns_are_enough() {
    let scene = Scene::new(config("60"));
    let console = Console::sized(&scene.call, 10, 20, true);
    insta::assert_snapshot!(
        "narrow",
        clockless(&console.wait("seconds", |console| console.screen().trim_end().ends_with("s.")).screen())
    );
    console.press(DOWN).press(DOWN).see_highlighted("Second").press("\r");
    scene.assert_boots(console, "second");
}

#[test]
fn another_size_is_drawn_anew() {
    let scene = Scene::new(config("-1"));
    let console = Console::sized(&scene.call, 24, 80, true);
    console.see("command-line.").resize(30, 100);
    console.wait("a wider box", |console| console.screen().lines().any(|line| line.trim().len() > 90));
    console.press("s");
    scene.assert_boots(console, "second");
}

#[test]
fn two_hundred_entries_scroll() {
    let entries: String = (0..200)
        .map(|number| format!("menuentry 'Entry {number}' {{ linux /boot/vmlinuz n={number} }}\n"))
        .collect();
    let scene = Scene::new(format!("set timeout=-1\nset default=150\n{entries}"));
    let console = scene.console();
    console.see("command-line.");
    insta::assert_snapshot!("many", console.see_highlighted("Entry 150").screen());
    console
        .press("\x1b[H")
        .see_highlighted("Entry 0")
        .press(&DOWN.repeat(37))
        .see_highlighted("Entry 37")
        .press("\r");
    scene.assert_boots(console, "n=37");
}

#[test]
fn hostile_titles_are_only_text() {
    let long = "x".repeat(3000);
    let config = format!(
        "set timeout=-1\nmenuentry '\x1b[2J\x1b]0;owned\x07\x1b[?1049h' {{ linux /boot/vmlinuz a }}\n\
         menuentry 'line\nbreak' {{ linux /boot/vmlinuz b }}\nmenuentry '{long}' {{ linux /boot/vmlinuz c }}\n\
         menuentry 'Gr\u{f6}\u{df}e \u{202e}back \u{200b}' {{ linux /boot/vmlinuz d }}\nmenuentry '' {{ linux /boot/vmlinuz e }}\n\
         menuentry '\\ \u{9b}31m' {{ linux /boot/vmlinuz f }}\n"
    );
    let scene = Scene::new(config);
    let console = scene.console();
    insta::assert_snapshot!("hostile", console.see("command-line.").screen());
    let bytes = console.bytes();
    assert!(bytes.iter().all(|byte| byte.is_ascii() && *byte != 7), "{}", bytes.escape_ascii());
    for sequence in String::from_utf8(bytes).unwrap().split('\x1b').skip(1) {
        let end = sequence.find(|character: char| character.is_ascii_alphabetic()).unwrap();
        assert!(
            "HJmK".contains(&sequence[end..=end]) && !sequence[..end].contains('?'),
            "not a vt100's: {sequence:?}"
        );
    }
    console.press("\x1b[F\r");
    scene.assert_boots(console, "f");
}

/// A person may take an hour: neither deadline counts that, and nobody is busy meanwhile.
#[test]
fn waiting_costs_nothing() {
    let mut scene = Scene::new(config("-1"));
    scene.call = scene.call.argument("--deadline=2").argument("--total-deadline=2");
    let console = scene.console();
    console.see("Second");
    let ticks = || {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", console.running().pid().as_raw_nonzero()))
                .unwrap();
        let fields: Vec<u64> =
            stat.rsplit(')').next().unwrap().split_whitespace().filter_map(|f| f.parse().ok()).collect();
        // utime and stime: fields 14 and 15, of which the state (field 3) is no number.
        fields[10] + fields[11]
    };
    let before = ticks();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(ticks(), before, "it is busy while it waits");
    console.press("s");
    scene.assert_boots(console, "second");
}

#[test]
fn submenus_of_one_title_and_their_keys() {
    let scene = Scene::new(
        "set timeout=-1\nsubmenu More --hotkey=m { menuentry First { linux /boot/vmlinuz first } }\n\
         submenu More { menuentry Other { linux /boot/vmlinuz other } }\n\
         menuentry Plain { linux /boot/vmlinuz plain }\n",
    );
    let console = scene.console();
    assert_eq!(console.see("Plain").screen().matches("More").count(), 2);
    console.press("m").see_highlighted("First").press(ESCAPE).see("Plain");
    console.press(DOWN).press("\r").see_highlighted("Other").press("\r");
    scene.assert_boots(console, "other");
}

#[test]
fn the_command_line_opens_another_menu() {
    let other = "set timeout=-1\nmenuentry 'By hand' { linux /boot/vmlinuz by hand }\n";
    let scene = Scene::of(Tree::configured(config("-1")).file("boot/grub/other.cfg", other));
    let console = scene.console();
    console
        .see("Second")
        .press("c")
        .see("grub>")
        .press("configfile /boot/grub/gone.cfg\r")
        .see("does not exist");
    console.press("configfile ($root)/boot/grub/other.cfg\r").see_highlighted("By hand");
    assert!(!console.screen().contains("Second"), "{}", console.screen());
    // What is edited is that menu's.
    console.press("e").see("by hand").press(ESCAPE).see_highlighted("By hand").press("\r");
    scene.assert_boots(console, "by hand");
}
