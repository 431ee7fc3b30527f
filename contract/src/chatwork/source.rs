//! Where Chatwork's sentences come from: short names for whoever writes a clause, whole ones for whoever reads it.

/// The name of a source, or of several: `source!(EP, REF)`. A text stands for itself.
macro_rules! source {
    (CL24) => { "Chatwork's notice of 2024-08-29" };
    (CL25) => { "Chatwork's notice of 2025-04-03" };
    (EP) => { "developer.chatwork.com/docs/endpoints" };
    (OA) => { "developer.chatwork.com/docs/oauth" };
    (PDF25) => { "Chatwork's API reference, PDF of 2025-04-03" };
    (RAML) => { "RAML of github.com/chatwork/api" };
    (REF) => { "developer.chatwork.com/reference" };
    (VI) => { "Chatwork's endpoints page in Vietnamese" };
    (WH) => { "developer.chatwork.com/docs/webhook" };
    ($text:literal) => { $text };
    ($first:tt, $($rest:tt),+) => { concat!(source!($first), $("; ", source!($rest)),+) };
}
pub(in crate::chatwork) use source;
