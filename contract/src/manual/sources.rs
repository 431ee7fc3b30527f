//! Where the clauses come from.
//!
//! Chatwork: the developer site's endpoint page in several stored revisions (`EP`), its reference pages (`REF`), webhook
//! page (`WH`), OAuth page (`OA`) and message notation page; the English PDF of 2025-04-03 (`PDF25`); the notices of
//! 2022-09-06, 2024-08-29 (`CL24`) and 2025-04-03 (`CL25`, in force since 2025-07-03); the published RAML (`RAML`, no longer
//! supported); the older Vietnamese endpoints page (`VI`); and records of the real service that other people published,
//! each named where it is used as `observed`. `chatwork/source.rs` spells the short names out for whoever reads a clause.
//!
//! Chatday: one public document, "Chatday APIs, For External Application", in Thai, updated 15 May 2020. It refers to a
//! second document that is not public, so much is our own default: the profile names each such value.
//!
//! Nothing here was probed on a live service by this project. Certainties are explained at
//! [`Certainty`](crate::clause::Certainty).
