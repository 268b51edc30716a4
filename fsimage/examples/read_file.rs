//! Prints what holds the worker in, then a file of a guest: `read_file IMAGE PATH`.

use fsimage::copy::Part;
use fsimage::protocol::StepOutcome;
use fsimage::{Disk, Options, Session, escape};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(image), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: read_file IMAGE PATH".into());
    };
    let mut session = Session::open(vec![Disk::open(image.as_ref())?], &Options::default())
        .inspect_err(|why| eprintln!("{}", why.last_words().unwrap_or("the worker said nothing")))?;
    for step in &session.report().sandbox {
        match &step.outcome {
            StepOutcome::Enforced {} => eprintln!("{}: in force", escape(&step.name.0)),
            StepOutcome::Unavailable { reason } => {
                eprintln!("{}: not on this host: {}", escape(&step.name.0), escape(&reason.0));
            }
            StepOutcome::Off {} => eprintln!("{}: off", escape(&step.name.0)),
        }
    }
    eprintln!("{} volumes", session.table()?.volumes.len());
    let file = session.stat(0, path.as_encoded_bytes(), true)?;
    Ok(session.copy_to_stream(&Part::whole(0, &file), &mut std::io::stdout())?)
}
