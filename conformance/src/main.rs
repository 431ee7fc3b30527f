//! See `conformance --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    conformance::app::run(std::env::args_os()).into()
}
