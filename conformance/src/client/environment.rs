//! What a command finds in its environment: where the service is, what to call it with, and how to trust it.

use std::collections::BTreeMap;
use std::path::Path;

use contract::chatday::Profile;
use contract::chatwork::hosts;
use contract::service::Service;

/// What the variables are made from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Where the mock is: `http://127.0.0.1:PORT`, with the scenario's prefix.
    pub root: &'a str,
    /// Where its control API is.
    pub control_url: &'a str,
    /// Chatwork's token and room.
    pub chatwork: (&'a str, &'a str),
    /// Chatday's token and chat.
    pub chatday: (&'a str, &'a str),
    /// Where Chatday's operations are.
    pub profile: &'a Profile,
    /// The scenario's name.
    pub scenario: &'a str,
    /// What may be sent.
    pub text: &'a str,
    /// The proxy and the CA's file, where the command has the real addresses built in.
    pub intercept: Option<(&'a str, &'a Path)>,
}

/// Variables that could lead a command around the mock, or to somebody else's; it does not get them.
pub const WITHOUT: &[&str] =
    &["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/// The variables.
pub fn of(source: &Source<'_>) -> BTreeMap<&'static str, String> {
    let base = |service: Service| match (source.intercept, service) {
        (None, _) => format!("{}{}", source.root, service.mount()),
        (Some(_), Service::Chatwork) => format!("https://{}{}", hosts::API, service.mount()),
        (Some(_), Service::Chatday) => format!("{}{}", chatday_root(source), service.mount()),
    };
    let chatday = if source.intercept.is_some() { chatday_root(source) } else { source.root.to_owned() };
    let mut variables = BTreeMap::from([
        ("CHATWORK_BASE_URL", base(Service::Chatwork)),
        ("CHATWORK_API_TOKEN", source.chatwork.0.to_owned()),
        ("CHATWORK_ROOM_ID", source.chatwork.1.to_owned()),
        ("CHATDAY_BASE_URL", base(Service::Chatday)),
        ("CHATDAY_TOKEN", source.chatday.0.to_owned()),
        ("CHATDAY_CHAT_ID", source.chatday.1.to_owned()),
        ("CHATDAY_REGISTER_URL", format!("{chatday}{}", source.profile.register.path)),
        ("CHATDAY_SEND_URL", format!("{chatday}{}", source.profile.send.path)),
        ("MOCK_CONTROL_URL", source.control_url.to_owned()),
        ("CONFORMANCE_SCENARIO", source.scenario.to_owned()),
        ("CONFORMANCE_TEXT", source.text.to_owned()),
    ]);
    // What is on this machine is reached without any proxy.
    variables.extend(["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1,localhost,::1".to_owned())));
    if let Some((proxy, ca_file)) = source.intercept {
        variables.extend(["HTTPS_PROXY", "https_proxy"].map(|name| (name, proxy.to_owned())));
        let file = ca_file.to_string_lossy().into_owned();
        variables.extend(CA_FILES.map(|name| (name, file.clone())));
        // Node's own fetch looks at HTTPS_PROXY only then.
        variables.insert("NODE_USE_ENV_PROXY", "1".to_owned());
    }
    variables
}

fn chatday_root(source: &Source<'_>) -> String {
    format!("https://{}", source.profile.hosts.first().map_or("api.chatday.example", String::as_str))
}

/// Where HTTP libraries and TLS libraries look for the file of a CA.
const CA_FILES: [&str; 4] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(intercept: Option<(&str, &Path)>) -> BTreeMap<&'static str, String> {
        of(&Source {
            root: "http://127.0.0.1:7",
            control_url: "http://127.0.0.1:7/_mock",
            chatwork: ("cw-token", "5001"),
            chatday: ("cd-token", "70001"),
            profile: &Profile::default_profile(),
            scenario: "chatwork.all-is-well",
            text: "hello",
            intercept,
        })
    }

    #[test]
    fn a_command_is_told_where_the_mock_is() {
        let plain = variables(None);
        assert_eq!(plain["CHATWORK_BASE_URL"], "http://127.0.0.1:7/v2");
        assert_eq!(plain["CHATDAY_REGISTER_URL"], "http://127.0.0.1:7/chatday/register");
        assert_eq!(plain["CHATDAY_SEND_URL"], "http://127.0.0.1:7/chatday/messages");
        assert_eq!(plain["NO_PROXY"], "127.0.0.1,localhost,::1");
        assert!(!plain.contains_key("HTTPS_PROXY") && !plain.contains_key("SSL_CERT_FILE"));
    }

    #[test]
    fn one_with_the_real_address_built_in_is_led_there_by_a_proxy_that_it_can_trust() {
        let led = variables(Some(("http://127.0.0.1:8", Path::new("/tmp/ca.pem"))));
        assert_eq!(led["CHATWORK_BASE_URL"], "https://api.chatwork.com/v2");
        assert_eq!(led["CHATDAY_SEND_URL"], "https://api.chatday.example/chatday/messages");
        assert_eq!(
            (led["HTTPS_PROXY"].as_str(), led["https_proxy"].as_str()),
            ("http://127.0.0.1:8", "http://127.0.0.1:8")
        );
        for name in CA_FILES {
            assert_eq!(led[name], "/tmp/ca.pem");
        }
    }
}
