//! crates.io `chatwork_client` 0.1.1, unmodified: it has the real address of Chatwork built in, and no way to give another. It
//! posts the text of CHATWORK_TEXT; it cannot read. Exit 0: done. 60: the certificate was refused. 1: anything else.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The client wants texts that live for ever.
    let variable = |name: &str| -> &'static str { std::env::var(name).expect(name).leak() };
    let chatwork = chatwork_client::Chatwork::new(variable("CHATWORK_API_TOKEN").to_owned());
    match chatwork.send_message(variable("CHATWORK_ROOM_ID"), variable("CHATWORK_TEXT")) {
        Ok(answer) if answer.starts_with("{\"message_id\":\"") => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Ok(answer) => {
            eprintln!("{answer}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::from(if format!("{error:?}").contains("certificate verify failed") { 60 } else { 1 })
        }
    }
}
