//! The ids of Chatwork, one type each, and the counters that hand out new ones.

use std::fmt;

use serde::{Serialize, Serializer};

/// The largest id that JSON numbers carry without loss everywhere: 2^53 - 1.
pub const NUMBER_MAX: u64 = 9_007_199_254_740_991;
/// The largest message id that a description may give; it leaves room for many more below 2^63.
pub const MESSAGE_MAX: u64 = 9_000_000_000_000_000_000;

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number_ids! {
    /// A person. 1 to 2^53 - 1, like all ids here but [`MessageId`].
    AccountId,
    /// A chat.
    RoomId,
    /// A task of one person.
    TaskId,
    /// An uploaded file.
    FileId,
    /// A request to become a contact.
    RequestId,
    /// A company.
    OrganizationId,
    /// A webhook setting; a text of digits where it goes over the wire.
    WebhookId,
}

/// A message: 64 bits, and therefore a text of decimal digits in JSON. A later message has a higher id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageId(pub u64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl MessageId {
    /// Reads decimal digits without sign, space or leading zero.
    pub fn from_digits(digits: &str) -> Option<Self> {
        let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten().map(Self)
    }
}

/// The last id given of each kind. New ids are always higher, and the same state always gives the same ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// What steps and codes are derived from.
    pub(super) seed: u64,
    pub(super) message: u64,
    pub(super) room: u64,
    pub(super) task: u64,
    pub(super) file: u64,
    pub(super) request: u64,
    pub(super) code: u64,
    pub(super) webhook: u64,
}

impl Counters {
    /// Counters of an empty world.
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            seed,
            message: 1_999_000_111_222_333_444,
            room: 5000,
            task: 30,
            file: 70,
            request: 80,
            code: 0,
            webhook: 240,
        }
    }

    /// Message ids step by 1 to 1,000,000, as the service's ids are far from dense.
    pub(super) fn next_message(&mut self) -> MessageId {
        self.message = self.message.saturating_add(1 + mix(self.seed ^ self.message) % 1_000_000);
        MessageId(self.message)
    }

    /// Takes an id that was chosen outside. False where it is not higher than all that were given, or too high.
    pub(super) fn take_message(&mut self, id: MessageId) -> bool {
        let fits = id.0 > self.message && id.0 <= MESSAGE_MAX;
        if fits {
            self.message = id.0;
        }
        fits
    }

    pub(super) fn next_room(&mut self) -> RoomId {
        self.room = self.room.saturating_add(1);
        RoomId(self.room)
    }

    pub(super) fn next_task(&mut self) -> TaskId {
        self.task = self.task.saturating_add(1);
        TaskId(self.task)
    }

    pub(super) fn next_file(&mut self) -> FileId {
        self.file = self.file.saturating_add(1);
        FileId(self.file)
    }

    pub(super) fn next_request(&mut self) -> RequestId {
        self.request = self.request.saturating_add(1);
        RequestId(self.request)
    }

    pub(super) fn next_webhook(&mut self) -> WebhookId {
        self.webhook = self.webhook.saturating_add(1);
        WebhookId(self.webhook)
    }

    /// A code for an invitation link: 10 letters and digits.
    pub(super) fn next_code(&mut self) -> String {
        self.code = self.code.saturating_add(1);
        let mut bits = mix(mix(self.seed) ^ self.code);
        (0..10)
            .map(|_| {
                let digit = u32::try_from(bits % 36).unwrap_or(0);
                bits /= 36;
                char::from_digit(digit, 36).unwrap_or('0')
            })
            .collect()
    }
}

/// The finalizer of SplitMix64: spreads every bit of the input over the output.
const fn mix(input: u64) -> u64 {
    let mut bits = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_ascend_and_depend_on_nothing_but_the_seed() {
        let ids = |seed| {
            let mut counters = Counters::new(seed);
            (0..1000).map(|_| counters.next_message()).collect::<Vec<_>>()
        };
        assert!(ids(1).windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
    }

    #[test]
    fn a_message_id_is_a_text_in_json_and_the_others_are_numbers() {
        assert_eq!(
            serde_json::json!([MessageId(1_999_000_111_222_333_444), RoomId(5001)]).to_string(),
            "[\"1999000111222333444\",5001]"
        );
    }

    #[test]
    fn an_id_from_outside_is_higher_than_those_before_and_lower_than_those_after() {
        let mut counters = Counters::new(1);
        let last = counters.next_message();
        assert!(!counters.take_message(last) && !counters.take_message(MessageId(MESSAGE_MAX + 1)));
        let chosen = MessageId(last.0 + 5_000_000);
        assert!(counters.take_message(chosen) && !counters.take_message(chosen));
        assert!(counters.next_message() > chosen);
    }

    #[test]
    fn only_plain_digits_are_a_message_id() {
        assert_eq!(MessageId::from_digits("1999000111222333444"), Some(MessageId(1_999_000_111_222_333_444)));
        for text in ["", "0", "007", "+7", "-7", " 7", "7 ", "๗", "1e3", "99999999999999999999"] {
            assert_eq!(MessageId::from_digits(text), None, "{text}");
        }
    }

    #[test]
    fn link_codes_differ() {
        let mut counters = Counters::new(7);
        let codes: std::collections::BTreeSet<String> = (0..1000).map(|_| counters.next_code()).collect();
        assert_eq!(codes.len(), 1000);
        assert!(codes.iter().all(|code| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }
}
