//! Sources, decisions and words, for reading.
//!
//! How to add things:
//!
//! **A clause** — 1. add the sentence to the service's `clauses.rs`, with source and certainty; 2. name it in the row, the
//! error or the check that keeps it; 3. run the tests: ids must be unique.
//!
//! **An endpoint** — 1. its clauses; 2. its row in `chatwork/endpoints.rs` with its parameters from `params.rs`; 3. its
//! shape in `shapes.rs`, typed in from the document, and its type in `types.rs`; 4. its handler in the mock: the
//! exhaustive match does not compile without it; 5. its wire test, in the file that the area names: a house test asks
//! for it; 6. run the generator check of the README's table.
//!
//! **An error text** — 1. a variant in `chatwork/errors.rs` with status, text and clause; 2. a wire test that provokes it.

pub mod decisions;
pub mod glossary;
pub mod sources;
