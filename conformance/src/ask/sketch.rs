//! What generated cases vary: small choices that shrink to something that a person can read, and the JSON that they spell.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::strategy::{BoxedStrategy, Union};
use serde_json::{Value as Json, json};

/// One choice.
#[derive(Clone, Debug, PartialEq)]
pub enum Sketch {
    /// A real event.
    Event {
        /// What is written in it.
        text: String,
        /// How its JSON is spelt.
        spelling: Spelling,
        /// What is added to it.
        additions: Vec<Addition>,
    },
    /// A signature, or a shared secret, that is not the right one.
    Edits(Vec<Edit>),
}

/// One of the many spellings of the same JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spelling {
    /// For the characters of texts, over and over. Empty: plain.
    pub escapes: Vec<Escape>,
    /// For the places between tokens, over and over. Empty: nothing.
    pub blanks: Vec<&'static str>,
    /// By how many places the keys of each object are moved round.
    pub turn: usize,
}

/// How one character of a text is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As itself, wherever JSON allows it.
    Plain,
    /// `\u0e01`.
    Lower,
    /// `\u0E01`.
    Upper,
    /// `\/`, where there is a short form.
    Short,
}

/// A key that no document names.
#[derive(Clone, Debug, PartialEq)]
pub struct Addition {
    /// Inside the inner object rather than beside it.
    pub inside: bool,
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Json,
}

/// One change of a text of ASCII characters. The place counts round, so that it fits every length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Another character in place of this one.
    Replace(usize, char),
    /// One character less.
    Delete(usize),
}

/// What must not be left to chance (each awkward fragment of a text, each kind of value) is dealt out over so many cases in a
/// row; with fewer cases some of it is not sent.
pub const TURNS: u64 = 4;

/// Texts as people write them, in any spelling.
pub fn written(turn: u64) -> BoxedStrategy<Sketch> {
    event(texts(turn), spellings(turn), Just(Vec::new()).boxed())
}

/// Texts as people write them, spelt as the service spells them.
pub fn texts_alone(turn: u64) -> BoxedStrategy<Sketch> {
    event(texts(turn), Just(Spelling::default()).boxed(), Just(Vec::new()).boxed())
}

/// Keys that no document names.
pub fn extended(turn: u64) -> BoxedStrategy<Sketch> {
    let key = || "[a-z]{1,10}(_[a-z]{1,6})?";
    let addition = |(inside, key, value)| Addition { inside, key: format!("new_{key}"), value };
    let kinds = values().into_iter().flat_map(|kind| [(true, kind.clone()), (false, kind)]);
    let sure = dealt(kinds.collect(), turn).into_iter().map(|(inside, kind)| {
        let made = (Just(inside), key(), kind).prop_map(addition);
        always(made.boxed())
    });
    let more = vec((any::<bool>(), key(), Union::new(values())).prop_map(addition), 0..3);
    let additions = (sure.collect::<Vec<_>>(), more).prop_map(|(sure, more)| {
        let mut all: Vec<Addition> = sure.into_iter().flatten().chain(more).collect();
        // One name, one value: which of two would be sent is nothing to leave open.
        let mut seen = BTreeSet::new();
        all.retain(|addition| seen.insert((addition.inside, addition.key.clone())));
        all
    });
    let text = Just("conformance: with new keys".to_owned()).boxed();
    event(text, Just(Spelling::default()).boxed(), additions.boxed())
}

/// Values that are near the right one. Places are below `length`, characters from a to z and digits.
pub fn edits(length: usize, turn: u64) -> BoxedStrategy<Sketch> {
    let place = 0..length.max(1);
    let replace = (place.clone(), "[A-Za-z0-9]").prop_map(|(at, text)| Edit::Replace(at, first(&text))).boxed();
    let delete = place.prop_map(Edit::Delete).boxed();
    // As long as the right one in one case, shorter in the next.
    let sure = if turn.is_multiple_of(2) { replace.clone() } else { delete.clone() };
    let more = vec(Union::new([replace.clone(), delete]), 0..3);
    let as_long = vec(replace, 0..3).boxed();
    let more = if turn.is_multiple_of(2) { as_long } else { more.boxed() };
    (sure, more).prop_map(|(sure, more)| Sketch::Edits([vec![sure], more].concat())).boxed()
}

