//! From what was typed to what is meant: addresses resolved, files read, the environment looked at. The only place that
//! reads the environment.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contract::chatday::profile::Profile;
use contract::chatwork::Edition;
use contract::time::UnixMillis;
use courier::tls::Authorities;
use serde_json::Value;

use crate::check::{self, Unusable};
use crate::cli::Serve;
use crate::core::clock::ClockStart;
use crate::core::origin::Defaults;
use crate::file::{can_be_written_to, read};
use crate::shell::Config;

/// What the program does.
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) state_file: Option<PathBuf>,
}

impl Settings {
    /// Resolves a command line.
    ///
    /// # Errors
    /// What is wrong, in one sentence; for a file one line for each fault.
    pub(crate) fn resolve(typed: &Serve) -> Result<Self, String> {
        let mut defaults = Defaults { chatwork_edition: edition(&typed.chatwork_edition)?, ..Defaults::default() };
        if let Some(file) = &typed.profile {
            defaults.chatday_profile = Arc::new(profile_of(file)?);
        }
        let mut world = match &typed.world {
            Some(file) => {
                Some(check::world(&read(file)?, &defaults).map_err(|faults| describe("world", file, &faults))?)
            }
            None => None,
        };
        let clock = typed.clock.as_deref().map(clock).transpose()?;
        let mut state = typed.state.as_deref().map(|file| state(file, &defaults)).transpose()?.flatten();
        if clock.is_some() {
            // What was typed wins over what the files say.
            for file in [&mut world, &mut state].into_iter().flatten().filter_map(Value::as_object_mut) {
                file.remove("clock");
            }
        }
        let ready_file = typed.ready_file.clone();
        for file in ready_file.iter().chain(&typed.state) {
            can_be_written_to(file)?;
        }
        let config = Config {
            listen: address("--listen", &typed.listen)?,
            control_listen: typed.control_listen.as_deref().map(|at| address("--control-listen", at)).transpose()?,
            tls_listen: typed.tls_listen.as_deref().map(|at| address("--tls-listen", at)).transpose()?,
            intercept_listen: typed
                .intercept_listen
                .as_deref()
                .map(|at| address("--intercept-listen", at))
                .transpose()?,
            ca_dir: ca_dir(typed)?,
            require_https: typed.require_https,
            public_url: typed.public_url.as_deref().map(public_url).transpose()?,
            control_token: typed.control_token_env.as_deref().map(secret).transpose()?,
            world,
            state,
            seed: typed.seed,
            clock: clock.unwrap_or_default(),
            defaults,
            self_check: typed.self_check || Config::default().self_check,
            webhook_hosts: typed.allow_webhook_host.iter().map(|host| webhook_host(host)).collect::<Result<_, _>>()?,
            webhook_cas: typed.webhook_ca_file.iter().map(|file| webhook_ca(file)).collect::<Result<_, _>>()?,
            journal_entries: typed.journal_limit.unwrap_or(usize::MAX),
            ..Config::default()
        };
        Ok(Self { config, ready_file, state_file: typed.state.clone() })
    }
}

/// A Chatday profile from its file.
pub(crate) fn profile_of(file: &Path) -> Result<Profile, String> {
    check::profile(&read(file)?).map_err(|faults| describe("profile", file, &faults))
}

fn state(file: &Path, defaults: &Defaults) -> Result<Option<Value>, String> {
    match std::fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    check::world(&read(file)?, defaults).map(Some).map_err(|faults| describe("state", file, &faults))
}

fn edition(text: &str) -> Result<Edition, String> {
    Edition::ALL.into_iter().find(|edition| edition.name() == text).ok_or_else(|| {
        let names = Edition::ALL.map(Edition::name).join("' or '");
        format!("--chatwork-edition: unknown edition '{text}': expected '{names}'")
    })
}

fn clock(text: &str) -> Result<ClockStart, String> {
    match text.split_once('@') {
        None if text == "real" => Ok(ClockStart::default()),
        None if text == "frozen" => Ok(ClockStart { at: None, frozen: true }),
        Some(("frozen", at)) => UnixMillis::from_rfc3339(at)
            .map(|at| ClockStart { at: Some(at), frozen: true })
            .map_err(|words| format!("--clock: {words}")),
        _ => Err(format!("--clock: '{text}' is none of real, frozen, frozen@2026-01-31T09:00:00Z")),
    }
}

