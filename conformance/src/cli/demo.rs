//! `conformance demo`.

use std::path::PathBuf;

use clap::Args;

/// `conformance demo`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Demo {
    /// Where the reports are written [default: a folder of its own among the temporary files].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

const HELP: &str = "\
Examples:
  conformance demo
  conformance demo --out conformance-demo

Nothing leaves this machine, and no port has to be free: the mock, the
integrations and the clients that are judged are all part of this program.

Exit status:
  0    the correct ones passed and the flawed ones were caught
  2    bad usage, or the reports cannot be written
  4    a fault of the harness itself
  130  stopped by Ctrl-C: the reports so far are written";
