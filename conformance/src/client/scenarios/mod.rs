//! Every scenario, in the order in which they are listed.

use contract::service::Service;

use super::scenario::Scenario;

pub mod chatday;
pub mod chatwork;

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
