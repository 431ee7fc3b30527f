//! Judges real integrations with Chatday and Chatwork against the contract.
//!
//! | module | what it holds |
//! |---|---|
//! | [`check`], [`catalog`], [`checks`] | what is asked: plain data, a function that says what to send, a pure judge |
//! | [`ask`] | cases, the secret, and the craft that makes deliveries; pure. How they travel is [`courier`]'s |
//! | [`client`] | programs that call a service: the scenarios they are put in, and what is seen of them |
//! | [`run`] | the engine and its events |
//! | [`api`] | the conversation with a server whose API is judged, and the run around it |
//! | [`client`] | the mock beside what is judged, so that what it calls is seen |
//! | [`report`] | what people and programs read; knows events and nothing else |
//! | [`snapshot`] | observed behaviour, kept in files and compared |
//! | [`sample`] | small correct integrations, and flaws to try the judge on |
//! | [`cli`], [`settings`], [`app`] | the program around it |
//! | [`exit`] | what the exit status means |

pub mod api;
pub mod app;
pub mod ask;
pub mod catalog;
pub mod check;
pub mod checks;
pub mod cli;
pub mod client;
pub mod exit;
pub mod report;
pub mod run;
pub mod sample;
pub mod settings;
pub mod snapshot;
