//! A case made again from the bytes that a report kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, Method};

use super::event::CheckReport;
use super::evidence::Sent;
use crate::ask::case::{Case, Role};
use crate::ask::secret::Secret;
use courier::exchange::{Delivery, Hidden, Value};

/// The deciding case of a check, from its evidence.
///
/// # Errors
/// One sentence on what the report does not hold.
pub fn case(report: &CheckReport, name: &str, role: Option<Role>, secret: &Secret) -> Result<Case, String> {
    let Some(role) = role else {
        return Err(format!("{} plays whole scenes, of which a report keeps a part: replay its id", report.id));
    };
    let own = report.evidence.iter().find(|evidence| evidence.step == name);
    let own = own.ok_or_else(|| format!("the report kept no exchange of the case '{name}' of {}", report.id))?;
    let delivery =
        delivery(&own.request, secret).map_err(|why| format!("the case '{name}' of {}: {why}", report.id))?;
    // A genuine event has no control before it.
    let controlled = report.evidence.iter().any(|evidence| evidence.step == "control before");
    Ok(match role {
        Role::Forged if controlled => Case::forged(name, delivery),
        Role::Hostile if controlled => Case::hostile(name, delivery),
        Role::Genuine | Role::Forged | Role::Hostile => Case::genuine(name, delivery),
    })
}

fn delivery(sent: &Sent, secret: &Secret) -> Result<Delivery, String> {
    let method: Method = sent.method.parse().map_err(|_| format!("'{}' is no method", sent.method))?;
    let headers: Result<Vec<_>, String> = sent.headers.iter().map(|header| read(header, secret)).collect();
    Ok(Delivery { method, target: sent.target.clone(), headers: headers?, body: body(sent)? })
}

fn read((name, shown): &(String, String), secret: &Secret) -> Result<(HeaderName, Value), String> {
    let value = match shown.as_str() {
        SECRET => Value::Secret(Hidden {
            sent: secret.reveal().to_owned(),
            shown: SECRET.to_owned(),
            shell: format!("${{{}}}", secret.variable()),
        }),
        described if described.starts_with('[') => {
            return Err(format!("the header {name} was made from the secret ({described}), which no report keeps"));
        }
        cut if cut.ends_with('…') => return Err(format!("the header {name} was too long to be kept")),
        plain => Value::Plain(plain.to_owned()),
    };
    let name = name.parse().map_err(|_| format!("'{name}' is no header"))?;
    Ok((name, value))
}

fn body(sent: &Sent) -> Result<Bytes, String> {
    let body = match &sent.body_base64 {
        Some(kept) => STANDARD.decode(kept).map_err(|error| format!("body_base64 is not Base64: {error}"))?,
        None => sent.body.clone().into_bytes(),
    };
    if body.len() != sent.body_bytes {
        return Err(format!("{} bytes were sent, and the report keeps {}", sent.body_bytes, body.len()));
    }
    Ok(Bytes::from(body))
}

/// How evidence shows the right secret.
const SECRET: &str = "[secret]";

#[cfg(test)]
mod tests {
    use contract::service::Service;

    use super::*;

    fn sent(headers: &[(&str, &str)], body: &str, bytes: usize, base64: Option<&str>) -> Sent {
        Sent {
            method: "POST".to_owned(),
            target: "/hook".to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.to_owned(),
            body_bytes: bytes,
            body_base64: base64.map(str::to_owned),
        }
    }

    fn secret() -> Secret {
        Secret::new(Service::Chatday, "a-long-shared-secret", None).unwrap()
    }

    #[test]
    fn the_bytes_and_the_secret_come_back() {
        let made =
            delivery(&sent(&[("x-token", "[secret]"), ("a", "")], "\\u{0}", 2, Some("/wA=")), &secret()).unwrap();
        assert_eq!(made.headers[0].1.sent(), "a-long-shared-secret");
        assert_eq!(made.headers[1].1, Value::Plain(String::new()));
        assert_eq!(made.body.as_ref(), b"\xff\0");
        assert_eq!(delivery(&sent(&[], "{}", 2, None), &secret()).unwrap().body.as_ref(), b"{}");
    }

    #[test]
    fn what_the_report_did_not_keep_is_said() {
        let refused = |sent: Sent| delivery(&sent, &secret()).unwrap_err();
        assert!(refused(sent(&[("x", "[the secret backwards]")], "", 0, None)).contains("which no report keeps"));
        assert!(refused(sent(&[("x", "aaa…")], "", 0, None)).contains("too long"));
        assert!(refused(sent(&[], "ab…", 9000, None)).contains("9000 bytes were sent"));
        assert!(refused(sent(&[], "", 1, Some("!"))).contains("not Base64"));
    }
}
