//! Sentences of the profile with words in braces that are filled in. Filled once: a brace in a value stays a brace.

/// A sentence with its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Place(String),
}

impl Template {
    /// Most characters of the sentence as written.
    pub const MOST_CHARACTERS: usize = 300;

    /// Reads a sentence whose places may have only the given names.
    ///
    /// # Errors
    /// What is wrong with the sentence: its length, a control character, an unclosed brace or an unknown place.
    pub fn parse(text: &str, places: &[&str]) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > Self::MOST_CHARACTERS {
            return Err(format!("expected 1 to {} characters, found {length}", Self::MOST_CHARACTERS));
        }
        if text.chars().any(char::is_control) {
            return Err("a control character has no place in a sentence".to_owned());
        }
        let allowed = if places.is_empty() {
            "no word in braces is filled in here".to_owned()
        } else {
            let names: Vec<String> = places.iter().map(|name| format!("{{{name}}}")).collect();
            format!("expected {}", names.join(", "))
        };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((plain, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("a brace is not closed: {allowed}"));
            };
            if !places.contains(&name) {
                return Err(format!("'{{{name}}}' is unknown: {allowed}"));
            }
            parts.push(Part::Plain(plain.to_owned()));
            parts.push(Part::Place(name.to_owned()));
            rest = after;
        }
        parts.push(Part::Plain(rest.to_owned()));
        Ok(Self { parts })
    }

    /// The sentence with its places filled. A place without a value stays empty.
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Plain(text) => text.as_str(),
                Part::Place(name) => {
                    values.iter().find(|(known, _)| known == name).map(|(_, value)| *value).unwrap_or_default()
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once_and_in_any_language() {
        let template = Template::parse("ไม่พบ {field} ({detail})", &["field", "detail"]).unwrap();
        assert_eq!(template.fill(&[("field", "{detail}"), ("detail", "x")]), "ไม่พบ {detail} (x)");
    }

    #[test]
    fn what_cannot_be_filled_is_refused_with_what_could() {
        assert_eq!(Template::parse("{feild}", &["field"]).unwrap_err(), "'{feild}' is unknown: expected {field}");
        assert!(Template::parse("{x}", &[]).unwrap_err().contains("no word in braces"));
        assert!(Template::parse("a {field", &["field"]).unwrap_err().contains("not closed"));
        assert!(Template::parse("", &[]).is_err());
        assert!(Template::parse("a\nb", &[]).is_err());
        assert!(Template::parse(&"x".repeat(301), &[]).is_err());
    }
}
