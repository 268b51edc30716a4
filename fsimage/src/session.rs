//! A conversation with one worker.

use crate::copy::{Method, Watcher};
use crate::process::{FORBIDDEN_CALL, Process};
use crate::{Disk, Error, ErrorKind, Options, Result, escape, escape_message};
use fsimage_protocol::{
    Channel, ChannelError, ConfigReport, EntryReport, FilterRule, Layout, List, MAX_MENU_ENTRIES,
    MAX_MOUNT_OPTIONS, MAX_VOLUMES, MenuReport, Name, PROTOCOL, PassedOver, PluginReport, Rejected, Reply,
    Request, StepReport, VolumeReport,
};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::net::{Shutdown, shutdown};
use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

/// Bytes of shared memory through which data that is not plain on the disk leaves the worker.
pub(crate) const SHARED_DATA: u32 = 256 << 10;
/// Behind the data: one page in which the worker's SIGSYS handler leaves the number of the forbidden call.
const SHARED_STATUS: u32 = 4096;

/// What a worker said of itself.
#[derive(Debug, Clone)]
pub struct WorkerReport {
    /// Its version.
    pub version: String,
    /// The lock-down, step by step.
    pub sandbox: Vec<StepReport>,
    /// Its plugins in probing order.
    pub plugins: Vec<PluginReport>,
    /// Plugins it could not load.
    pub rejected: Vec<Rejected>,
}

/// A disk's volumes in boot-search order; a volume's number is its place here.
#[derive(Debug, Clone)]
pub struct Table {
    /// The disk's scheme.
    pub scheme: String,
    /// The volumes.
    pub volumes: Vec<VolumeReport>,
    /// What was odd about the table, escaped.
    pub remarks: Vec<String>,
}

/// The outcome of looking for a boot configuration.
///
/// ```
/// # let image = fsimage_demo::guest();
/// # let disk = fsimage::Disk::open(&image)?;
/// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
/// let search = session.menu(None)?;
/// match &search.menu {
///     Some(menu) => println!("{} entries of {}", menu.entries, fsimage::escape(&menu.loader.0)),
///     None => {
///         for passed in &search.passed_over {
///             println!("volume {}: {}", passed.volume, fsimage::escape(&passed.reason.0));
///         }
///     }
/// }
/// # Ok::<(), fsimage::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MenuSearch {
    /// What was found.
    pub menu: Option<MenuReport>,
    /// The volumes passed over.
    pub passed_over: Vec<PassedOver>,
}

/// What a worker has read from its disks so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Number of reads.
    pub reads: u64,
    /// Bytes of those reads.
    pub bytes: u64,
}

