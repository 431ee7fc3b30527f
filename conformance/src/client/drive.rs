//! Tells a command line by line what to do: for authors of libraries, who write a few lines around theirs instead of a
//! program for every case.
//!
//! Each line on the command's stdin is one JSON object, and it answers each with one line on its stdout before the next one
//! comes; after the last one stdin is closed, and the command ends with status 0. What it writes to stderr is its own.
//!
//! | line | what is wanted | what is answered |
//! |---|---|---|
//! | `{"id":1,"do":"whoami"}` | Chatwork: `GET /me`. Chatday: Register | `{"id":1,"ok":true}` |
//! | `{"id":2,"do":"send","place":"5001","text":"…"}` | a message to a room or chat | `{"id":2,"ok":true,"message_id":"…"}` |
//! | `{"id":3,"do":"read","place":"5001"}` | Chatwork: the room's messages | `{"id":3,"ok":true}` |
//!
//! What went wrong is answered with `{"id":2,"ok":false,"error":"…"}`. That counts as told; a line with `"ok":true` for a
//! message that was not stored does not. `{"id":3,"ok":false,"error":"unsupported"}` leaves a line out.

use std::sync::{Arc, Mutex, PoisonError};

use contract::service::Service;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use super::process::{self, Program, Ran, Terms};
use crate::ask::observed::Given;
use crate::run::stop::Stop;

/// What a command is told to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Script(Vec<Value>);

impl Script {
    /// Three messages, and what clients do around them.
    pub fn of(service: Service, given: &Given) -> Self {
        let send = |text: &str| json!({"do": "send", "place": given.place, "text": text});
        let mut steps = vec![json!({"do": "whoami"}), send(&given.text)];
        steps.extend(["the second message of three", "the third message of three"].map(send));
        if service == Service::Chatwork {
            steps.push(json!({"do": "read", "place": given.place}));
        }
        let numbered = steps.into_iter().zip(1..).map(|(step, id)| {
            let mut line = json!({"id": id});
            if let (Some(line), Value::Object(step)) = (line.as_object_mut(), step) {
                line.extend(step);
            }
            line
        });
        Self(numbered.collect())
    }
}

/// Runs a command and tells it what to do.
pub async fn run(program: &Program, terms: &Terms<'_>, stop: &mut Stop, script: &Script) -> Ran {
    let said = Arc::new(Mutex::new(Said::default()));
    let hears = Arc::clone(&said);
    let dialogue = |stdin, stdout| async move {
        if let Err(fault) = converse(script, stdin, stdout, &hears).await {
            hears.lock().unwrap_or_else(PoisonError::into_inner).fault.get_or_insert(fault);
        }
    };
    let ran = process::run_with(program, terms, stop, Some(dialogue)).await;
    let said = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
    let mut stderr = ran.stderr.to_vec();
    if let Some(fault) = &said.fault {
        stderr.extend_from_slice(format!("\n[conformance] {fault}\n").as_bytes());
    }
    let reports_failure = ran.reports_failure || said.failed || said.fault.is_some();
    Ran { stdout: said.lines.into(), stderr: stderr.into(), reports_failure, ..ran }
}

/// What a command answered.
#[derive(Debug, Default)]
struct Said {
    lines: Vec<u8>,
    failed: bool,
    /// What it did against the rules of this dialogue.
    fault: Option<String>,
}

async fn converse(
    script: &Script,
    mut stdin: ChildStdin,
    stdout: ChildStdout,
    said: &Mutex<Said>,
) -> Result<(), String> {
    let mut answers = BufReader::new(stdout);
    for step in &script.0 {
        let line = format!("{step}\n");
        stdin.write_all(line.as_bytes()).await.map_err(|_| format!("the command closed its stdin before {step}"))?;
        let mut answer = Vec::new();
        let mut bounded = (&mut answers).take(LINE);
        bounded.read_until(b'\n', &mut answer).await.map_err(|error| error.to_string())?;
        if answer.is_empty() {
            return Err(format!("the command closed its stdout before it answered {step}"));
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.lines.extend_from_slice(&answer);
        said.failed |= failed(step, &answer)?;
    }
    drop(stdin);
    // It may say more; a pipe that nobody reads would hold it up.
    let mut rest = vec![0; 4096];
    while let Ok(1..) = answers.read(&mut rest).await {}
    Ok(())
}

/// Whether an answer tells of a failure.
fn failed(step: &Value, answer: &[u8]) -> Result<bool, String> {
    let shown = String::from_utf8_lossy(answer).trim_end().chars().take(200).collect::<String>();
    let no_answer =
        || format!("{step} was answered with '{shown}': expected a line such as {{\"id\":{},\"ok\":true}}", step["id"]);
    let value: Value = serde_json::from_slice(answer).map_err(|_| no_answer())?;
    if value.get("id") != step.get("id") {
        return Err(no_answer());
    }
    match value.get("ok").and_then(Value::as_bool) {
        Some(ok) => Ok(!ok && value.get("error").and_then(Value::as_str) != Some("unsupported")),
        None => Err(no_answer()),
    }
}

/// Most bytes of one answer.
const LINE: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Given {
        let (token, text) = ("t".to_owned(), "conformance-text: hello".to_owned());
        let (place, prefix) = ("5001".to_owned(), "/v2".to_owned());
        Given { token, secrets: Vec::new(), place, text, prefix, intercepted: false }
    }

    #[test]
    fn a_script_numbers_its_lines_and_sends_the_text_that_was_given() {
        let Script(lines) = Script::of(Service::Chatwork, &given());
        assert_eq!(lines[0].to_string(), r#"{"id":1,"do":"whoami"}"#);
        assert_eq!(lines[1].to_string(), r#"{"id":2,"do":"send","place":"5001","text":"conformance-text: hello"}"#);
        assert_eq!(lines[4].to_string(), r#"{"id":5,"do":"read","place":"5001"}"#);
        assert_eq!(Script::of(Service::Chatday, &given()).0.len(), 4);
    }

    #[test]
    fn what_went_wrong_is_told_and_what_is_no_answer_is_named() {
        let step = json!({"id": 2, "do": "send"});
        assert_eq!(failed(&step, b"{\"id\":2,\"ok\":true,\"message_id\":\"7\"}\n"), Ok(false));
        assert_eq!(failed(&step, b"{\"id\":2,\"ok\":false,\"error\":\"429\"}\n"), Ok(true));
        assert_eq!(failed(&step, b"{\"id\":2,\"ok\":false,\"error\":\"unsupported\"}\n"), Ok(false));
        for odd in [&b"sent!\n"[..], b"{\"id\":1,\"ok\":true}", b"{\"id\":2}"] {
            assert!(failed(&step, odd).unwrap_err().contains("expected a line such as {\"id\":2,\"ok\":true}"));
        }
    }
}
