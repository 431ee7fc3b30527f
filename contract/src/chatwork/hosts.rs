//! The names under which the real service is reached.

/// The API: `https://api.chatwork.com/v2`.
pub const API: &str = "api.chatwork.com";
/// The page on which a user grants access (OAuth 2.0).
pub const CONSENT: &str = "www.chatwork.com";
/// Where OAuth 2.0 tokens are given out.
pub const TOKENS: &str = "oauth.chatwork.com";
/// All of them.
pub const ALL: [&str; 3] = [API, CONSENT, TOKENS];
