//! `fsimage-worker`: started by the fsimage library, never by a person.

fn main() -> std::process::ExitCode {
    fsimage_worker::run()
}
