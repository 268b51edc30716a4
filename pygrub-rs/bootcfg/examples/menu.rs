//! Shows the boot menu of a directory tree, as if it were a guest's one volume:
//! `cargo run -p bootcfg --example menu -- DIRECTORY|grub.cfg…`

use bootcfg::{
    DirName, FileKind, FileStatus, Guest, GuestError, Limits, VolumeId, VolumeName, discover, parse_config,
};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

struct Tree {
    root: PathBuf,
    volumes: Vec<VolumeName>,
}

impl Tree {
    fn path(&self, path: &[u8]) -> PathBuf {
        let relative = String::from_utf8_lossy(path).trim_start_matches('/').to_owned();
        self.root.join(relative)
    }
}

impl Guest for Tree {
    fn volumes(&self) -> &[VolumeName] {
        &self.volumes
    }

    fn status(&self, _volume: VolumeId, path: &[u8]) -> Option<FileStatus> {
        let metadata = std::fs::metadata(self.path(path)).ok()?;
        let kind = if metadata.is_dir() {
            FileKind::Directory
        } else if metadata.is_file() {
            FileKind::File
        } else {
            FileKind::Other
        };
        Some(FileStatus { kind, size: metadata.len() })
    }

    fn read(&self, _volume: VolumeId, path: &[u8], _max: u64) -> Result<Vec<u8>, GuestError> {
        std::fs::read(self.path(path)).map_err(|error| guest_error(&error))
    }

    fn read_at(&self, _: VolumeId, path: &[u8], offset: u64, length: usize) -> Result<Vec<u8>, GuestError> {
        let mut bytes = vec![0; length];
        let read = File::open(self.path(path)).and_then(|file| file.read_exact_at(&mut bytes, offset));
        read.map(|()| bytes).map_err(|error| guest_error(&error))
    }

    // Trees of configurations are mostly without the kernels they name.
    fn loadable(&self, _volume: VolumeId, _path: &[u8]) -> Result<(), GuestError> {
        Ok(())
    }

    fn list(&self, _: VolumeId, path: &[u8], _max: usize) -> Result<Vec<DirName>, GuestError> {
        let entries = std::fs::read_dir(self.path(path)).map_err(|error| guest_error(&error))?;
        let name = |entry: std::fs::DirEntry| {
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_dir() => FileKind::Directory,
                Ok(kind) if kind.is_file() => FileKind::File,
                _ => FileKind::Other,
            };
            DirName { name: entry.file_name().into_vec(), kind }
        };
        Ok(entries.flatten().map(name).collect())
    }
}

fn guest_error(error: &std::io::Error) -> GuestError {
    GuestError { message: error.to_string(), not_found: error.kind() == std::io::ErrorKind::NotFound }
}

fn show(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let limits = Limits::default();
    let menu = if path.is_dir() {
        let names = vec!["hd0,msdos1".into(), "hd0,1".into()];
        let volume = VolumeName {
            id: VolumeId(0),
            grub_names: names,
            legacy_grub_name: Some("hd0,0".into()),
            ..VolumeName::default()
        };
        let tree = Tree { root: path.to_owned(), volumes: vec![volume] };
        discover(&tree, VolumeId(0), &limits)?.ok_or("no configuration")?
    } else {
        parse_config(&std::fs::read(path)?, &limits)?
    };
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    println!("{} {}, timeout {:?}", menu.loader.name(), text(&menu.config.path), menu.timeout);
    for (index, entry) in menu.entries.iter().enumerate() {
        let mark = if menu.default == Some(index) { "*" } else { " " };
        let parents: String = entry.parents.iter().map(|parent| text(parent) + " > ").collect();
        println!("{mark} {parents}{}", text(&entry.title));
        if let Some(kernel) = &entry.kernel {
            println!("      {} {}", text(&kernel.file.path), text(&entry.arguments));
        }
        for ramdisk in &entry.ramdisks {
            println!("      {}", text(&ramdisk.file.path));
        }
        for problem in &entry.problems {
            println!("      problem: {problem}");
        }
    }
    for note in &menu.notes {
        println!("  note: {note}");
    }
    Ok(())
}

fn main() {
    for path in std::env::args_os().skip(1) {
        println!("== {}", path.display());
        if let Err(error) = show(Path::new(&path)) {
            println!("{error}");
        }
    }
}