fn address(flag: &str, text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| format!("{flag}: '{text}' is no address: expected host:port such as 127.0.0.1:4010"))
}

/// Where the CA is kept, if one is needed.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn ca_dir(typed: &Serve) -> Result<Option<PathBuf>, String> {
    if typed.ca_dir.is_some() || (typed.tls_listen.is_none() && typed.intercept_listen.is_none()) {
        return Ok(typed.ca_dir.clone());
    }
    // A relative path counts as unset (XDG Base Directory Specification).
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/share")))
        .or_else(|| absolute("LOCALAPPDATA"));
    let words = "--ca-dir: there is no HOME and no XDG_DATA_HOME to keep the CA in: give --ca-dir DIR";
    data.map(|data| Some(data.join("mock-server"))).ok_or_else(|| words.to_owned())
}

/// A host as URLs spell it, without brackets.
fn webhook_host(text: &str) -> Result<String, String> {
    let host = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    if host.is_empty() || (!is_address && host.contains(['/', ':', '@', '?', '#', ' ', '*'])) {
        return Err(format!(
            "--allow-webhook-host: '{text}' is no host: expected a name or an address alone, such as hooks.example"
        ));
    }
    Ok(host.to_owned())
}

/// A CA as text, tried at once so that the file is named where it is of no use.
fn webhook_ca(file: &Path) -> Result<String, String> {
    let pem = read(file).map_err(|words| format!("--webhook-ca-file: {words}"))?;
    let tried = Authorities::default().add_pem(pem.as_bytes());
    tried.map_err(|unusable| format!("--webhook-ca-file {}: {unusable}", file.display()))?;
    Ok(pem)
}

fn public_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || rest.contains(['?', '#', ' ', '@']) || http::Uri::try_from(text).is_err() {
        return Err(format!("--public-url: '{text}' is no such URL: expected one like http://mock.example:4010"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn secret(variable: &str) -> Result<String, String> {
    match std::env::var(variable) {
        // A line end at its end, as `$(cat file)` outside a shell leaves it, could never stand in a header.
        Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
        Ok(_) => Err(format!("--control-token-env: the variable {variable} is empty")),
        Err(_) => Err(format!("--control-token-env: there is no variable {variable} with text in the environment")),
    }
}

fn describe(what: &str, file: &Path, unusable: &Unusable) -> String {
    let lines = unusable.lines(&file.display().to_string());
    let mut text = format!("the {what} cannot be used:");
    for line in lines {
        let _ = write!(text, "\n  {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_real_or_frozen_and_frozen_ones_may_name_a_moment() {
        assert_eq!(clock("real"), Ok(ClockStart::default()));
        assert_eq!(clock("frozen"), Ok(ClockStart { at: None, frozen: true }));
        let at = Some(UnixMillis(1000));
        assert_eq!(clock("frozen@1970-01-01T00:00:01Z"), Ok(ClockStart { at, frozen: true }));
        for wrong in ["", "Real", "frozen@", "frozen@noon", "real@1970-01-01T00:00:01Z"] {
            assert!(clock(wrong).unwrap_err().starts_with("--clock: "), "{wrong}");
        }
    }

    #[test]
    fn public_urls_name_a_scheme_and_a_host() {
        assert_eq!(public_url("https://mock.example/chat/").as_deref(), Ok("https://mock.example/chat"));
        for wrong in ["", "mock:4010", "ftp://x", "http://", "http://a b", "http://a?b", "http://u@h"] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn webhook_hosts_are_names_or_addresses_alone() {
        assert_eq!(webhook_host("hooks.example").as_deref(), Ok("hooks.example"));
        assert_eq!(webhook_host("[2001:db8::1]").as_deref(), Ok("2001:db8::1"));
        for wrong in ["", "http://hooks.example", "hooks.example:80", "*.example", "a@b"] {
            assert!(webhook_host(wrong).unwrap_err().contains("is no host"), "{wrong}");
        }
    }

    #[test]
    fn addresses_have_a_host_and_a_port() {
        assert_eq!(address("--listen", "127.0.0.1:0").unwrap().port(), 0);
        assert!(address("--listen", "[::1]:80").unwrap().ip().is_loopback());
        for wrong in ["4010", "", "127.0.0.1", "127.0.0.1:65536"] {
            assert!(address("--listen", wrong).unwrap_err().contains("is no address"), "{wrong}");
        }
    }
}
