//! Every scenario, in the order in which they are listed.

use contract::service::Service;

use super::scenario::Scenario;

pub mod chatday;
pub mod chatwork;
mod happening;

/// The scenarios of one service.
pub fn of(service: Service) -> &'static [Scenario] {
    match service {
        Service::Chatwork => chatwork::SCENARIOS,
        Service::Chatday => chatday::SCENARIOS,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog;
    use crate::check::Plan;

    #[test]
    fn every_scenario_that_a_rule_names_exists_and_every_scenario_is_named_by_a_rule() {
        for service in Service::ALL {
            let mut named = BTreeSet::new();
            for check in catalog::all().into_iter().filter(|check| check.service == service) {
                let Plan::Scenarios { scenarios, .. } = check.plan else { continue };
                for name in scenarios {
                    let found = of(service).iter().find(|scenario| scenario.is(name));
                    named.insert(found.unwrap_or_else(|| panic!("{}: there is no {name}", check.id)).name);
                }
            }
            let forgotten: Vec<&str> =
                of(service).iter().map(|scenario| scenario.name).filter(|name| !named.contains(name)).collect();
            assert!(forgotten.is_empty(), "no rule looks at {forgotten:?}");
        }
    }

    #[test]
    fn no_scenario_takes_longer_than_a_command_may_by_default() {
        for scenario in Service::ALL.into_iter().flat_map(of) {
            assert!(scenario.time.as_secs() <= 60, "{}", scenario.name);
        }
    }

    #[test]
    fn every_scenario_has_a_name_of_its_own_that_begins_with_its_service_and_a_story() {
        for service in Service::ALL {
            let mut seen = BTreeSet::new();
            for scenario in of(service) {
                assert!(seen.insert(scenario.name), "{} stands twice", scenario.name);
                let words = scenario.name.strip_prefix(service.name()).and_then(|rest| rest.strip_prefix('.'));
                assert!(words.is_some_and(|words| !words.is_empty() && !words.contains('.')), "{}", scenario.name);
                assert!(scenario.story.ends_with('.'), "{}", scenario.name);
                assert_eq!(scenario.service, service, "{}", scenario.name);
            }
        }
    }
}