fn first(text: &str) -> char {
    text.chars().next().unwrap_or('x')
}

fn event(
    text: BoxedStrategy<String>,
    spelling: BoxedStrategy<Spelling>,
    additions: BoxedStrategy<Vec<Addition>>,
) -> BoxedStrategy<Sketch> {
    (text, spelling, additions)
        .prop_map(|(text, spelling, additions)| Sketch::Event { text, spelling, additions })
        .boxed()
}

/// Fragments that have broken receivers: combining forms, joined emoji, directions, separators that JSON allows and
/// JavaScript once did not, characters outside the basic plane, quotes and backslashes.
const FRAGMENTS: [&str; 20] = [
    "น้ำใจ",
    "กำ ำ",
    "が゙ガ",
    "﨑𠮟る",
    "㌔①Ⅳ",
    "hơ\u{323}p đô\u{300}ng",
    "ế ễ ậ",
    "👨‍👩‍👧‍👦",
    "🇹🇭🇯🇵🇻🇳",
    "👍🏽❤️‍🔥",
    "\u{202e}abc\u{202c}",
    "שלום مرحبا",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{200b}\u{200d}",
    "\"\\\"",
    "\\u0041 \\n",
    "</script>&amp;'",
    "\r\n\t",
];

/// Some awkward fragments for sure, and anything besides.
fn texts(turn: u64) -> BoxedStrategy<String> {
    let sure = dealt(FRAGMENTS.to_vec(), turn).into_iter().map(|fragment| always(Just(fragment).boxed()));
    let fragments = Union::new(FRAGMENTS.map(|fragment| Just(fragment.to_owned()).boxed()));
    let piece = Union::new([
        fragments.boxed(),
        "[ -~]{1,12}".boxed(),
        "[ก-ฮะ-ูเ-์]{1,8}".boxed(),
        "[ぁ-んァ-ヶ一-龠]{1,8}".boxed(),
        "[😀-🙏]{1,3}".boxed(),
    ]);
    (sure.collect::<Vec<_>>(), vec(piece, 0..5))
        .prop_map(|(sure, pieces)| sure.into_iter().flatten().map(str::to_owned).chain(pieces).collect())
        .boxed()
}

/// The share of one turn.
fn dealt<T>(all: Vec<T>, turn: u64) -> Vec<T> {
    all.into_iter().zip((0..TURNS).cycle()).filter(|(_, whose)| *whose == turn % TURNS).map(|(one, _)| one).collect()
}

/// This, unless the case is made smaller.
fn always<T: Clone + std::fmt::Debug + 'static>(it: BoxedStrategy<T>) -> BoxedStrategy<Option<T>> {
    (weighted(1.0), it).prop_map(|(there, it)| there.then_some(it)).boxed()
}

/// One way to spell characters and one blank for sure, others in turn with them, and keys in any order.
fn spellings(turn: u64) -> BoxedStrategy<Spelling> {
    let escapes = vec![Escape::Plain, Escape::Lower, Escape::Upper, Escape::Short];
    let blanks = vec!["", " ", "\n", "\t", "\r\n", "    "];
    (in_turn(escapes, turn), in_turn(blanks, turn), 0..4_usize)
        .prop_map(|(escapes, blanks, turn)| Spelling { escapes, blanks, turn })
        .boxed()
}

/// The share of one turn, then some of all.
fn in_turn<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>, turn: u64) -> impl Strategy<Value = Vec<T>> {
    let any = Union::new(all.iter().map(|one| Just(one.clone()).boxed()));
    let sure = dealt(all, turn).into_iter().map(|one| always(Just(one).boxed()));
    let both = (sure.collect::<Vec<_>>(), vec(any, 0..4));
    both.prop_map(|(sure, more)| sure.into_iter().flatten().chain(more).collect())
}

