//! What the checks write: plainly a test, and telling apart what often goes wrong.

use contract::wire::form::Form;
use http::Method;

use crate::ask::server::Call;

/// A call with a form in its body.
pub(super) fn form(method: Method, path: impl Into<String>, pairs: &[(&str, &str)]) -> Call {
    let mut form = Form::default();
    for (name, value) in pairs {
        form.push(*name, *value);
    }
    Call::new(method, path).carrying("application/x-www-form-urlencoded", form.encode())
}

/// A text of a message: notation, signs that forms escape, several scripts, a line's end.
pub(super) fn message(what: &str, seed: u64) -> String {
    format!("[info]conformance test {seed}: {what}[/info]\n50% + a&b=c ; \"quoted\" \\ สวัสดี こんにちは 🙂")
}

/// A body of a multipart form with one file, and its media type.
pub(super) fn upload(name: &str, bytes: &[u8], message: Option<&str>) -> (String, Vec<u8>) {
    let boundary = "conformance-boundary-7d1f0c";
    let mut body = Vec::new();
    if let Some(message) = message {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n{message}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contract::wire::multipart;

    use super::*;

    #[test]
    fn an_upload_is_read_as_it_was_meant() {
        let (media_type, body) = upload("a.txt", b"one\r\ntwo", Some("hello"));
        let parts = multipart::decode(&media_type, &Bytes::from(body)).unwrap();
        assert_eq!((parts[0].name.as_str(), &parts[0].data[..]), ("message", &b"hello"[..]));
        assert_eq!((parts[1].filename.as_deref(), &parts[1].data[..]), (Some("a.txt"), &b"one\r\ntwo"[..]));
    }

    #[test]
    fn a_form_reads_back_as_the_text_that_was_written() {
        let call = form(Method::POST, "/x", &[("body", &message("round trip", 1))]);
        assert_eq!(Form::decode(&call.body).value("body"), Some(message("round trip", 1).as_str()));
    }
}
