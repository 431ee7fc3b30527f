//! Every check, in report order; how some of them are chosen, and how one of them is found.

use contract::service::Service;

use crate::check::{Check, Kind};
use crate::checks;

/// The slices of every area, in report order.
const AREAS: &[&[Check]] = &[
    checks::chatwork::webhooks::CHECKS,
    checks::chatwork::spelling::CHECKS,
    checks::chatwork::authenticity::CHECKS,
    checks::shared::text::CHATWORK,
    checks::shared::authenticity::CHATWORK,
    checks::shared::http::CHATWORK,
    checks::shared::redirects::CHATWORK,
    checks::shared::robustness::CHATWORK,
    checks::shared::effects::CHATWORK,
    checks::shared::load::CHATWORK,
    checks::client::credentials::CHATWORK,
    checks::client::requests::CHATWORK,
    checks::client::uploads::CHATWORK,
    checks::client::text::CHATWORK,
    checks::client::answers::CHATWORK,
    checks::client::failures::CHATWORK,
    checks::client::retries::CHATWORK,
    checks::client::limits::CHATWORK,
    checks::client::resets::CHATWORK,
    checks::client::pace::CHATWORK,
    checks::client::connections::CHATWORK,
    checks::api::chatwork::credentials::CHECKS,
    checks::api::chatwork::messages::CHECKS,
    checks::api::chatwork::tasks::CHECKS,
    checks::api::chatwork::files::CHECKS,
    checks::api::chatwork::links::CHECKS,
    checks::api::chatwork::requests::CHECKS,
    checks::api::chatwork::answers::READS,
    checks::api::chatwork::answers::WRITING,
    checks::api::chatwork::meaning::CHECKS,
    checks::api::chatwork::refusals::CHECKS,
    checks::api::chatwork::limits::CHECKS,
    checks::chatday::webhooks::CHECKS,
    checks::chatday::authenticity::CHECKS,
    checks::shared::text::CHATDAY,
    checks::shared::authenticity::CHATDAY,
    checks::shared::http::CHATDAY,
    checks::shared::redirects::CHATDAY,
    checks::shared::robustness::CHATDAY,
    checks::shared::effects::CHATDAY,
    checks::shared::load::CHATDAY,
    checks::client::credentials::CHATDAY,
    checks::client::requests::CHATDAY,
    checks::client::text::CHATDAY,
    checks::client::answers::CHATDAY,
    checks::client::failures::CHATDAY,
    checks::client::retries::CHATDAY,
    checks::client::limits::CHATDAY,
    checks::client::resets::CHATDAY,
    checks::client::pace::CHATDAY,
    checks::client::connections::CHATDAY,
    checks::api::chatday::credentials::CHECKS,
    checks::api::chatday::send::CHECKS,
    checks::api::chatday::register::CHECKS,
    checks::api::chatday::refusals::CHECKS,
];

/// Every check, in report order: by service, then by kind of subject, then by area.
pub fn all() -> Vec<&'static Check> {
    let mut checks: Vec<&Check> = AREAS.iter().flat_map(|area| area.iter()).collect();
    checks.sort_by_key(|check| (check.service, check.kind, check.area));
    checks
}

/// Which checks are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only this service's.
    pub service: Option<Service>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those whose id fits one of these patterns; empty means all.
    pub only: Vec<String>,
    /// None whose id fits one of these patterns.
    pub skip: Vec<String>,
}

impl Selection {
    /// The wanted checks, in report order.
    pub fn choose(&self) -> Vec<&'static Check> {
        all().into_iter().filter(|check| self.wants(check)).collect()
    }

    fn wants(&self, check: &Check) -> bool {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| glob(pattern, check.id));
        self.service.is_none_or(|service| service == check.service)
            && self.kind.is_none_or(|kind| kind == check.kind)
            && (self.only.is_empty() || fits(&self.only))
            && !fits(&self.skip)
    }
}

/// The check with this id.
pub fn find(id: &str) -> Option<&'static Check> {
    all().into_iter().find(|check| check.id == id)
}