fn values() -> Vec<BoxedStrategy<Json>> {
    vec![
        Just(Json::Null).boxed(),
        any::<bool>().prop_map(Json::from).boxed(),
        any::<i32>().prop_map(Json::from).boxed(),
        Just(json!(9_007_199_254_740_993_u64)).boxed(),
        Just(json!(0.1)).boxed(),
        "[ -~]{0,8}".prop_map(Json::from).boxed(),
        Just(json!("ขอบคุณ 👍")).boxed(),
        vec(any::<u8>(), 0..3).prop_map(Json::from).boxed(),
        Just(json!({"id": "7", "tags": [{"name": null}]})).boxed(),
    ]
}

impl Sketch {
    /// In a few words, for a report.
    pub fn words(&self) -> String {
        match self {
            Self::Event { text, spelling, additions } => {
                let mut words = vec![format!("text {text:?}")];
                words.extend((*spelling != Spelling::default()).then(|| spelling.words()));
                let add = |addition: &Addition| {
                    let place = if addition.inside { "inside" } else { "beside" };
                    format!("{place} the event \"{}\": {}", addition.key, addition.value)
                };
                words.extend(additions.iter().map(add));
                words.join(", ")
            }
            Self::Edits(edits) => {
                let edits: Vec<String> = edits
                    .iter()
                    .map(|edit| match edit {
                        Edit::Replace(at, with) => format!("'{with}' as character {}", at + 1),
                        Edit::Delete(at) => format!("without character {}", at + 1),
                    })
                    .collect();
                edits.join(", ")
            }
        }
    }
}

impl Spelling {
    fn words(&self) -> String {
        let mut words = Vec::new();
        if !self.escapes.is_empty() {
            words.push(format!("characters spelt {:?} in turn", self.escapes));
        }
        if !self.blanks.is_empty() {
            words.push(format!("{:?} between tokens", self.blanks));
        }
        if self.turn > 0 {
            words.push("keys in another order".to_owned());
        }
        words.join(", ")
    }

    /// A value in this spelling.
    pub fn spell(&self, value: &Json) -> String {
        let mut pen = Pen { spelling: self, text: String::new(), characters: 0, places: 0 };
        pen.value(value);
        pen.text
    }
}

/// Writes JSON, and counts where it is in the patterns of a spelling.
struct Pen<'a> {
    spelling: &'a Spelling,
    text: String,
    characters: usize,
    places: usize,
}

impl Pen<'_> {
    fn value(&mut self, value: &Json) {
        match value {
            Json::String(text) => self.string(text),
            Json::Array(items) => {
                self.token("[");
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.token(",");
                    }
                    self.value(item);
                }
                self.blank();
                self.text.push(']');
            }
            Json::Object(fields) => {
                self.token("{");
                let turn = if fields.is_empty() { 0 } else { self.spelling.turn % fields.len() };
                for (index, (key, item)) in fields.iter().skip(turn).chain(fields.iter().take(turn)).enumerate() {
                    if index > 0 {
                        self.token(",");
                    }
                    self.text += &Json::from(key.as_str()).to_string();
                    self.blank();
                    self.token(":");
                    self.value(item);
                }
                self.blank();
                self.text.push('}');
            }
            plain => self.text += &plain.to_string(),
        }
    }

    /// A mark, and what may stand after it.
    fn token(&mut self, mark: &str) {
        self.text += mark;
        self.blank();
    }

    fn blank(&mut self) {
        self.text += pick(&self.spelling.blanks, self.places).copied().unwrap_or_default();
        self.places += 1;
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            let escape = pick(&self.spelling.escapes, self.characters).copied().unwrap_or(Escape::Plain);
            self.characters += 1;
            self.character(character, escape);
        }
        self.text.push('"');
    }

    fn character(&mut self, character: char, escape: Escape) {
        let short = match character {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            '/' if escape == Escape::Short => Some("\\/"),
            _ => None,
        };
        match (escape, short) {
            (Escape::Plain | Escape::Short, Some(short)) => self.text += short,
            (Escape::Plain | Escape::Short, None) if !character.is_control() => self.text.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = match escape {
                        Escape::Upper => write!(self.text, "\\u{unit:04X}"),
                        _ => write!(self.text, "\\u{unit:04x}"),
                    };
                }
            }
        }
    }
}

