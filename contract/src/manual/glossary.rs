//! Words that this project uses in one sense only.
//!
//! | word | meaning |
//! |---|---|
//! | service | Chatwork or Chatday |
//! | contract | what a service promises, as clauses and tables |
//! | clause | one sentence of a contract, with source and certainty |
//! | edition | a published state of the Chatwork API: `documented` or `2025-07` |
//! | profile | the TOML file that fills what Chatday's public document leaves open |
//! | world | one isolated state of both services: people, rooms, chats, clock, limits, journal |
//! | description | a world written as JSON: what a world file holds and what an export gives |
//! | journal | the record of requests that a world received |
//! | note, violation | a remark on a request in the journal, for the operator; the peer never sees it |
//! | receiver | an integration's webhook endpoint |
//! | client | an integration's calls to a service's API |
//! | subject | whatever is being judged |
//! | check | one question to a subject; a case is one asking of it |
//! | control event | a valid event that must be accepted before and after a negative case, so that a refusal means something |
//! | forgery | an event whose secret or signature is wrong or missing |
