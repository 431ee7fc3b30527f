//! The secret that both sides share, and how it is kept out of everything that is printed.

use std::fmt;

use contract::chatday::webhook::can_be_sent;
use contract::chatwork::signature::{NotBase64, WebhookKey};
use contract::service::Service;

/// The secret of one webhook. Prints as redacted.
#[derive(Clone)]
pub struct Secret {
    text: String,
    key: Option<WebhookKey>,
    variable: String,
}

impl Secret {
    /// Takes the secret as the service shows it: a Chatwork webhook token, or a Chatday-Signature-Token. `variable` is the
    /// environment variable that it came from, for commands that a person repeats.
    ///
    /// # Errors
    /// [`Unusable`] when it is empty, when a Chatwork token is not Base64, or when a Chatday token cannot be the value
    /// of a header. The secret itself is not in the message.
    pub fn new(service: Service, text: &str, variable: Option<&str>) -> Result<Self, Unusable> {
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        if text.trim().is_empty() {
            return Err(Unusable::Empty);
        }
        let usual = match service {
            Service::Chatwork => "CHATWORK_WEBHOOK_TOKEN",
            Service::Chatday => "CHATDAY_SIGNATURE_TOKEN",
        };
        let variable = variable.unwrap_or(usual).to_owned();
        match service {
            Service::Chatwork => {
                // Blanks are no part of Base64; kept, they would keep the secret from being found where it must be masked.
                let text = text.trim().to_owned();
                let key = WebhookKey::from_token(&text)?;
                Ok(Self { text, key: Some(key), variable })
            }
            Service::Chatday if !can_be_sent(&text) => Err(Unusable::NoHeader),
            Service::Chatday => Ok(Self { text, key: None, variable }),
        }
    }

    /// Takes a token of a service's API, which a header carries. `variable` as above.
    ///
    /// # Errors
    /// [`Unusable`] when it is empty, or cannot be the value of a header.
    pub fn token(text: &str, variable: &str) -> Result<Self, Unusable> {
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        if text.trim().is_empty() {
            return Err(Unusable::NoToken);
        }
        if !can_be_sent(&text) {
            return Err(Unusable::NoTokenHeader);
        }
        Ok(Self { text, key: None, variable: variable.to_owned() })
    }

    /// The secret itself. Only for what is sent; see [`Secret::mask`] for what is shown.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The environment variable that a printed command takes it from.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// What Chatwork signs with.
    pub fn key(&self) -> Option<&WebhookKey> {
        self.key.as_ref()
    }

    /// A text without the secret, and without the secret's start when more than half of it is there.
    pub fn mask(&self, text: &str) -> String {
        let whole = text.replace(&self.text, "[secret]");
        let part: String = self.text.chars().take(self.text.chars().count().div_ceil(2).max(8)).collect();
        if part.len() < self.text.len() { whole.replace(&part, "[part of the secret]") } else { whole }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Why a text cannot be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Nothing in it.
    #[error("the secret is empty: give the value that the service shows for this webhook")]
    Empty,
    /// A Chatwork token that is not Base64.
    #[error(transparent)]
    NotBase64(#[from] NotBase64),
    /// No token in it.
    #[error("the token is empty: give the API token as the service shows it")]
    NoToken,
    /// A token with blanks or bytes that no header value can carry.
    #[error("the token holds a blank or a character outside ASCII, or is longer than 512 characters: copy it exactly")]
    NoTokenHeader,
    /// A Chatday token with blanks or bytes that no header value can carry.
    #[error(
        "the Chatday-Signature-Token holds a blank or a character outside ASCII, or is longer than 512 characters: copy it exactly as Register answered it"
    )]
    NoHeader,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_and_most_of_it_are_masked_but_other_text_is_not() {
        let secret = Secret::new(Service::Chatday, "0123456789abcdef", None).unwrap();
        assert_eq!(secret.mask("a 0123456789abcdef b"), "a [secret] b");
        assert_eq!(secret.mask("a 0123456789abcde b"), "a [part of the secret]89abcde b");
        assert_eq!(secret.mask("a 0123 b"), "a 0123 b");
    }

    #[test]
    fn the_end_of_a_secret_files_last_line_is_not_part_of_the_secret() {
        assert_eq!(Secret::new(Service::Chatday, "token\r\n", None).unwrap().reveal(), "token");
    }

    #[test]
    fn blanks_around_a_chatwork_token_do_not_keep_it_from_being_masked() {
        let secret = Secret::new(Service::Chatwork, " b3RoZXItc2VjcmV0 ", None).unwrap();
        assert_eq!(secret.mask("key=b3RoZXItc2VjcmV0;"), "key=[secret];");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_without_being_repeated() {
        let refused = |service, text| Secret::new(service, text, None).unwrap_err();
        assert_eq!(refused(Service::Chatwork, " \n"), Unusable::Empty);
        assert_eq!(refused(Service::Chatwork, "not base64!"), Unusable::NotBase64(NotBase64));
        assert_eq!(refused(Service::Chatday, "to ken"), Unusable::NoHeader);
        assert!(!refused(Service::Chatday, "to ken").to_string().contains("to ken"));
    }

    #[test]
    fn debug_output_has_no_secret_in_it() {
        assert_eq!(format!("{:?}", Secret::new(Service::Chatday, "token", None).unwrap()), "Secret(redacted)");
    }
}
