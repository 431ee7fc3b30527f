//! What the sample says back: a call of the service's API that quotes where, what and by whom.

use std::sync::Arc;

use bytes::Bytes;
use contract::chatday::{Message, Profile};
use contract::chatwork::limits::BODY_MAX;
use contract::service::Service;
use contract::wire::header::CHATWORK_TOKEN;
use courier::exchange::{Delivery, Hidden, Value as Header};
use courier::socket::Socket;
use http::{HeaderName, Method, header};
use serde_json::{Map, Value};

use super::event::Said;
use super::flaw::Flaw;

/// Where the service's API is, and the token that opens it. Prints without the token.
#[derive(Clone)]
pub struct Api {
    /// The way there.
    pub socket: Socket,
    /// Before the paths of the contract, without a slash at its end; `/v2` for Chatwork.
    pub prefix: String,
    /// The Chatwork API token, or the Chatday-Token.
    pub token: String,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// One call that answers a message.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What is sent.
    pub delivery: Delivery,
    /// The same elsewhere, for [`Flaw::AnswersInBothRooms`] alone.
    pub(super) elsewhere: Option<Delivery>,
    /// Who wrote what is answered: an integration does not answer itself.
    pub author: Option<String>,
    /// The event that is done once the call is.
    pub(super) key: String,
}

/// Writes replies.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) service: Service,
    pub(super) profile: Arc<Profile>,
    pub(super) api: Api,
    pub(super) flaw: Option<Flaw>,
}

impl Writer {
    /// The reply to what somebody said.
    pub(super) fn reply(&self, said: Said) -> Reply {
        let delivery = match self.service {
            Service::Chatwork => self.chatwork(&said),
            Service::Chatday => self.chatday(&said),
        };
        let other = said.other_place.clone().map(|place| Said { place, ..said.clone() });
        let elsewhere = other.map(|said| self.chatwork(&said));
        Reply { delivery, elsewhere, author: said.author, key: said.key }
    }

    /// Asks who the token belongs to; only Chatwork can be asked.
    pub(super) fn who_am_i(&self) -> Option<Delivery> {
        let ask = || self.call(Method::GET, "/me", None, Bytes::new());
        (self.service == Service::Chatwork).then(ask)
    }

    fn chatwork(&self, said: &Said) -> Delivery {
        let place = said.place.as_str().unwrap_or_default();
        let author = said.author.as_deref().unwrap_or_default();
        let message = said.message_id.as_deref().unwrap_or_default();
        let text = if self.flaw == Some(Flaw::EchoesMarkup) { said.text.clone() } else { inert(&said.text) };
        let head = format!("[rp aid={author} to={place}-{message}]\nmessage {message} of {author} in {place}: ");
        let body = self.cut(format!("{head}{text}"), BODY_MAX);
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("body", &body).finish();
        let path = format!("/rooms/{place}/messages");
        self.call(Method::POST, &path, Some("application/x-www-form-urlencoded"), Bytes::from(form))
    }

    fn chatday(&self, said: &Said) -> Delivery {
        let keys = &self.profile.keys;
        let text = self.cut(format!("you wrote: {}", said.text), TEXT_MAX);
        let mut body = Map::new();
        body.insert(keys.message.clone(), Message::text(text).to_wire(&self.profile));
        body.insert(keys.chat_id.clone(), said.place.clone());
        let body = Bytes::from(Value::Object(body).to_string());
        self.call(self.profile.send.method.clone(), &self.profile.send.path, Some("application/json"), body)
    }

    /// At most so many characters, the last of them an ellipsis when there were more.
    fn cut(&self, text: String, most: usize) -> String {
        if self.flaw == Some(Flaw::CutsCharacters)
            && let Some(end) = (0..CUT.min(text.len())).rev().find(|end| !text.is_char_boundary(*end))
            && text.len() > CUT
        {
            return String::from_utf8_lossy(&text.as_bytes()[..end]).into_owned();
        }
        if text.chars().nth(most).is_none() {
            return text;
        }
        let mut kept: String = text.chars().take(most - 1).collect();
        kept.push('…');
        kept
    }

