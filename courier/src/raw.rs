//! Hand-written bytes, for what an HTTP library would not say: header names in any case, bodies in chunks, drop by drop,
//! after a `100 Continue`, or not to their end. Values only; [`crate::line`] plays them.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::exchange::Delivery;

/// How one delivery is laid out and paced. The default is what every library sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manner {
    /// How header names are spelt.
    pub names: Names,
    /// How the body comes.
    pub pace: Pace,
    /// How the request ends.
    pub end: End,
}

/// How header names are spelt. No receiver may care.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// `x-some-header`.
    #[default]
    Lower,
    /// `X-Some-Header`.
    Title,
    /// `X-SOME-HEADER`.
    Upper,
    /// `x-sOmE-HeAdEr`.
    Mixed,
    /// As given where the letters are the same; the others in lower case.
    Spelt(&'static str),
}

/// How the body comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// With its length, at once.
    #[default]
    Whole,
    /// Without a length, in chunks that end at these places of the body, each in a segment of its own.
    Chunked {
        /// Ascending, each inside the body.
        cuts: Vec<usize>,
    },
    /// With its length, in pieces that end at these places, with a pause after each.
    Pieces {
        /// Ascending, each inside the body.
        cuts: Vec<usize>,
        /// After each piece but the last.
        pause: Duration,
    },
    /// With its length, after the receiver asked for it; or after this long, since a receiver need not ask.
    Expecting {
        /// How long to wait for `100 Continue`.
        patience: Duration,
    },
}

/// How the request ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The answer is awaited.
    #[default]
    Answer,
    /// The connection is closed there; no answer is awaited.
    HangUp(Place),
    /// The connection is reset there; no answer is awaited.
    Reset(Place),
}

/// A place in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the middle of the head.
    Head,
    /// After this many bytes of the body, or at its end if it has fewer.
    Body(usize),
}

/// What goes over the wire, step by step. Prints sizes only: the bytes may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    /// In order.
    pub steps: Vec<Step>,
    /// What comes after the last step.
    pub end: Close,
}

/// One step of a [`Script`].
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes, in a segment of their own as far as the system allows.
    Send(Bytes),
    /// Nothing for a while.
    Pause(Duration),
    /// Nothing until a `100 Continue` has come, or for this long.
    AwaitContinue(Duration),
    /// No more bytes from this side; the answer is still read.
    HalfClose,
}

/// What comes after the last step of a [`Script`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The answer is awaited.
    Answer,
    /// The connection is closed.
    HangUp,
    /// The connection is reset.
    Reset,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Pause(pause) => write!(f, "Pause({pause:?})"),
            Self::AwaitContinue(patience) => write!(f, "AwaitContinue({patience:?})"),
            Self::HalfClose => f.write_str("HalfClose"),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("steps", &self.steps).field("end", &self.end).finish()
    }
}

