//! `cargo xtask install`: programs, worker, plugins and the C library to where a system has them.

use crate::shell::{Result, build_release_for, finish, root, target};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where things go.
struct Places {
    prefix: PathBuf,
    libdir: PathBuf,
    /// Put before every path that is written to, and into no file: for packages.
    destdir: PathBuf,
    /// A folder of what has been built already.
    built: Option<PathBuf>,
}

/// Builds for these places, and installs.
pub(crate) fn run(words: &[String]) -> Result {
    let places = Places::parse(words)?;
    let private = places.libdir.join("fsimage");
    let built = match &places.built {
        Some(built) => built.clone(),
        None => {
            build_release_for(&private, &private.join("plugins"))?;
            target().join("release")
        }
    };
    let programs = [
        ("fsimage", places.prefix.join("bin")),
        ("pygrub-rs", places.prefix.join("lib/xen/bin")),
        ("fsimage-worker", private.clone()),
    ];
    for (name, folder) in programs {
        places.copy(&built.join(name), &folder.join(name), 0o755)?;
    }
    for plugin in plugins(&built)? {
        places.copy(&built.join(&plugin), &private.join("plugins").join(&plugin), 0o644)?;
    }
    places.library(&built)?;
    places.documentation(&built.join("fsimage"))
}

impl Places {
    fn parse(words: &[String]) -> Result<Self> {
        let value =
            |name: &str| words.iter().rev().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let known = ["--prefix", "--libdir", "--destdir", "--built"];
        if let Some(word) =
            words.iter().find(|word| !known.iter().any(|name| word.starts_with(&format!("{name}="))))
        {
            return Err(format!("{word}: there are {}, each with =DIR", known.join(", ")));
        }
        let prefix = PathBuf::from(value("--prefix").unwrap_or("/usr/local"));
        let libdir = value("--libdir").map_or_else(|| prefix.join("lib"), PathBuf::from);
        for path in [&prefix, &libdir] {
            if !path.is_absolute() {
                return Err(format!("{}: an absolute path is wanted", path.display()));
            }
        }
        let destdir = PathBuf::from(value("--destdir").unwrap_or("/"));
        Ok(Self { prefix, libdir, destdir, built: value("--built").map(PathBuf::from) })
    }

    /// libfsimage, its headers, and what pkg-config wants.
    fn library(&self, built: &Path) -> Result {
        let name = "libfsimage.so.1";
        self.copy(&built.join("libfsimage_capi.so"), &self.libdir.join(name), 0o755)?;
        let link = self.place(&self.libdir.join("libfsimage.so"))?;
        let _ = fs::remove_file(&link);
        symlink(name, &link).map_err(|why| format!("{}: {why}", link.display()))?;
        for header in ["fsimage.h", "fsimage_plugin.h"] {
            let source = root().join("fsimage/include").join(header);
            self.copy(&source, &self.prefix.join("include").join(header), 0o644)?;
        }
        let template = root().join("fsimage/capi/fsimage.pc.in");
        let text = fs::read_to_string(&template).map_err(|why| format!("{}: {why}", template.display()))?;
        let text = text
            .replace("@prefix@", &self.prefix.display().to_string())
            .replace("@libdir@", &self.libdir.display().to_string())
            .replace("@version@", env!("CARGO_PKG_VERSION"));
        let target = self.place(&self.libdir.join("pkgconfig/fsimage.pc"))?;
        fs::write(&target, text).map_err(|why| format!("{}: {why}", target.display()))?;
        set_mode(&target, 0o644)
    }

    /// Manual pages and completions, by the program they are of.
    fn documentation(&self, fsimage: &Path) -> Result {
        let share = self.prefix.join("share");
        let pages = self.place(&share.join("man/man1/fsimage.1"))?;
        let folder = pages.parent().unwrap_or(&pages);
        finish(Command::new(fsimage).args(["man", "--output"]).arg(folder))?;
        for program in ["fsimage", "pygrub-rs"] {
            let completions = [
                ("bash", format!("bash-completion/completions/{program}")),
                ("zsh", format!("zsh/site-functions/_{program}")),
                ("fish", format!("fish/vendor_completions.d/{program}.fish")),
            ];
            for (shell, file) in completions {
                let path = self.place(&share.join(file))?;
                let file = fs::File::create(&path).map_err(|why| format!("{}: {why}", path.display()))?;
                finish(Command::new(fsimage).args(["completions", shell, program]).stdout(file))?;
            }
        }
        Ok(())
    }

    /// The path to write to, its folder made.
    fn place(&self, path: &Path) -> Result<PathBuf> {
        let path = self.destdir.join(path.strip_prefix("/").unwrap_or(path));
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        Ok(path)
    }

    /// Copies a file, by install(1): what runs or is mapped already stays as it is.
    fn copy(&self, from: &Path, to: &Path, mode: u32) -> Result {
        let to = self.place(to)?;
        finish(Command::new("install").arg("-m").arg(format!("{mode:o}")).arg(from).arg(to))
    }
}

/// The plugins that were built, but for the one that misbehaves.
fn plugins(built: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(built).map_err(|why| format!("{}: {why}", built.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("libfsimage_plugin_") && name.ends_with(".so"))
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(format!("{}: no plugin there", built.display()));
    }
    Ok(names)
}

fn set_mode(path: &Path, mode: u32) -> Result {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|why| format!("{}: {why}", path.display()))
}
