//! From method and path to an endpoint of Chatwork. Built from the table, so that nothing can be routed that the table
//! does not name.
//!
//! Simplifications: a trailing slash is another path; ids are decimal digits, and one that is too large for 64 bits is
//! the largest there is, which nobody has.

use std::sync::LazyLock;

use http::Method;
use matchit::Router;

use crate::chatwork::endpoints::{ENDPOINTS, Endpoint};
use crate::service::Service;

/// An endpoint and the ids of its path.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The row.
    pub endpoint: &'static Endpoint,
    /// The ids in the order of the path; 0 where the path has fewer.
    pub ids: [u64; 2],
}

/// Finds the endpoint of a verb and a whole path (with `/v2`). `None` is the service's
/// `Invalid Endpoint or HTTP method`.
pub fn chatwork(method: &Method, path: &str) -> Option<Found> {
    let below = path.strip_prefix(Service::Chatwork.mount())?;
    let matched = ROUTES.at(below).ok()?;
    let mut ids = [0; 2];
    for (slot, (_, digits)) in ids.iter_mut().zip(matched.params.iter()) {
        *slot = read_id(digits)?;
    }
    let endpoint = matched.value.iter().find(|endpoint| endpoint.method == *method)?;
    Some(Found { endpoint, ids })
}

static ROUTES: LazyLock<Router<Vec<&'static Endpoint>>> = LazyLock::new(|| {
    let mut paths: Vec<(&'static str, Vec<&'static Endpoint>)> = Vec::new();
    for endpoint in &ENDPOINTS {
        match paths.iter_mut().find(|(path, _)| *path == endpoint.path) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => paths.push((endpoint.path, vec![endpoint])),
        }
    }
    let mut router = Router::new();
    for (path, endpoints) in paths {
        // A conflict would leave the path unrouted; a test asks for every row.
        let _ = router.insert(path, endpoints);
    }
    router
});

fn read_id(digits: &str) -> Option<u64> {
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    numeric.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_row_is_found_by_its_own_path_and_by_no_other_verb() {
        for endpoint in &ENDPOINTS {
            let path =
                endpoint.path_ids().fold(endpoint.path.to_owned(), |path, id| path.replace(&format!("{{{id}}}"), "7"));
            let found = chatwork(&endpoint.method, &format!("/v2{path}")).unwrap();
            assert_eq!(found.endpoint.name, endpoint.name);
            assert_eq!(found.ids.iter().filter(|id| **id == 7).count(), endpoint.path_ids().count());
            for verb in [Method::HEAD, Method::OPTIONS, Method::PATCH] {
                assert!(chatwork(&verb, &format!("/v2{path}")).is_none());
            }
        }
    }

    #[test]
    fn a_literal_segment_wins_over_an_id() {
        assert_eq!(chatwork(&Method::PUT, "/v2/rooms/1/messages/read").unwrap().endpoint.name, "put-messages-read");
        assert!(chatwork(&Method::GET, "/v2/rooms/1/messages/read").is_none());
    }

    #[test]
    fn paths_with_an_empty_or_odd_id_are_unknown() {
        for path in [
            "/v2/rooms//messages",
            "/v2/rooms/rid123/messages",
            "/v2/rooms/-1",
            "/v2/rooms/1.0",
            "/v2/rooms/%31",
            "/v2/rooms/",
            "/v2/me/",
            "/v2",
            "/v2/",
            "/me",
            "/v2/incoming_requests/1/accept",
            "/v2/rooms/１",
        ] {
            assert!(chatwork(&Method::GET, path).is_none(), "{path}");
        }
        assert_eq!(chatwork(&Method::GET, "/v2/rooms/99999999999999999999").unwrap().ids[0], u64::MAX);
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "(/v2)?(/rooms|/messages|/[0-9]{1,22}|/|\\PC{0,3}){0,6}") {
            let _ = chatwork(&Method::GET, &path);
        }
    }
}
