//! The calls of the control API.

use http::Method;
use percent_encoding::percent_decode_str;

use super::deliveries::DeliveryRoute;
use super::faults::FaultCall;
use super::webhooks::WebhookRoute;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Info,
    CreateWorld,
    DeleteWorld(String),
    Reset,
    State,
    ReplaceState,
    Settings,
    ChangeSettings,
    Requests,
    Events,
    ClearRequests,
    Expect,
    Clock,
    ChangeClock,
    Chat(String),
    Tls,
    ServeCertificate,
    ApproveOAuth,
    Deliveries(DeliveryRoute),
    Webhooks(WebhookRoute),
    Faults(FaultCall),
}

/// Why a target is no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrouted {
    Unknown,
    /// The value of `Allow`.
    WrongMethod(&'static str),
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, Unrouted> {
        let below = path.strip_prefix(super::MOUNT).unwrap_or_default();
        let segments: Vec<&str> = below.split('/').skip(1).collect();
        let pick = |allow, found: Option<Self>| found.ok_or(Unrouted::WrongMethod(allow));
        let word = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        // HEAD is GET without the body, which hyper leaves out (RFC 9110, 9.3.2): tools that wait for a server use it.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let is = |wanted: &Method, route: Self| (method == wanted).then_some(route);
        let get = |route| pick("GET, HEAD", is(&Method::GET, route));
        let post = |route| pick("POST", is(&Method::POST, route));
        match segments.as_slice() {
            ["health"] => get(Self::Health),
            ["info"] => get(Self::Info),
            ["worlds"] => post(Self::CreateWorld),
            ["worlds", id] => pick("DELETE", is(&Method::DELETE, Self::DeleteWorld(word(id)))),
            ["reset"] => post(Self::Reset),
            ["state"] => {
                pick("GET, HEAD, PUT", is(&Method::GET, Self::State).or_else(|| is(&Method::PUT, Self::ReplaceState)))
            }
            ["settings"] => pick(
                "GET, HEAD, PATCH",
                is(&Method::GET, Self::Settings).or_else(|| is(&Method::PATCH, Self::ChangeSettings)),
            ),
            ["requests"] => pick(
                "GET, HEAD, DELETE",
                is(&Method::GET, Self::Requests).or_else(|| is(&Method::DELETE, Self::ClearRequests)),
            ),
            ["events"] => get(Self::Events),
            ["expect"] => post(Self::Expect),
            ["clock"] => {
                pick("GET, HEAD, POST", is(&Method::GET, Self::Clock).or_else(|| is(&Method::POST, Self::ChangeClock)))
            }
            ["tls"] => {
                pick("GET, HEAD, PUT", is(&Method::GET, Self::Tls).or_else(|| is(&Method::PUT, Self::ServeCertificate)))
            }
            ["oauth", "approve"] => post(Self::ApproveOAuth),
            ["faults"] => pick("GET, HEAD, POST, DELETE", FaultCall::on_all(method).map(Self::Faults)),
            ["faults", id] => pick("GET, HEAD, DELETE", FaultCall::on_one(method, word(id)).map(Self::Faults)),
            ["chatday", "chats", id] => get(Self::Chat(word(id))),
            ["deliveries", below @ ..] => DeliveryRoute::of(method, below).map(Self::Deliveries),
            ["chatwork" | "chatday", ..] => WebhookRoute::of(method, &segments).map(Self::Webhooks),
            _ => Err(Unrouted::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_calls_and_wrong_methods_name_the_right_ones() {
        let of = |method: &str, path: &str| Route::of(&method.parse().unwrap(), path);
        assert_eq!(of("GET", "/_mock/state"), Ok(Route::State));
        assert_eq!(of("PUT", "/_mock/state"), Ok(Route::ReplaceState));
        assert_eq!(of("HEAD", "/_mock/state"), Ok(Route::State));
        assert_eq!(of("HEAD", "/_mock/reset"), Err(Unrouted::WrongMethod("POST")));
        assert_eq!(of("POST", "/_mock/state"), Err(Unrouted::WrongMethod("GET, HEAD, PUT")));
        assert_eq!(of("DELETE", "/_mock/worlds/w1"), Ok(Route::DeleteWorld("w1".into())));
        assert_eq!(of("DELETE", "/_mock/faults/f1"), Ok(Route::Faults(FaultCall::Remove("f1".into()))));
        assert_eq!(of("PUT", "/_mock/faults"), Err(Unrouted::WrongMethod("GET, HEAD, POST, DELETE")));
        assert_eq!(of("GET", "/_mock/chatday/chats/%E0%B8%81%2F1"), Ok(Route::Chat("ก/1".into())));
        for path in ["/_mock", "/_mock/", "/_mock/health/", "/_mock/nothing", "/_mock/worlds/a/b"] {
            assert_eq!(of("GET", path), Err(Unrouted::Unknown), "{path}");
        }
    }
}
