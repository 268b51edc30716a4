//! Whatever dies, whenever: a complete success or a clear error, never half a file, never a process left.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::Random;
use fsimage_tests::output::same_bytes;
use fsimage_tests::processes::Process;
use fsimage_tests::run::{Outcome, Running};
use fsimage_tests::{Guest, Output, Run, Stage, toolstack};
use rustix::process::Signal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often each of them is killed.
const KILLS: usize = 50;
/// The ramdisk's size: enough to be in the middle of it.
const RAMDISK_MIB: u32 = 64;

/// A guest that takes a while, and what has to come out.
struct Scene {
    stage: Stage,
    guest: Guest,
    kernel: PathBuf,
    ramdisk: PathBuf,
    _folder: tempfile::TempDir,
    /// How long it takes undisturbed.
    usual: Duration,
    /// How long the worker is there then.
    worker_usual: Duration,
}

/// Who is to be killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    FrontEnd(Signal),
    Warden,
    Inmate,
}

/// What became of the runs.
#[derive(Debug, Default)]
struct Tally {
    successes: usize,
    errors: usize,
    deaths: usize,
    misses: usize,
}

impl Scene {
    fn new() -> Self {
        let (stage, guest) = (Stage::new(), Guest::large(RAMDISK_MIB));
        let folder = tempfile::tempdir().unwrap();
        let kernel = guest.dump(&guest.kernel, &folder.path().join("kernel"));
        let ramdisk = guest.dump(&guest.ramdisk, &folder.path().join("ramdisk"));
        let (usual, worker_usual) = (Duration::ZERO, Duration::ZERO);
        let mut scene = Self { stage, guest, kernel, ramdisk, _folder: folder, usual, worker_usual };
        let output = Output::new();
        let (mut seen, mut running) = (None, scene.run(&output).spawn());
        while !running.wait(Duration::from_micros(100)) {
            if worker(&running, false).is_some() {
                scene.worker_usual = seen.get_or_insert_with(Instant::now).elapsed();
            }
        }
        let outcome = running.finish();
        scene.assert_complete(&outcome, &output);
        scene.usual = outcome.elapsed;
        scene
    }

    fn run(&self, output: &Output) -> Run {
        self.stage
            .pygrub()
            .args(["-q", "--output-format=simple0"])
            .option("--output", output.file())
            .option("--output-directory", output.directory())
            .arg(&self.guest.image)
    }

    /// Success means both files, whole, and a result that names them.
    fn assert_complete(&self, outcome: &Outcome, output: &Output) {
        outcome.assert_success();
        let boot = toolstack::libxl(&output.result());
        assert!(boot.kernel.is_some() && boot.ramdisk.is_some() && boot.args.is_some());
        assert_eq!(output.files().len(), 2);
        self.assert_whole_files(output);
    }

    /// Every file that is there is one of the two, whole.
    fn assert_whole_files(&self, output: &Output) {
        for (path, _) in output.files() {
            assert!(same_bytes(&path, self.expected(&path)), "{} is not whole", path.display());
        }
    }

    fn expected(&self, path: &Path) -> &Path {
        let name = path.file_name().unwrap().to_str().unwrap();
        match name.split_once('.').map(|(prefix, _)| prefix) {
            Some("boot_kernel") => &self.kernel,
            Some("boot_ramdisk") => &self.ramdisk,
            _ => panic!("a file called {name}"),
        }
    }

