//! The program as a CI job calls it, for the tests that do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use contract::service::Service;
use serde_json::Value;

use super::token;

pub(crate) fn conformance() -> Command {
    let mut command = Command::cargo_bin("conformance").unwrap();
    command.env_remove("NO_COLOR").env_remove("GITHUB_STEP_SUMMARY").env("TOKEN", token(Service::Chatwork));
    command
}

/// Exit status, stdout, stderr.
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

pub(crate) fn webhook(url: &str) -> Command {
    let mut command = conformance();
    command.args(["webhook", url, "--service", "chatwork", "--secret-env", "TOKEN"]);
    command
}

pub(crate) fn replay(what: &str, url: &str, service: Service) -> Command {
    let mut command = conformance();
    command.env("TOKEN", token(service)).args(["replay", what, url, "--secret-env", "TOKEN"]);
    command
}

pub(crate) fn json(command: &mut Command) -> (i32, Value) {
    let (code, out, err) = run(command.args(["--format", "json"]));
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}{err}")))
}

/// An empty folder of its own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("around").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn file(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Whether this machine has curl: without it there is nothing to try a printed line with.
pub(crate) fn has_curl() -> bool {
    Command::new("curl").arg("--version").output().is_ok()
}