    fn call(&self, method: Method, path: &str, content_type: Option<&str>, body: Bytes) -> Delivery {
        let (name, value): (HeaderName, String) = match self.service {
            Service::Chatwork => (CHATWORK_TOKEN, self.api.token.clone()),
            Service::Chatday => (header::AUTHORIZATION, format!("Bearer {}", self.api.token)),
        };
        let token = Header::Secret(Hidden { sent: value, shown: "[token]".to_owned(), shell: "$TOKEN".to_owned() });
        let mut headers = vec![(name, token)];
        headers.extend(content_type.map(|kind| (header::CONTENT_TYPE, Header::Plain(kind.to_owned()))));
        Delivery { method, target: format!("{}{path}", self.api.prefix), headers, body }
    }
}

/// A text whose brackets open no tag: after each of them stands a character that nobody sees.
fn inert(text: &str) -> String {
    text.replace('[', "[\u{200b}")
}

/// Bytes after which [`Flaw::CutsCharacters`] cuts.
const CUT: usize = 1_000;
/// Characters of a Chatday text (`fixtures/chatday/profile.toml`).
const TEXT_MAX: usize = 5_000;

#[cfg(test)]
mod tests {
    use contract::chatwork::notation::mentions;
    use serde_json::json;

    use super::*;

    fn writer(service: Service, flaw: Option<Flaw>) -> Writer {
        let nowhere = Err(courier::exchange::Fault::ConnectRefused);
        let socket = Socket {
            address: nowhere,
            authority: String::new(),
            timeout: std::time::Duration::ZERO,
            connect_timeout: std::time::Duration::ZERO,
            tls: None,
        };
        let api = Api { socket, prefix: "/v2".to_owned(), token: "t0ken".to_owned() };
        Writer { service, profile: Profile::default_profile(), api, flaw }
    }

    fn said(text: &str) -> Said {
        Said {
            place: json!("5001"),
            other_place: None,
            author: Some("1001".to_owned()),
            message_id: Some("9007199254740993".to_owned()),
            text: text.to_owned(),
            key: String::new(),
        }
    }

    fn body(service: Service, flaw: Option<Flaw>, text: &str) -> String {
        let delivery = writer(service, flaw).reply(said(text)).delivery;
        match service {
            Service::Chatwork => form_urlencoded::parse(&delivery.body).next().unwrap().1.into_owned(),
            Service::Chatday => {
                let body: Value = serde_json::from_slice(&delivery.body).unwrap();
                body["message"]["data"].as_str().unwrap().to_owned()
            }
        }
    }

    #[test]
    fn a_reply_quotes_ids_and_text_and_goes_where_the_message_came_from() {
        let delivery = writer(Service::Chatwork, None).reply(said("ขอบคุณ & a=b")).delivery;
        assert_eq!(delivery.target, "/v2/rooms/5001/messages");
        assert_eq!(
            body(Service::Chatwork, None, "ขอบคุณ & a=b"),
            "[rp aid=1001 to=5001-9007199254740993]\nmessage 9007199254740993 of 1001 in 5001: ขอบคุณ & a=b"
        );
        assert_eq!(body(Service::Chatday, None, "ขอบคุณ"), "you wrote: ขอบคุณ");
        assert!(!format!("{delivery:?}").contains("t0ken"));
    }

    #[test]
    fn markup_in_what_is_quoted_mentions_nobody() {
        let text = "[To:1002] [toall] [rp aid=1003 to=1-2] [/code]";
        assert_eq!(mentions(&inert(text)), Default::default());
        assert!(mentions(&body(Service::Chatwork, Some(Flaw::EchoesMarkup), text)).everyone);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for (service, most) in [(Service::Chatwork, BODY_MAX), (Service::Chatday, TEXT_MAX)] {
            let cut = body(service, None, &"👍".repeat(most));
            assert_eq!(cut.chars().count(), most);
            assert!(cut.ends_with("👍…"));
            assert!(body(service, Some(Flaw::CutsCharacters), &"👍".repeat(most)).contains('\u{fffd}'));
        }
    }
}
