//! The language against the record of what GRUB itself printed: tests/grub2/language.txt, made by record.py.

#[path = "../../tests/common/record.rs"]
mod record;

use super::eval::Machine;
use super::outcome::{self, Place};
use super::source::Source;
use crate::grub2;
use crate::guest::{DirName, FileKind, FileRef, FileStatus, Guest, GuestError, VolumeId, VolumeName};
use crate::limits::Limits;
use crate::text::shown;
use record::{Case, cases};

const RECORD: &str = include_str!("../../tests/grub2/language.txt");
const FOLDER: &str = "/tmp/grub-case";

/// The case's folder, on a volume called `host` as in grub-emu.
struct Folder<'a> {
    volumes: [VolumeName; 1],
    case: &'a Case,
}

impl Folder<'_> {
    fn find(&self, path: &[u8]) -> Option<&str> {
        let name = std::str::from_utf8(path).ok()?.strip_prefix(FOLDER)?.strip_prefix('/')?;
        let parts = &self.case.parts;
        let whole = parts.get(name).or_else(|| parts.get(format!("file {name}").as_str()))?;
        let text = whole.trim_end_matches('\n');
        whole.get(..text.len().saturating_add(usize::from(!text.is_empty())))
    }
}

impl Guest for Folder<'_> {
    fn volumes(&self) -> &[VolumeName] {
        &self.volumes
    }

    fn status(&self, _volume: VolumeId, path: &[u8]) -> Option<FileStatus> {
        if path == FOLDER.as_bytes() || path == b"/" {
            return Some(FileStatus { kind: FileKind::Directory, size: 0 });
        }
        // As record.py writes them: without blank lines at the end.
        let size = u64::try_from(self.find(path)?.len()).unwrap();
        Some(FileStatus { kind: FileKind::File, size })
    }

    fn read_at(&self, _: VolumeId, path: &[u8], offset: u64, length: usize) -> Result<Vec<u8>, GuestError> {
        panic!("no recorded case reads {length} bytes at {offset} of {}", shown(path))
    }

    fn list(&self, _: VolumeId, path: &[u8], _max: usize) -> Result<Vec<DirName>, GuestError> {
        panic!("no recorded case lists {}", shown(path))
    }

    fn read(&self, _volume: VolumeId, path: &[u8], _max: u64) -> Result<Vec<u8>, GuestError> {
        let missing = || GuestError { message: "file not found".into(), not_found: true };
        self.find(path).map(|text| text.as_bytes().to_vec()).ok_or_else(missing)
    }
}

/// What the configuration prints, and with `(menu)` in the case's name the entry that is booted by itself.
fn printed(case: &Case) -> String {
    let name = VolumeName { id: VolumeId(0), grub_names: vec!["host".into()], ..VolumeName::default() };
    let guest = Folder { volumes: [name], case };
    let limits = Limits::default();
    let config = FileRef { volume: VolumeId(0), path: format!("{FOLDER}/grub.cfg").into_bytes() };
    let mut machine = Machine::new(Some(&guest), VolumeId(0), &limits);
    grub2::initial_variables(&mut machine, &config).unwrap();
    let mark = machine.budget.mark();
    let _stop = machine.run_source(&Source::new(case.parts["grub.cfg"].as_bytes()));
    machine.surface(mark);
    if case.name.contains("(menu)") {
        let items = std::mem::take(&mut machine.menu);
        outcome::evaluate(&mut machine, &items, &Place::default(), &mut Vec::new());
    }
    String::from_utf8_lossy(&machine.output).into_owned()
}

#[test]
fn prints_what_grub_prints() {
    let cases = cases(RECORD);
    assert!(cases.len() > 50, "the record is not read");
    let tidy = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim_end);
        lines.filter(|line| !line.is_empty() && !line.starts_with("  Booting `")).map(str::to_owned).collect()
    };
    let mut wrong = Vec::new();
    for case in &cases {
        let (ours, grubs) = (tidy(&printed(case)), tidy(&case.parts["prints"]));
        if ours != grubs {
            let pairs = ours.iter().zip(&grubs).filter(|(ours, grubs)| ours != grubs).take(5);
            let (pairs, counts): (Vec<_>, _) = (pairs.collect(), (ours.len(), grubs.len()));
            wrong.push(format!("=== {}\nlines (ours, GRUB): {counts:?}\ndifferences: {pairs:#?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
