//! The rules of the house, held by a machine: who may import whom, what the contract may depend on, that tables, wire
//! tests, fixtures and the README agree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use contract::chatwork::endpoints::{ENDPOINTS, Endpoint};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    if folder.is_file() {
        return BTreeSet::from([folder.to_owned()]);
    }
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

fn rust_files(below: &str) -> BTreeSet<PathBuf> {
    let files = files_below(&root().join(below));
    files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// What a package's normal dependencies are, all of them.
fn closure(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "-p", package, "-e", "normal", "--prefix", "none", "-f", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_contract_depends_on_nothing_that_does_input_or_output() {
    let found = closure("contract");
    assert!(found.contains("serde_json"), "the closure was not read: {found:?}");
    for banned in ["tokio", "hyper", "mio", "socket2", "rand", "getrandom", "reqwest", "mock-server", "conformance"] {
        assert!(!found.contains(banned), "contract depends on {banned}");
    }
}

#[test]
fn the_mock_does_not_know_the_judge() {
    let manifest = fs::read_to_string(root().join("mock-server/Cargo.toml")).unwrap();
    assert!(!manifest.contains("conformance"), "not even as a dev-dependency");
}

const PURE: &[&str] =
    &["crate::shell", "crate::embed", "tokio", "hyper::", "hyper_util", "tracing", "std::fs", "std::net", "std::env"];

/// Words without which nothing can be dialled: the proxy connects to nobody.
const DIALS: &[&str] =
    &["::connect", ".connect", "TcpSocket", "courier", "hyper::client", "crate::embed", "lookup_host"];

/// What the code of a room must never name.
const BANNED: &[(&str, &[&str])] = &[
    ("contract/src", &["tokio::", "hyper::", "std::net", "std::fs", "std::env", "std::thread", "mock_server"]),
    ("courier/src", &["mock_server", "conformance", "contract::", "std::fs", "std::env"]),
    ("mock-server/src/core", PURE),
    ("mock-server/src/chatwork", PURE),
    ("mock-server/src/chatday", PURE),
    ("mock-server/src/shell/intercept.rs", DIALS),
    ("mock-server/src/shell/tls", DIALS),
    ("conformance/src/checks", &["mock_server", "tokio", "hyper::", "crate::report", "std::fs", "std::env"]),
    ("conformance/src/report", &["mock_server", "courier::socket", "crate::checks"]),
];

#[test]
fn every_room_imports_only_what_it_may() {
    let mut faults = Vec::new();
    for (room, banned) in BANNED {
        for file in rust_files(room) {
            let text = fs::read_to_string(&file).unwrap();
            // Comments may speak of anything.
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for word in banned.iter().filter(|word| line.contains(*word)) {
                    faults.push(format!("{}: {word}: {}", file.display(), line.trim()));
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn no_source_file_is_longer_than_600_lines() {
    for file in ["contract", "courier", "mock-server", "conformance"].iter().flat_map(|package| rust_files(package)) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 600, "{} has {lines} lines: split it by its nouns", file.display());
    }
}

/// The statuses that an endpoint's wire tests must show: success, and every refusal that requests alone can provoke.
fn statuses_to_show(endpoint: &Endpoint) -> BTreeSet<u16> {
    let has_room = endpoint.path.contains("{room_id}");
    let takes_parameters = !endpoint.params.is_empty();
    let refusals = endpoint.refusals.iter().copied().filter(|status| match status {
        400 => takes_parameters,
        403 => has_room,
        _ => true,
    });
    endpoint.successes().chain(refusals).chain([401]).collect()
}

#[test]
fn every_endpoint_has_a_wire_test_for_each_status_that_a_request_can_provoke() {
    let shelf = root().join("snapshots/mock-server/chatwork");
    let mut missing = Vec::new();
    for endpoint in &ENDPOINTS {
        let prefix = format!("{}.", endpoint.name);
        let own = files_below(&shelf.join(endpoint.area)).into_iter().filter(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
        });
        let shown: BTreeSet<u16> = own.flat_map(|path| statuses_in(&fs::read_to_string(path).unwrap())).collect();
        let absent = statuses_to_show(endpoint).difference(&shown).copied().collect::<Vec<u16>>();
        missing.extend(absent.into_iter().map(|status| format!("{} {status}", endpoint.name)));
    }
    assert_eq!(missing, Vec::<String>::new(), "endpoint and status without a snapshot below {}", shelf.display());
}

fn statuses_in(snapshot: &str) -> Vec<u16> {
    let lines = snapshot.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever changes the table says so in the environment")]
fn the_readme_s_endpoint_table_is_the_contract_s() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (open, close) = ("<!-- endpoints: made from the contract's table -->\n", "<!-- end of endpoints -->");
    let start = readme.find(open).expect("the README has the opening mark") + open.len();
    let end = readme.find(close).expect("the README has the closing mark");
    let table = endpoint_table();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, format!("{}{table}{}", &readme[..start], &readme[end..])).unwrap();
        return;
    }
    assert_eq!(&readme[start..end], table, "run UPDATE_README=1 cargo test -p mock-server --test house");
}

fn endpoint_table() -> String {
    let mut table = "\n| operation | parameters | success | what it does |\n|---|---|---|---|\n".to_owned();
    for endpoint in &ENDPOINTS {
        let parameters: Vec<String> = endpoint
            .params
            .iter()
            .map(|param| if param.required { format!("**`{}`**", param.name) } else { format!("`{}`", param.name) })
            .collect();
        let successes: Vec<String> = endpoint.successes().map(|status| status.to_string()).collect();
        let (method, path, summary) = (&endpoint.method, endpoint.path, endpoint.summary);
        let (parameters, successes) = (parameters.join(" "), successes.join(", "));
        writeln!(table, "| `{method} {path}` | {parameters} | {successes} | {summary} |").unwrap();
    }
    table.push('\n');
    table
}