/// A worker and its disks. Dropping it ends the worker.
pub struct Session {
    // Dropped before the process, which is waited for: the worker ends when it closes.
    channel: Option<Channel>,
    process: Process,
    shared: OwnedFd,
    disks: Vec<Disk>,
    options: Options,
    report: WorkerReport,
    table: Option<Table>,
    waited: Duration,
    /// The process that opened it: the worker is its child, and not that of one forked from it.
    opener: u32,
    pub(crate) method: Cell<Method>,
    pub(crate) watcher: Option<Watcher>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("process", &self.process)
            .field("disks", &self.disks)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Starts a worker, hands it the disks and waits until it is locked in.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// use fsimage::protocol::StepOutcome;
    /// use fsimage::{Disk, Options, Session};
    ///
    /// let session = Session::open(vec![Disk::open(&image)?], &Options::default())?;
    /// for step in &session.report().sandbox {
    ///     let held = matches!(step.outcome, StepOutcome::Enforced {});
    ///     println!("{}: {}", fsimage::escape(&step.name.0), if held { "in force" } else { "not on this host" });
    /// }
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Jail`] when the jail cannot be built (the message says which step), [`ErrorKind::WorkerDied`],
    /// [`ErrorKind::Deadline`], [`ErrorKind::Protocol`].
    pub fn open(disks: Vec<Disk>, options: &Options) -> Result<Self> {
        if options.run_as == 0 && options.sandbox {
            return Err(Error::new(ErrorKind::InvalidArgument, "the worker may not run as root (user 0)"));
        }
        if options.mount_options.len() > MAX_MOUNT_OPTIONS {
            let why = format!("more than {MAX_MOUNT_OPTIONS} mount options");
            return Err(Error::new(ErrorKind::InvalidArgument, why));
        }
        let shared = shared_memory().map_err(|errno| Error::os("shared memory", errno))?;
        let (process, channel) = Process::start()?;
        let report = WorkerReport {
            version: String::new(),
            sandbox: Vec::new(),
            plugins: Vec::new(),
            rejected: Vec::new(),
        };
        let mut session = Self {
            channel: Some(channel),
            process,
            shared,
            disks,
            options: options.clone(),
            report,
            table: None,
            waited: Duration::ZERO,
            opener: std::process::id(),
            method: Cell::default(),
            watcher: None,
        };
        match session.begin() {
            Ok(()) => Ok(session),
            Err(why) if why.last_words().is_some() => Err(why),
            Err(why) => {
                session.hang_up();
                let (_, _, words) = session.process.end();
                Err(why.with_last_words(words))
            }
        }
    }

    fn begin(&mut self) -> Result<()> {
        let begin = Request::Begin {
            protocol: PROTOCOL,
            sandbox: self.options.sandbox,
            uid: self.options.run_as,
            gid: self.options.run_as,
            layout: self.options.layout.clone(),
            disks: u32::try_from(self.disks.len()).unwrap_or(u32::MAX),
            shared: SHARED_DATA,
            limits: self.options.limits.clone(),
            options: List(self.options.mount_options.clone()),
        };
        let descriptors: Vec<_> = self.disks.iter().map(AsFd::as_fd).chain([self.shared.as_fd()]).collect();
        let sent = match &self.channel {
            Some(channel) => channel.send_with(&begin, &descriptors),
            None => Err(ChannelError::Closed),
        };
        sent.map_err(|why| self.broken(why))?;
        match self.receive()? {
            Reply::Ready { protocol: PROTOCOL, version, sandbox, plugins, rejected } => {
                self.report = WorkerReport {
                    version: escape(&version.0),
                    sandbox: sandbox.0,
                    plugins: plugins.0,
                    rejected: rejected.0,
                };
                self.check_mount_options()
            }
            Reply::Ready { protocol, .. } => Err(self.violation(&format!(
                "the worker speaks protocol {protocol}, this program {PROTOCOL}: they are not of one build"
            ))),
            _ => Err(self.violation("the first answer is not Ready")),
        }
    }

    /// An option for a plugin that is not there would change nothing, in silence.
    fn check_mount_options(&self) -> Result<()> {
        let known = |name: &Name| self.report.plugins.iter().any(|plugin| plugin.name == *name);
        let named = self.options.mount_options.iter().filter_map(|option| option.plugin.as_ref());
        match named.into_iter().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => {
                let all: Vec<String> =
                    self.report.plugins.iter().map(|plugin| escape(&plugin.name.0)).collect();
                Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!("no plugin is called {}; there are {}", escape(&name.0), all.join(", ")),
                ))
            }
        }
    }

    /// What the worker said of itself.
    #[must_use]
    pub fn report(&self) -> &WorkerReport {
        &self.report
    }

    /// The options it was opened with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The process number of the worker's warden, whose one child is the inmate.
    #[must_use]
    pub fn worker_id(&self) -> u32 {
        self.process.id()
    }

    /// Lets the worker go: it ends while the caller goes on, and nothing can be asked any more. What is left to do is
    /// [`Session::copy_plan`].
    pub fn release(&mut self) {
        self.hang_up();
    }

    /// Ends the conversation, also where a process that was forked from this one still has the socket open. Such a process
    /// itself only lets go of it.
    fn hang_up(&mut self) {
        if let Some(channel) = self.channel.take()
            && self.opener == std::process::id()
        {
            // Where it fails the worker has gone already.
            let _ = shutdown(channel.descriptor(), Shutdown::Both);
        }
    }

    /// The disk with this number.
    pub(crate) fn disk(&self, number: u32) -> Option<&Disk> {
        self.disks.get(usize::try_from(number).ok()?)
    }

    /// Every disk's length, for the check of extents.
    pub(crate) fn disk_sizes(&self) -> Vec<u64> {
        self.disks.iter().map(Disk::size).collect()
    }

    /// The memory in which `Read` puts its data.
    pub(crate) fn shared(&self) -> &OwnedFd {
        &self.shared
    }

    /// The volumes of the disk, probed; asked for once and remembered.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let table = session.table()?;
    /// assert_eq!((table.scheme.as_str(), table.volumes.len()), ("mbr", 1));
    /// assert_eq!((table.volumes[0].start, table.volumes[0].active), (1 << 20, true));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the disk cannot be read, or the worker fails.
    pub fn table(&mut self) -> Result<Table> {
        if let Some(table) = &self.table {
            return Ok(table.clone());
        }
        let table = self.read_table()?;
        self.table = Some(table.clone());
        Ok(table)
    }

    fn read_table(&mut self) -> Result<Table> {
        let Reply::Volumes { scheme, count, remarks } = self.ask(&Request::Volumes {})? else {
            return Err(self.violation("another answer to Volumes"));
        };
        if usize::try_from(count).unwrap_or(usize::MAX) > MAX_VOLUMES {
            return Err(self.violation(&format!("{count} volumes")));
        }
        let disk_size = self.disks.first().map_or(0, Disk::size);
        let mut volumes = Vec::new();
        for number in 0..count {
            let Reply::Volume { volume } = self.ask(&Request::Volume { volume: number })? else {
                return Err(self.violation("another answer to Volume"));
            };
            let inside = volume.start.checked_add(volume.size).is_some_and(|end| end <= disk_size);
            if !inside && self.options.layout != (Layout::Text {}) {
                return Err(self.violation(&format!("volume {number} reaches past the disk")));
            }
            volumes.push(volume);
        }
        Ok(Table {
            scheme: escape(&scheme.0),
            volumes,
            remarks: remarks.0.iter().map(|remark| escape_message(&remark.0)).collect(),
        })
    }

    /// One volume; those in files of the guest's, which a menu may name, are in no [`Table`].
    ///
    /// # Errors
    /// When there is no such volume, or the worker fails.
    pub fn volume(&mut self, number: u32) -> Result<VolumeReport> {
        let known = usize::try_from(number).ok().zip(self.table.as_ref());
        if let Some(volume) = known.and_then(|(number, table)| table.volumes.get(number)) {
            return Ok(volume.clone());
        }
        match self.ask(&Request::Volume { volume: number })? {
            Reply::Volume { volume } => Ok(volume),
            _ => Err(self.violation("another answer to Volume")),
        }
    }

    /// Looks for the guest's boot configuration on one volume, or on all in boot-search order.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let menu = session.menu(None)?.menu.expect("this guest has a grub.cfg");
    /// let entry = session.menu_entry(menu.default.expect("and a default"))?;
    /// let kernel = &entry.kernel.expect("which has a kernel").file;
    /// assert_eq!(kernel.path.0, b"/boot/vmlinuz-1.0-demo");
    /// assert!(entry.arguments.0.starts_with(b"root=UUID="));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the worker fails; that there is none is no error.
    pub fn menu(&mut self, volume: Option<u32>) -> Result<MenuSearch> {
        self.ask_menu(&Request::Menu { volume })
    }

    /// The boot configurations that are on this volume, in the order in which they are tried; one that is a guess comes last.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let configs = session.configs(0)?;
    /// assert_eq!((configs[0].loader.0.as_slice(), configs[0].path.0.as_slice()), (&b"grub2"[..], &b"/boot/grub/grub.cfg"[..]));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the volume cannot be read, or the worker fails.
    pub fn configs(&mut self, volume: u32) -> Result<Vec<ConfigReport>> {
        match self.ask(&Request::Configs { volume })? {
            Reply::Configs { configs } => Ok(configs.0),
            _ => Err(self.violation("another answer to Configs")),
        }
    }

    /// The menu of one of [`Session::configs`]; [`Session::menu_entry`] then tells its entries.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let menu = session.menu_of(0, 0)?;
    /// assert_eq!(menu.loader.0, b"grub2");
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the configuration cannot be read or exceeds a limit, or the worker fails.
    pub fn menu_of(&mut self, volume: u32, config: u32) -> Result<MenuReport> {
        match self.ask_menu(&Request::MenuOf { volume, config })?.menu {
            Some(menu) => Ok(menu),
            None => Err(self.violation("no menu to MenuOf")),
        }
    }

    fn ask_menu(&mut self, request: &Request) -> Result<MenuSearch> {
        let Reply::Menu { menu, passed_over } = self.ask(request)? else {
            return Err(self.violation("another answer to Menu"));
        };
        if let Some(menu) = &menu {
            let mut named = menu.default.iter().chain(&menu.meant);
            let default_inside = named.all(|default| *default < menu.entries);
            if menu.entries > MAX_MENU_ENTRIES || !default_inside {
                return Err(self.violation("a menu that contradicts itself"));
            }
        }
        Ok(MenuSearch { menu, passed_over: passed_over.0 })
    }

    /// One entry of the menu found last.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let menu = session.menu(None)?.menu.expect("this guest has a grub.cfg");
    /// for index in 0..menu.entries {
    ///     println!("{index}: {}", fsimage::escape(&session.menu_entry(index)?.title.0));
    /// }
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when there is no such entry.
    pub fn menu_entry(&mut self, index: u32) -> Result<EntryReport> {
        match self.ask(&Request::MenuEntry { index })? {
            Reply::MenuEntry { entry } => Ok(entry),
            _ => Err(self.violation("another answer to MenuEntry")),
        }
    }

    /// What was odd about a volume's filesystem so far and went on, escaped. More may come as files are read.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// assert!(session.remarks(0)?.is_empty());
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such volume, or no filesystem on it, or the worker fails.
    pub fn remarks(&mut self, volume: u32) -> Result<Vec<String>> {
        match self.ask(&Request::Remarks { volume })? {
            Reply::Remarks { remarks } => {
                Ok(remarks.0.iter().map(|remark| escape_message(&remark.0)).collect())
            }
            _ => Err(self.violation("another answer to Remarks")),
        }
    }

    /// How much the worker has read from its disks.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// session.stat(0, b"/vmlinuz", true)?;
    /// assert!(session.statistics()?.bytes < 1 << 20);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the worker fails.
    pub fn statistics(&mut self) -> Result<Statistics> {
        match self.ask(&Request::Statistics {})? {
            Reply::Statistics { reads, bytes } => Ok(Statistics { reads, bytes }),
            _ => Err(self.violation("another answer to Statistics")),
        }
    }

    /// The system calls that remain to the worker.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let rules = session.filter()?;
    /// assert!(rules.iter().all(|rule| rule.call.0 != b"openat"));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the worker fails.
    pub fn filter(&mut self) -> Result<Vec<FilterRule>> {
        match self.ask(&Request::Filter {})? {
            Reply::Filter { rules } => Ok(rules.0),
            _ => Err(self.violation("another answer to Filter")),
        }
    }

    /// One question, one answer. A worker that broke the protocol or died is asked nothing more.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Reply> {
        if self.opener != std::process::id() {
            let why = "a process cannot use the worker of the one it was forked from: open the disk again";
            return Err(Error::new(ErrorKind::InvalidArgument, why));
        }
        let sent = match &self.channel {
            Some(channel) => channel.send(request),
            None => return Err(Error::new(ErrorKind::WorkerDied, "the worker is gone")),
        };
        match sent {
            Ok(()) => self.receive(),
            Err(ChannelError::Unsendable(why)) => {
                Err(Error::new(ErrorKind::InvalidArgument, format!("too long to ask for: {why}")))
            }
            Err(why) => Err(self.broken(why)),
        }
    }

    fn receive(&mut self) -> Result<Reply> {
        let left = self.options.total_deadline.saturating_sub(self.waited);
        let begun = Instant::now();
        let deadline = begun.checked_add(self.options.deadline.min(left));
        let received = match &mut self.channel {
            Some(channel) => channel.receive::<Reply>(deadline),
            None => Err(ChannelError::Closed),
        };
        self.waited = self.waited.saturating_add(begun.elapsed());
        match received {
            Ok(Reply::Failed { kind, message, offset }) => match ErrorKind::from_code(kind) {
                Some(kind) => Err(Error::new(kind, escape_message(&message.0)).at(offset)),
                None => Err(self.violation(&format!("error kind {kind}"))),
            },
            Ok(reply) => Ok(reply),
            Err(why) => Err(self.broken(why)),
        }
    }

    /// The worker said something it may not say: it is ended, and the error names what it was.
    pub(crate) fn violation(&mut self, what: &str) -> Error {
        self.hang_up();
        let (_, _, words) = self.process.end();
        Error::new(ErrorKind::Protocol, format!("the worker sent {what}; it was stopped"))
            .with_last_words(words)
    }

    fn broken(&mut self, why: ChannelError) -> Error {
        self.hang_up();
        match why {
            ChannelError::Deadline => {
                let (_, _, words) = self.process.end();
                let (one, all) = (self.options.deadline, self.options.total_deadline);
                let what = if self.waited < all {
                    format!("the worker did not answer in {} s", one.as_secs_f32())
                } else {
                    format!("the worker took {} s for its answers in all", all.as_secs_f32())
                };
                Error::new(ErrorKind::Deadline, format!("{what}; it was stopped")).with_last_words(words)
            }
            ChannelError::Closed => {
                let (how, status, words) = self.process.end();
                let how = match status.and_then(|status| status.code()) {
                    Some(FORBIDDEN_CALL) => format!("{how}: {}", self.forbidden_call()),
                    _ => how,
                };
                Error::new(ErrorKind::WorkerDied, how).with_last_words(words)
            }
            other => self.violation(&other.to_string()),
        }
    }

    fn forbidden_call(&self) -> String {
        let mut number = [0; 4];
        match rustix::io::pread(&self.shared, &mut number, u64::from(SHARED_DATA)) {
            Ok(4) => crate::calls::name(u32::from_le_bytes(number)),
            _ => "unknown".to_owned(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// Memory of a size that nobody can change any more: the worker cannot make the trusted side's reads fail.
fn shared_memory() -> rustix::io::Result<OwnedFd> {
    let memory = memfd_create("fsimage", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&memory, u64::from(SHARED_DATA).saturating_add(u64::from(SHARED_STATUS)))?;
    fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(memory)
}
