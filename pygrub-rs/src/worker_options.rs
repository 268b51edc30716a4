//! Limits of the worker, the same for both programs: all that a guest can make large, each by its name.

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use fsimage::parse_mount_option;
use fsimage::protocol::MountOption;
use fsimage::units::{parse_seconds, parse_size};
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// What the help has all limits under.
pub const LIMITS: &str = "Limits and jail";

/// What is given on the command line; what is not stays at the library's default.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = LIMITS)]
pub struct WorkerOptions {
    /// Seconds to wait for each answer of the worker's
    #[arg(long, global = true, hide_short_help = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "30")]
    pub deadline: Duration,
    /// Seconds to wait for all of its answers together
    #[arg(long, global = true, hide_short_help = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "300")]
    pub total_deadline: Duration,
    /// Address space of the worker: bytes, or with K, M, G [default: 64M]
    #[arg(long, global = true, hide_short_help = true, value_name = "SIZE", value_parser = parse_size)]
    pub worker_memory: Option<u64>,
    /// Seconds of processor time of the worker [default: 60]
    #[arg(long, global = true, hide_short_help = true, value_name = "SECONDS")]
    pub worker_cpu: Option<u64>,
    /// Symbolic links followed on one path [default: 40]
    #[arg(long, global = true, hide_short_help = true, value_name = "COUNT")]
    pub max_symlinks: Option<u32>,
    /// Entries read of one directory [default: 1000000]
    #[arg(long, global = true, hide_short_help = true, value_name = "COUNT")]
    pub max_directory_entries: Option<u64>,
    /// Bytes of names kept of one directory [default: 32M]
    #[arg(long, global = true, hide_short_help = true, value_name = "SIZE", value_parser = parse_size)]
    pub max_listing_bytes: Option<u64>,
    /// Bytes of one boot configuration [default: 4M]
    #[arg(long, global = true, hide_short_help = true, value_name = "SIZE", value_parser = parse_size)]
    pub max_config_bytes: Option<u64>,
    /// Steps of a boot configuration's evaluation [default: 1000000]
    #[arg(long, global = true, hide_short_help = true, value_name = "COUNT")]
    pub max_script_steps: Option<u64>,
    /// Entries of a boot menu [default: 10000]
    #[arg(long, global = true, hide_short_help = true, value_name = "COUNT")]
    pub max_menu_entries: Option<u32>,
    /// Open filesystems with these words, those of PLUGIN's only where it is named; may be repeated. Each plugin's words
    /// are in its documentation: ext2:checksums=strict, iso9660:view=joliet
    #[arg(long, global = true, hide_short_help = true, value_name = "[PLUGIN:]WORDS", value_parser = mount_option())]
    pub mount_option: Vec<MountOption>,
}

fn mount_option() -> impl TypedValueParser<Value = MountOption> {
    OsStringValueParser::new().try_map(|text| parse_mount_option(&text.into_vec()))
}

impl WorkerOptions {
    /// The library's options with these limits.
    #[must_use]
    pub fn options(&self) -> fsimage::Options {
        let mut options = fsimage::Options {
            deadline: self.deadline,
            total_deadline: self.total_deadline,
            ..fsimage::Options::default()
        };
        let limits = &mut options.limits;
        let given = [
            (&mut limits.memory, self.worker_memory),
            (&mut limits.cpu_seconds, self.worker_cpu),
            (&mut limits.max_directory_entries, self.max_directory_entries),
            (&mut limits.max_config_bytes, self.max_config_bytes),
            (&mut limits.max_script_steps, self.max_script_steps),
            (&mut options.max_listing_bytes, self.max_listing_bytes),
        ];
        for (limit, value) in given {
            *limit = value.unwrap_or(*limit);
        }
        limits.max_symlinks = self.max_symlinks.unwrap_or(limits.max_symlinks);
        limits.max_menu_entries = self.max_menu_entries.unwrap_or(limits.max_menu_entries);
        options.mount_options = self.mount_option.clone();
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use fsimage::protocol::Bytes;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        worker: WorkerOptions,
    }

    fn help_of(option: &str) -> String {
        use clap::CommandFactory;
        let command = Program::command();
        let argument = command.get_arguments().find(|argument| argument.get_long() == Some(option)).unwrap();
        argument.get_help().unwrap().to_string()
    }

    /// The defaults that the help tells are the library's.
    #[test]
    fn the_help_tells_the_defaults() {
        let options = Program::parse_from(["program"]).worker.options();
        let default = fsimage::Options::default();
        assert_eq!(options.limits, default.limits);
        assert_eq!((options.deadline, options.total_deadline), (default.deadline, default.total_deadline));
        let limits = &default.limits;
        let mib = |bytes: u64| format!("[default: {}M]", bytes >> 20);
        for (option, text) in [
            ("worker-memory", mib(limits.memory)),
            ("worker-cpu", format!("[default: {}]", limits.cpu_seconds)),
            ("max-symlinks", format!("[default: {}]", limits.max_symlinks)),
            ("max-directory-entries", format!("[default: {}]", limits.max_directory_entries)),
            ("max-listing-bytes", mib(default.max_listing_bytes)),
            ("max-config-bytes", mib(limits.max_config_bytes)),
            ("max-script-steps", format!("[default: {}]", limits.max_script_steps)),
            ("max-menu-entries", format!("[default: {}]", limits.max_menu_entries)),
        ] {
            assert!(help_of(option).ends_with(&text), "--{option}: {text}");
        }
    }

    #[test]
    fn mount_options_are_for_one_plugin_or_for_any() {
        let option = |text: &str| parse_mount_option(text.as_bytes());
        let parsed = |plugin: Option<&str>, words: &str| MountOption {
            plugin: plugin.map(|name| Bytes::from(name.as_bytes())),
            words: Bytes::from(words.as_bytes()),
        };
        assert_eq!(option("iso9660:view=joliet"), Ok(parsed(Some("iso9660"), "view=joliet")));
        assert_eq!(option("subvol=a:b"), Ok(parsed(None, "subvol=a:b")));
        assert_eq!(option(":x"), Ok(parsed(None, ":x")));
        assert!(option("ext2:").is_err() && option("").is_err() && option(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn each_option_changes_its_own_limit() {
        let given = [
            "program",
            "--worker-memory=1M",
            "--worker-cpu=2",
            "--max-symlinks=3",
            "--max-listing-bytes=4",
            "--max-directory-entries=5",
            "--max-config-bytes=6",
            "--max-script-steps=7",
            "--max-menu-entries=8",
            "--total-deadline=9",
        ];
        let options = Program::parse_from(given).worker.options();
        let limits = &options.limits;
        assert_eq!((limits.memory, limits.cpu_seconds, limits.max_symlinks), (1 << 20, 2, 3));
        assert_eq!((options.max_listing_bytes, limits.max_directory_entries), (4, 5));
        assert_eq!((limits.max_config_bytes, limits.max_script_steps, limits.max_menu_entries), (6, 7, 8));
        assert_eq!(options.total_deadline, Duration::from_secs(9));
    }
}