    /// Watches the directory for so long: what can be seen must be whole. True when the program ended meanwhile.
    fn watch(&self, running: &mut Running, output: &Output, end: Instant) -> bool {
        loop {
            for (path, size) in output.files() {
                let whole = std::fs::metadata(self.expected(&path)).unwrap().len();
                assert_eq!(size, whole, "{} is visible and not whole", path.display());
            }
            let left = end.saturating_duration_since(Instant::now());
            if running.wait(left.min(Duration::from_micros(500))) {
                return true;
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    /// Runs it once, sends a signal so long after the victim has appeared, and watches until the end. None when it was
    /// too late.
    fn disturb(&self, victim: Victim, after: Duration) -> Option<(Outcome, Output)> {
        let output = Output::new();
        let mut running = self.run(&output).spawn();
        let mut ended = false;
        let (process, signal) = loop {
            let found = match victim {
                Victim::FrontEnd(signal) => Some((front_end(&running), signal)),
                Victim::Warden => worker(&running, false).map(|warden| (warden, Signal::KILL)),
                Victim::Inmate => worker(&running, true).map(|inmate| (inmate, Signal::KILL)),
            };
            ended = ended || self.watch(&mut running, &output, Instant::now());
            if found.is_some() || ended {
                break found;
            }
        }
        .unwrap_or((front_end(&running), Signal::KILL));
        ended = ended || self.watch(&mut running, &output, Instant::now() + after);
        let hit = !ended && process.program().is_some() && process.signal(signal);
        let hang = Instant::now() + fsimage_tests::HANG;
        assert!(ended || self.watch(&mut running, &output, hang), "it hangs");
        let outcome = running.finish();
        self.stage.assert_nothing_runs();
        // Whatever happened.
        self.assert_whole_files(&output);
        hit.then_some((outcome, output))
    }

    /// Does it until it has happened often enough, at moments spread over what the victim usually lives. How long that is
    /// depends on what else the host does: a miss makes the span shorter, a hit longer.
    fn repeat(
        &self,
        victim: Victim,
        longest: Duration,
        mut judge: impl FnMut(Outcome, &Output, &mut Tally),
    ) -> Tally {
        let (mut random, mut tally) = (Random(1), Tally::default());
        let (mut hits, mut span) = (0, longest);
        while hits < KILLS {
            if let Some((outcome, output)) = self.disturb(victim, random.part_of(span)) {
                judge(outcome, &output, &mut tally);
                hits += 1;
                span = longest.min(span.mul_f64(1.2));
            } else {
                tally.misses += 1;
                assert!(tally.misses < 20 * KILLS, "it is never there to be killed");
                span = span.mul_f64(0.8);
            }
        }
        tally
    }

    /// A worker's death is a complete success, where it was not needed any more, or a clear error and nothing left.
    fn kill_worker(&self, victim: Victim) -> Tally {
        self.repeat(victim, self.worker_usual, |outcome, output, tally| {
            if outcome.code == Some(0) {
                self.assert_complete(&outcome, output);
                tally.successes += 1;
            } else {
                let died = outcome.stderr.contains("killed by signal 9 (SIGKILL)");
                // Before the jail was closed, the inmate can still tell.
                outcome.assert_failure(if died { "worker died" } else { "the warden gave up" });
                output.assert_untouched();
                tally.errors += 1;
            }
        })
    }
}

fn front_end(running: &Running) -> Process {
    Process { pid: running.pid().as_raw_nonzero().get() }
}

/// The warden, or its inmate, while it lives: one that nobody has waited for yet has no program any more.
fn worker(running: &Running, inmate: bool) -> Option<Process> {
    let warden = front_end(running).child()?;
    let worker = if inmate { warden.child()? } else { warden };
    worker.program().map(|_| worker)
}

#[test]
fn the_warden_is_killed_at_50_random_moments() {
    let tally = Scene::new().kill_worker(Victim::Warden);
    println!("{tally:?}");
    assert!(tally.errors > 0, "{tally:?}");
}

#[test]
fn the_inmate_is_killed_at_50_random_moments() {
    let tally = Scene::new().kill_worker(Victim::Inmate);
    println!("{tally:?}");
    assert!(tally.errors > 0, "{tally:?}");
}

#[test]
fn the_front_end_is_killed_at_50_random_moments() {
    let scene = Scene::new();
    let tally = scene.repeat(Victim::FrontEnd(Signal::KILL), scene.usual, |outcome, output, tally| {
        match outcome.code {
            // It was faster.
            Some(_) => {
                scene.assert_complete(&outcome, output);
                tally.successes += 1;
            }
            // Whole files may lie there: it died between their names and the result. Half of one never.
            None => {
                assert_eq!(outcome.signal, Some(9));
                tally.deaths += 1;
            }
        }
    });
    println!("{tally:?}");
    assert!(tally.deaths > 0, "{tally:?}");
}

#[test]
fn the_front_end_is_terminated_at_50_random_moments() {
    let scene = Scene::new();
    let tally = scene.repeat(Victim::FrontEnd(Signal::TERM), scene.usual, |outcome, output, tally| {
        match outcome.code {
            Some(_) => {
                scene.assert_complete(&outcome, output);
                tally.successes += 1;
            }
            // A signal that can be caught leaves nothing at all.
            None => {
                assert_eq!(outcome.signal, Some(15));
                output.assert_untouched();
                tally.deaths += 1;
            }
        }
    });
    println!("{tally:?}");
    assert!(tally.deaths > 0, "{tally:?}");
}