impl Names {
    fn spell(&self, name: &str) -> String {
        match self {
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Title => {
                let words: Vec<String> = name.split('-').map(capital).collect();
                words.join("-")
            }
            Self::Mixed => {
                let letters = name.char_indices().map(|(at, letter)| {
                    if at % 2 == 0 { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
                });
                letters.collect()
            }
            Self::Spelt(spelt) if spelt.eq_ignore_ascii_case(name) => (*spelt).to_owned(),
            Self::Spelt(_) => name.to_ascii_lowercase(),
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

impl Manner {
    /// The bytes of a delivery to this authority, as this manner has them.
    pub fn script(&self, delivery: &Delivery, authority: &str) -> Script {
        let mut head = format!("{} {} HTTP/1.1\r\n", delivery.method, delivery.target);
        let mut line = |name: &str, value: &str| head += &format!("{}: {value}\r\n", self.names.spell(name));
        if !delivery.headers.iter().any(|(name, _)| name == http::header::HOST) {
            line("host", authority);
        }
        for (name, value) in &delivery.headers {
            line(name.as_str(), value.sent());
        }
        match &self.pace {
            Pace::Chunked { .. } => line("transfer-encoding", "chunked"),
            Pace::Whole | Pace::Pieces { .. } => line("content-length", &delivery.body.len().to_string()),
            Pace::Expecting { .. } => {
                line("content-length", &delivery.body.len().to_string());
                line("expect", "100-continue");
            }
        }
        head += "\r\n";
        let head = Bytes::from(head);
        let bytes_until = |place| match place {
            Place::Head => head.len() / 2,
            Place::Body(bytes) => head.len().saturating_add(bytes),
        };
        let steps = match &self.pace {
            Pace::Whole => vec![Step::Send(Bytes::from([&head[..], &delivery.body].concat()))],
            Pace::Expecting { patience } => {
                vec![Step::Send(head.clone()), Step::AwaitContinue(*patience), Step::Send(delivery.body.clone())]
            }
            Pace::Chunked { cuts } => {
                let chunks = pieces(&delivery.body, cuts).into_iter().map(|piece| Step::Send(chunk(&piece)));
                let last = Step::Send(Bytes::from_static(b"0\r\n\r\n"));
                [Step::Send(head.clone())].into_iter().chain(chunks).chain([last]).collect()
            }
            Pace::Pieces { cuts, pause } => {
                let mut steps = vec![Step::Send(head.clone())];
                for piece in pieces(&delivery.body, cuts) {
                    steps.push(Step::Pause(*pause));
                    steps.push(Step::Send(piece));
                }
                steps
            }
        };
        match self.end {
            End::Answer => Script { steps, end: Close::Answer },
            End::HangUp(place) => Script { steps: first(steps, bytes_until(place)), end: Close::HangUp },
            End::Reset(place) => Script { steps: first(steps, bytes_until(place)), end: Close::Reset },
        }
    }

    /// How long its pauses take together.
    pub fn pauses(&self) -> Duration {
        match &self.pace {
            Pace::Whole | Pace::Chunked { .. } => Duration::ZERO,
            Pace::Pieces { cuts, pause } => *pause * u32::try_from(cuts.len() + 1).unwrap_or(u32::MAX),
            Pace::Expecting { patience } => *patience,
        }
    }

    /// Whether an answer is awaited.
    pub fn awaits_answer(&self) -> bool {
        self.end == End::Answer
    }
}

impl Script {
    /// How many bytes go out.
    pub fn length(&self) -> usize {
        let sent = self.steps.iter().map(|step| match step {
            Step::Send(bytes) => bytes.len(),
            Step::Pause(_) | Step::AwaitContinue(_) | Step::HalfClose => 0,
        });
        sent.sum()
    }
}

/// A text in the pieces that end at these places. Empty ones are left out: an empty chunk would end a body.
fn pieces(body: &Bytes, cuts: &[usize]) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([body.len()]) {
        let to = to.clamp(from, body.len());
        if to > from {
            pieces.push(body.slice(from..to));
        }
        from = to;
    }
    pieces
}

fn chunk(piece: &[u8]) -> Bytes {
    Bytes::from([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
}

/// The steps up to this many bytes.
fn first(steps: Vec<Step>, after: usize) -> Vec<Step> {
    let mut left = after;
    let mut kept = Vec::new();
    for step in steps {
        if left == 0 {
            break;
        }
        kept.push(match step {
            Step::Send(bytes) => {
                let sent = bytes.slice(..bytes.len().min(left));
                left -= sent.len();
                Step::Send(sent)
            }
            other => other,
        });
    }
    kept
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;
    use crate::exchange::Value;

    fn delivery() -> Delivery {
        Delivery {
            method: http::Method::POST,
            target: "/hook".to_owned(),
            headers: vec![(HeaderName::from_static("x-some-token"), Value::Plain("secret".to_owned()))],
            body: Bytes::from_static("ขอ".as_bytes()),
        }
    }

    fn sent(manner: &Manner) -> String {
        let steps = manner.script(&delivery(), "127.0.0.1:9").steps;
        let sent = steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(&bytes[..]),
            Step::Pause(_) | Step::AwaitContinue(_) | Step::HalfClose => None,
        });
        String::from_utf8(sent.collect::<Vec<_>>().concat()).unwrap()
    }

    #[test]
    fn the_plainest_manner_is_one_segment_with_a_length() {
        let expected =
            "POST /hook HTTP/1.1\r\nhost: 127.0.0.1:9\r\nx-some-token: secret\r\ncontent-length: 6\r\n\r\nขอ";
        assert_eq!(sent(&Manner::default()), expected);
        assert_eq!(Manner::default().script(&delivery(), "a").steps.len(), 1);
    }

    #[test]
    fn names_are_spelt_as_asked_for() {
        let spelt = |names: Names| names.spell("x-some-token");
        assert_eq!(spelt(Names::Title), "X-Some-Token");
        assert_eq!(spelt(Names::Upper), "X-SOME-TOKEN");
        assert_eq!(spelt(Names::Mixed), "x-sOmE-ToKeN");
        assert_eq!(spelt(Names::Spelt("X-SomeToken")), "x-some-token");
        assert_eq!(spelt(Names::Spelt("X-SOME-Token")), "X-SOME-Token");
    }

    #[test]
    fn chunks_end_where_they_are_cut_also_inside_a_character() {
        let chunked = |cuts: &[usize]| Manner { pace: Pace::Chunked { cuts: cuts.to_vec() }, ..Manner::default() };
        let script = chunked(&[1, 1, 4]).script(&delivery(), "a");
        let sizes: Vec<usize> = script.steps[1..]
            .iter()
            .map(|step| match step {
                Step::Send(bytes) => bytes.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(sizes, [1 + 5, 3 + 5, 2 + 5, 5], "three chunks and the last one");
        assert!(sent(&chunked(&[3])).ends_with("\r\n\r\n3\r\nข\r\n3\r\nอ\r\n0\r\n\r\n"));
        assert!(!sent(&chunked(&[3])).contains("content-length"));
    }

    #[test]
    fn a_request_can_end_anywhere() {
        let head = Manner::default().script(&delivery(), "a").length() - delivery().body.len();
        for (place, bytes) in
            [(Place::Head, head / 2), (Place::Body(0), head), (Place::Body(4), head + 4), (Place::Body(99), head + 6)]
        {
            let manner = Manner { end: End::HangUp(place), ..Manner::default() };
            let script = manner.script(&delivery(), "a");
            assert_eq!((script.end, script.length()), (Close::HangUp, bytes), "{place:?}");
        }
    }

    #[test]
    fn debug_output_has_no_bytes_in_it() {
        let debug = format!("{:?}", Manner::default().script(&delivery(), "a"));
        assert!(!debug.contains("secret") && debug.contains("bytes"), "{debug}");
    }
}