fn pick<T>(pattern: &[T], at: usize) -> Option<&T> {
    pattern.get(at.checked_rem(pattern.len())?)
}

/// A text after these changes, never the text itself.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for edit in edits {
        let length = letters.len().max(1);
        match edit {
            Edit::Replace(at, with) => {
                if let Some(place) = letters.get_mut(at % length) {
                    *place = *with;
                }
            }
            Edit::Delete(at) if !letters.is_empty() => {
                letters.remove(at % length);
            }
            Edit::Delete(_) => {}
        }
    }
    let changed: String = letters.into_iter().collect();
    if changed == text { format!("{text}0") } else { changed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spelling_is_applied_in_turn() {
        let spelling =
            Spelling { escapes: vec![Escape::Lower, Escape::Upper, Escape::Short], blanks: vec![" ", ""], turn: 1 };
        let spelt = spelling.spell(&json!({"a": "ขอ/บ\n", "b": [1, null]}));
        assert_eq!(spelt, "{ \"b\": [1, null], \"a\": \"\\u0e02\\u0E2D\\/\\u0e1a\\u000A\"}");
        assert_eq!(Spelling::default().spell(&json!({"a": "ข/\u{1}"})), "{\"a\":\"ข/\\u0001\"}");
    }

    #[test]
    fn what_must_not_be_left_to_chance_is_in_the_first_cases() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut draw = |strategy: BoxedStrategy<Sketch>| strategy.new_tree(&mut runner).unwrap();
        let mut texts = String::new();
        let mut kinds = BTreeSet::new();
        let mut spelt = String::new();
        for turn in 0..TURNS {
            let Sketch::Event { text, .. } = draw(texts_alone(turn)).current() else { panic!("no event") };
            texts += &text;
            let Sketch::Event { spelling, .. } = draw(written(turn)).current() else { panic!("no event") };
            spelt += &spelling.words();
            let mut tree = draw(extended(turn));
            let Sketch::Event { additions, .. } = tree.current() else { panic!("no event") };
            kinds.extend(additions.iter().map(|one| (one.inside, one.value.is_null(), one.value.is_object())));
            while tree.simplify() {}
            let Sketch::Event { additions, .. } = tree.current() else { panic!("no event") };
            assert_eq!(additions, [], "what is sure gives way when the case is made smaller");
        }
        for fragment in FRAGMENTS {
            assert!(texts.contains(fragment), "{fragment:?}");
        }
        for word in ["Plain", "Lower", "Upper", "Short", "\" \"", "\"\\n\"", "\"\\t\"", "\"\\r\\n\""] {
            assert!(spelt.contains(word), "{word} in {spelt}");
        }
        for inside in [true, false] {
            assert!(kinds.contains(&(inside, true, false)) && kinds.contains(&(inside, false, true)), "{inside}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_spelling_means_the_same(sketch in (0..TURNS).prop_flat_map(written)) {
            let Sketch::Event { text, spelling, .. } = sketch else { return Err(TestCaseError::fail("no event")) };
            let value = json!({"event": {"body": text, "n": 7, "list": [true, null, {}]}, "id": "1"});
            let read: Json = serde_json::from_str(&spelling.spell(&value)).unwrap();
            prop_assert_eq!(read, value);
        }

        #[test]
        fn an_edited_text_is_another_one(text in "[ -~]{0,50}", sketch in (0..TURNS).prop_flat_map(|turn| edits(50, turn))) {
            let Sketch::Edits(edits) = sketch else { return Err(TestCaseError::fail("no edits")) };
            prop_assert_ne!(edited(&text, &edits), text);
        }
    }
}
