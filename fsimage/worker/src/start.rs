//! From exec to serving: receive, fork, load, lock down, say Ready.

use crate::registry::{Candidates, Registry};
use crate::sandbox::{self, Failure, Plan, SharedMemory};
use crate::server::{Counters, DiskFile, Lazy, Server, disk_steps, failed};
use fsimage_protocol::{
    Bytes, Channel, Layout, List, MAX_DESCRIPTORS, PROTOCOL, Packet, PluginReport, Rejected, Reply, Request,
    WorkerLimits,
};
use fsimage_sdk::{Error, ErrorKind, Volume};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// The first message, taken apart.
struct Begin {
    plan: Plan,
    layout: Layout,
    limits: WorkerLimits,
    mount_options: Vec<(Option<String>, Vec<u8>)>,
    disks: Vec<OwnedFd>,
    shared: OwnedFd,
    shared_length: usize,
}

/// Runs the worker. In the warden this does not return.
#[must_use]
pub fn run() -> ExitCode {
    if sandbox::close_all_but(&[sandbox::CHANNEL, sandbox::LAST_WORDS]).is_err() {
        return ExitCode::FAILURE;
    }
    let mut channel = Channel::new(sandbox::take_channel());
    let Packet { message, descriptors } = match channel.receive_with::<Request>() {
        Ok(packet) => packet,
        Err(why) => {
            eprintln!("fsimage-worker: {why}; this program is started by the fsimage library, not by hand");
            return ExitCode::from(2);
        }
    };
    match begin(message, descriptors).and_then(imprisoned) {
        Ok((mut server, ready)) => {
            let served = channel.send(&ready).and_then(|()| server.serve(&mut channel));
            if let Err(why) = &served {
                eprintln!("fsimage-worker: {why}");
            }
            // Nothing is dropped: to close a descriptor is a call that the filter does not allow, and whoever reads
            // the last words would be told of it.
            std::process::exit(i32::from(served.is_err()));
        }
        Err(why) => {
            // The trusted side may be gone; then there is nobody to tell.
            let _ = channel.send(&failed(&why));
            ExitCode::FAILURE
        }
    }
}

fn begin(message: Request, descriptors: Vec<OwnedFd>) -> Result<Begin, Error> {
    let protocol = |why: &str| Error::new(ErrorKind::Protocol, why);
    let Request::Begin { protocol: version, sandbox, uid, gid, layout, disks, shared, limits, options } =
        message
    else {
        return Err(protocol("the first message is not Begin"));
    };
    if version != PROTOCOL {
        return Err(Error::new(
            ErrorKind::Protocol,
            format!(
                "the program speaks protocol {version}, this worker {PROTOCOL}: they are not of one build"
            ),
        ));
    }
    let mut descriptors = descriptors;
    let shared_descriptor = descriptors.pop().ok_or_else(|| protocol("Begin without shared memory"))?;
    if usize::try_from(disks) != Ok(descriptors.len()) || descriptors.len() >= MAX_DESCRIPTORS {
        return Err(protocol("Begin with another number of disks than it says"));
    }
    let plan = Plan { sandbox, uid, gid, memory: limits.memory, cpu_seconds: limits.cpu_seconds };
    let shared_length =
        usize::try_from(shared).map_err(|_| protocol("more shared memory than there are addresses"))?;
    let mount_options = options
        .0
        .into_iter()
        .map(|option| {
            let plugin = option.plugin.map(|plugin| String::from_utf8_lossy(&plugin.0).into_owned());
            (plugin, option.words.0)
        })
        .collect();
    Ok(Begin {
        plan,
        layout,
        limits,
        mount_options,
        disks: descriptors,
        shared: shared_descriptor,
        shared_length,
    })
}

/// Everything that needs the host, then the fork and the lock-down; afterwards nothing needs it any more.
fn imprisoned(begin: Begin) -> Result<(Server, Reply), Error> {
    let jail = |why: Failure| Error::new(ErrorKind::Jail, why.to_string());
    let candidates = Candidates::find(&plugin_directory()?)?;
    let inmate = sandbox::enter(begin.plan).map_err(jail)?;

    let registry = Registry::load_found(candidates);
    let counters = Arc::new(Counters::default());
    let io = |errno| Error::new(ErrorKind::Io, format!("taking over a disk: {errno}"));
    let kept: Vec<i32> = begin.disks.iter().map(AsRawFd::as_raw_fd).collect();
    let disks: Vec<Volume> = begin
        .disks
        .into_iter()
        .map(|disk| Ok::<Volume, _>(Arc::new(DiskFile::new(disk, counters.clone())?)))
        .collect::<Result<_, _>>()
        .map_err(io)?;
    let shared = SharedMemory::map(&begin.shared, begin.shared_length).map_err(io)?;
    drop(begin.shared);

    let (plugins, rejected) = (plugins(&registry), rejected(&registry));
    let sandbox = inmate.lock_down(&kept).map_err(jail)?;
    let version = Bytes::cut(env!("CARGO_PKG_VERSION").as_bytes());
    let ready = Reply::Ready { protocol: PROTOCOL, version, sandbox, plugins, rejected };
    let server = Server {
        disk: disks.into_iter().next(),
        layout: begin.layout,
        shared,
        counters,
        search_steps: disk_steps(&begin.limits),
        listing_steps: disk_steps(&begin.limits),
        limits: begin.limits,
        mount_options: begin.mount_options,
        volumes: Lazy::Waiting(registry),
        menu: None,
        unpacking: None,
    };
    Ok((server, ready))
}

/// A build with `FSIMAGE_PLUGINDIR` set looks there and nowhere else; a development tree beside its own binary.
fn plugin_directory() -> Result<PathBuf, Error> {
    if let Some(fixed) = option_env!("FSIMAGE_PLUGINDIR") {
        return Ok(PathBuf::from(fixed));
    }
    let own = std::env::current_exe()
        .map_err(|why| Error::new(ErrorKind::Jail, format!("cannot tell where this program lies: {why}")))?;
    Ok(own.parent().unwrap_or(Path::new("/")).to_owned())
}

fn plugins(registry: &Registry) -> List<PluginReport, 64> {
    List::cut(registry.plugins().iter().map(|plugin| PluginReport {
        name: Bytes::cut(plugin.name().as_bytes()),
        version: Bytes::cut(plugin.version.as_bytes()),
        description: Bytes::cut(plugin.description.as_bytes()),
        file: plugin.path.as_deref().map(shown).unwrap_or_default(),
    }))
}

fn rejected(registry: &Registry) -> List<Rejected, 64> {
    List::cut(
        registry.rejected().iter().map(|rejected| Rejected {
            file: shown(&rejected.file),
            reason: Bytes::sentence(&rejected.reason),
        }),
    )
}

/// Only the file's name: the worker never names a host path.
fn shown(path: &Path) -> Bytes<4096> {
    Bytes::cut(path.file_name().unwrap_or_default().as_bytes())
}
