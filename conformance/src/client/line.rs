//! The command as reports show it, and the line that plays a scenario again.

use std::fmt::Write as _;

use contract::service::Service;

use super::process::Program;
use crate::run::shell::quote;

/// What a command that repeats a scenario is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) service: Service,
    pub(super) seed: u64,
    pub(super) flags: &'a str,
    pub(super) command: &'a str,
}

impl Line<'_> {
    /// One line for the shell that plays a scenario again and judges it by one check.
    pub(super) fn again(&self, scenario: &str, check: &str) -> String {
        let Self { service, seed, flags, command } = self;
        let mut line = format!("conformance client --service {service} --seed {seed} {flags}");
        if !flags.contains("--observe") {
            let _ = write!(line, "--scenario {scenario} ");
        }
        let _ = write!(line, "--only {check} -- {command}");
        line
    }
}

/// The command in one line for the shell. What looks like a secret in it is not shown.
pub fn shown(program: &Program) -> String {
    let mut line = quoted(&program.name.to_string_lossy());
    let mut hides_next = false;
    for argument in &program.arguments {
        let text = argument.to_string_lossy();
        let is_flag = text.starts_with('-');
        let names_secret = is_flag && SECRETS.iter().any(|word| text.to_ascii_lowercase().contains(word));
        let part = match text.split_once('=') {
            _ if hides_next && !is_flag => "'***'".to_owned(),
            Some((name, _)) if names_secret => quoted(&format!("{name}=***")),
            _ => quoted(&text),
        };
        hides_next = names_secret && !text.contains('=');
        line.push(' ');
        line.push_str(&part);
    }
    line
}

/// As it is where every shell reads it as one word; in quotes otherwise.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { quote(text) }
}

/// Words in the name of a flag whose value is not to be shown.
const SECRETS: [&str; 4] = ["token", "secret", "password", "api-key"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::process::Program;

    #[test]
    fn a_command_is_shown_as_a_shell_reads_it_without_what_looks_like_a_secret() {
        let program = |arguments: &[&str]| Program {
            name: "python3".into(),
            arguments: arguments.iter().map(Into::into).collect(),
        };
        assert_eq!(shown(&program(&["send.py", "hello there", "it's"])), r"python3 send.py 'hello there' 'it'\''s'");
        assert_eq!(
            shown(&program(&["--api-token", "abc", "--token=def", "-v"])),
            "python3 --api-token '***' '--token=***' -v"
        );
    }
}
