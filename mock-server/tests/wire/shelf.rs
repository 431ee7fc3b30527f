//! The shelf of snapshots is in order: each file shows its endpoint, keeps no secret, and belongs to a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract::chatwork::endpoints::ENDPOINTS;
use contract::route;

use crate::common::{area, root};

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
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

fn snapshots() -> Vec<(String, PathBuf, String)> {
    let found = files_below(&root().join("snapshots/mock-server"));
    assert!(found.len() > 100, "{found:?}");
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().strip_suffix(".snap").expect("a snapshot").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (name, path, text)
    };
    found.into_iter().map(read).collect()
}

#[test]
fn every_snapshot_stands_in_its_area_and_shows_its_endpoint_and_status() {
    for (name, path, text) in snapshots() {
        let (endpoint, case) = name.split_once('.').expect("<endpoint>.<case>");
        let folder = area(endpoint).unwrap_or_else(|| panic!("{name}: no such endpoint"));
        assert!(path.parent().unwrap().ends_with(&folder), "{} does not belong here", path.display());
        let status = case.split('-').next().unwrap();
        assert!(text.contains(&format!("HTTP/1.1 {status} ")), "{name} does not show its status");
        if folder.starts_with("chatwork") && folder != "chatwork/oauth" && endpoint != "download-file" {
            assert!(shows(&text, endpoint), "{name} does not show its endpoint");
        }
    }
}

fn shows(text: &str, endpoint: &str) -> bool {
    text.lines().filter_map(|line| line.strip_suffix(" HTTP/1.1")?.split_once(' ')).any(|(verb, target)| {
        let path = target.split('?').next().unwrap_or_default();
        let overridden = target.split_once("?method=").map_or(verb, |(_, method)| method);
        // The verbs that a path doesn't have are shown by the endpoint of the path.
        ["GET", verb, overridden].iter().any(|verb| {
            let found = route::chatwork(&verb.parse().unwrap(), path);
            found.is_some_and(|found| found.endpoint.name == endpoint)
        })
    })
}

#[test]
fn no_snapshot_holds_a_secret_a_path_or_a_port() {
    for (name, _, text) in snapshots() {
        for word in [
            "wire-token",
            "wire-chatday",
            "wire-signature",
            "wire-secret",
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9",
            "/work",
            "/home",
            "127.0.0.1",
            "localhost",
        ] {
            assert!(!text.contains(word), "{name} holds '{word}'");
        }
    }
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let tests: String = files_below(&root().join("mock-server/tests/wire"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for (name, path, _) in snapshots() {
        let (endpoint, case) = name.split_once('.').unwrap();
        let params = ENDPOINTS.iter().filter(|row| row.name == endpoint).flat_map(|row| row.params);
        let by_param = params.into_iter().any(|param| {
            [format!("400-{}", param.name), format!("400-without-{}", param.name)].contains(&case.to_owned())
        });
        let by_table = by_param || ["401", "403-stranger"].contains(&case);
        assert!(by_table || tests.contains(&format!("\"{name}\"")), "{} belongs to no test", path.display());
    }
}
