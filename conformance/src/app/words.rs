//! What the words mean that the texts of checks use in one sense only.

use contract::chatday::{self, Profile};
use contract::chatwork::webhook::ANSWER_STATUS;
use contract::service::Service;

use crate::check::{Check, Kind};

/// The words of a text that need telling, each with what it means for this check.
pub(super) fn of(check: &Check, text: &str) -> Vec<(&'static str, String)> {
    let text = text.to_lowercase();
    let said = |forms: &[&str]| forms.iter().any(|form| says(&text, form));
    let fits = |word: &&Word| word.kind.is_none_or(|kind| kind == check.kind);
    WORDS
        .iter()
        .filter(fits)
        .filter(|word| said(word.forms))
        .filter_map(|word| Some((word.word, (word.meaning)(check.service)?)))
        .collect()
}

/// A word that has one sense.
struct Word {
    word: &'static str,
    /// How it appears, in small letters.
    forms: &'static [&'static str],
    /// Where it has this sense; everywhere without.
    kind: Option<Kind>,
    /// What it means. None where a service does not have it.
    meaning: fn(Service) -> Option<String>,
}

const WORDS: &[Word] = &[
    Word {
        word: "acknowledged",
        forms: &["acknowledge", "acknowledged", "acknowledgement"],
        kind: Some(Kind::Webhook),
        meaning: |service| {
            Some(match service {
                Service::Chatwork => format!("answered with status {}", ANSWER_STATUS.as_u16()),
                Service::Chatday => {
                    let profile = Profile::default_profile();
                    format!(
                        "answered with status {} and {}",
                        profile.webhook.answer.status.as_u16(),
                        chatday::webhook::acknowledgement(&profile)
                    )
                }
            })
        },
    },
    Word {
        word: "refused",
        forms: &["is refused", "are refused"],
        kind: Some(Kind::Webhook),
        meaning: |_| some("answered with a status from 400 to 499, best 401, where a valid event is acknowledged"),
    },
    Word {
        word: "forged event",
        forms: &["forged", "forgery", "forgeries"],
        kind: Some(Kind::Webhook),
        meaning: |service| {
            some(match service {
                Service::Chatwork => "one whose signature is wrong or missing, so that it does not come from Chatwork",
                Service::Chatday => {
                    "one whose signature token is wrong or missing, so that it does not come from Chatday"
                }
            })
        },
    },
    Word {
        word: "token",
        forms: &["token", "tokens"],
        kind: Some(Kind::Webhook),
        meaning: |service| match service {
            Service::Chatwork => {
                some("the Base64 text in the webhook's settings; decoded, it is the key of signatures")
            }
            Service::Chatday => None,
        },
    },
    Word {
        word: "signature token",
        forms: &["signature token", "chatday-signature-token"],
        kind: None,
        meaning: |service| match service {
            Service::Chatwork => None,
            Service::Chatday => {
                some("the secret that Register answers with, and that each webhook carries in a header")
            }
        },
    },
    Word {
        word: "secret",
        forms: &["the secret", "a secret that", "old secret", "hold no secret", "secrets"],
        kind: Some(Kind::Webhook),
        meaning: |service| {
            some(match service {
                Service::Chatwork => "the token of the webhook's settings",
                Service::Chatday => "the signature token, which Register answers with and each webhook carries",
            })
        },
    },
    Word {
        word: "receiver",
        forms: &["receiver", "receivers"],
        kind: Some(Kind::Webhook),
        meaning: |_| some("the program behind the endpoint"),
    },
    Word {
        word: "effect",
        forms: &["effect", "effects"],
        kind: Some(Kind::Webhook),
        meaning: |_| {
            some("a call of the service's API that the integration makes because of an event, such as a reply")
        },
    },
    Word {
        word: "integration",
        forms: &["integration"],
        kind: Some(Kind::Webhook),
        meaning: |_| some("the program that receives webhooks and calls the service's API"),
    },
    Word {
        word: "mock",
        forms: &["mock"],
        kind: Some(Kind::Webhook),
        meaning: |_| some("a stand-in for the service, which the integration calls instead of the real one"),
    },
    Word {
        word: "profile",
        forms: &["profile"],
        kind: None,
        meaning: |service| match service {
            Service::Chatwork => None,
            Service::Chatday => some(
                "a file (--profile) that states what Chatday's public document leaves open; a built-in one fills in for it",
            ),
        },
    },
    Word {
        word: "contract",
        forms: &["contract", "contract's"],
        kind: None,
        meaning: |_| some("what the service promises, sentence by sentence, as this project has collected it"),
    },
    Word {
        word: "reset",
        forms: &["reset", "resets"],
        kind: Some(Kind::Client),
        meaning: |service| {
            some(match service {
                Service::Chatwork => "the moment at which a limit ends, in the header X-RateLimit-Reset",
                Service::Chatday => "the moment at which a limit ends, in the header Retry-After",
            })
        },
    },
    Word {
        word: "Register",
        forms: &["register"],
        kind: None,
        meaning: |service| match service {
            Service::Chatwork => None,
            Service::Chatday => some("the operation of Chatday that activates a token and answers its signature token"),
        },
    },
    Word {
        word: "Send Message",
        forms: &["send message"],
        kind: None,
        meaning: |service| match service {
            Service::Chatwork => None,
            Service::Chatday => some("the operation of Chatday that shows a message in an end-user's chat"),
        },
    },
    Word {
        word: "envelope",
        forms: &["envelope"],
        kind: Some(Kind::Api),
        meaning: |service| {
            some(match service {
                Service::Chatwork => "the JSON object of every refusal, {\"errors\":[\"…\"]}",
                Service::Chatday => "the JSON object of every refusal, {\"status\":\"ERROR\",\"errors\":[\"…\"]}",
            })
        },
    },
    Word {
        word: "window",
        forms: &["window", "windows"],
        kind: Some(Kind::Api),
        meaning: |_| some("the 5 minutes in which the requests of an account are counted together"),
    },
    Word {
        word: "My Chat",
        forms: &["my chat"],
        kind: None,
        meaning: |_| some("the room that every account of Chatwork has for itself"),
    },
];

fn some(meaning: &str) -> Option<String> {
    Some(meaning.to_owned())
}

/// Whether a text holds a form as words of its own.
fn says(text: &str, form: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|own| own.is_alphanumeric() || "-_".contains(own));
    text.match_indices(form).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + form.len()..));
        !is_part(before.and_then(|before| before.chars().next_back()))
            && !is_part(after.and_then(|after| after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use crate::catalog;

    #[test]
    fn a_word_is_told_where_it_is_said_and_nowhere_else() {
        let of = |id: &str, text: &str| {
            let words = super::of(catalog::find(id).unwrap(), text);
            words.into_iter().map(|(word, _)| word).collect::<Vec<_>>()
        };
        assert_eq!(of("chatwork.webhooks.wrong-secret-is-refused", "Acknowledged at once."), ["acknowledged"]);
        assert_eq!(of("chatwork.webhooks.wrong-secret-is-refused", "registered, tokenised, side-effect"), [""; 0]);
        assert_eq!(of("chatday.client.registers-once", "Register (once)"), ["Register"]);
        assert_eq!(of("chatwork.client.limit-is-waited-for", "the profile of Register"), [""; 0]);
    }
}