/// The id that is nearest to a wrong one, if any is near enough to be meant. The words after the last dot may stand alone.
pub fn nearest(id: &str) -> Option<&'static str> {
    let words = |id: &'static str| id.rsplit('.').next().unwrap_or(id);
    all()
        .into_iter()
        .map(|check| (strsim::jaro_winkler(id, check.id).max(strsim::jaro_winkler(id, words(check.id))), check.id))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, id)| id)
}

/// Whether a text fits a pattern in which `*` stands for any characters and `?` for one.
pub fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut place) = (0, 0);
    // Where the last star was, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(place) => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                place = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use contract::chatday::Profile;
    use contract::chatday::clauses::profile_keys;

    use super::*;
    use crate::check::Level;

    #[test]
    fn every_id_is_unique_and_made_of_service_area_and_words() {
        let mut seen = BTreeSet::new();
        for check in all() {
            assert!(seen.insert(check.id), "{} stands twice", check.id);
            let parts: Vec<&str> = check.id.split('.').collect();
            assert_eq!(parts.len(), 3, "{}", check.id);
            assert_eq!(parts[0], check.service.name());
            let noun = if check.kind == Kind::Webhook { "webhooks" } else { check.kind.word() };
            assert_eq!(parts[1], noun);
            assert!(check.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c)));
        }
    }

    #[test]
    fn no_check_is_stricter_than_its_clauses_are_certain() {
        let profile = Profile::default_profile();
        for check in all() {
            assert!(!check.clauses.is_empty(), "{} names no clause", check.id);
            assert!(check.level_under(&profile) <= check.cap(&profile), "{}", check.id);
            // A level that the default profile does not justify makes sense only if another profile can.
            let weak = check.clauses.iter().filter(|clause| Level::cap(clause.certainty) < check.level);
            if !check.area.is_about_secrets() {
                for clause in weak {
                    assert!(!profile_keys(clause).is_empty(), "{} is {} on {}", check.id, check.level, clause.id);
                }
            }
        }
    }

    #[test]
    fn what_is_ours_is_a_must_only_where_the_users_own_profile_states_it() {
        let check = find("chatday.webhooks.answer-is-declared-as-json").unwrap();
        assert_eq!(check.level_under(&Profile::default_profile()), Level::Should);
        let own = Profile::from_toml("webhook.answer.media_type = 'json'").unwrap();
        assert_eq!(check.level_under(&own), Level::Must);
    }

    #[test]
    fn every_check_says_why_it_matters_and_what_to_do() {
        for check in all() {
            assert!(check.rationale.ends_with('.') && check.hint.ends_with('.'), "{}", check.id);
            assert!(!check.title.ends_with('.'), "{}", check.id);
        }
    }

    #[test]
    fn patterns_choose_and_skip() {
        let chosen = |only: &[&str], skip: &[&str]| {
            let owned = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            Selection { only: owned(only), skip: owned(skip), ..Selection::default() }.choose().len()
        };
        assert_eq!(
            chosen(&["*.wrong-secret-is-refused"], &[]),
            all().iter().filter(|c| c.id.ends_with(".wrong-secret-is-refused")).count()
        );
        assert_eq!(chosen(&[], &["*"]), 0);
        assert_eq!(chosen(&["nothing"], &[]), 0);
    }

    #[test]
    fn a_glob_fits_the_whole_text() {
        assert!(glob("*", ""));
        assert!(glob("a*c", "abbc"));
        assert!(glob("a?c*", "abc"));
        assert!(glob("*.b*.c", "a.b.b.c"));
        assert!(!glob("a*c", "abcd"));
        assert!(!glob("a", "ab"));
        assert!(!glob("?", ""));
    }

    #[test]
    fn a_misspelt_id_finds_its_neighbour() {
        assert_eq!(
            nearest("chatwork.webhooks.wrong-secrt-is-refused"),
            Some("chatwork.webhooks.wrong-secret-is-refused")
        );
        assert_eq!(nearest("zzzz"), None);
    }
}
