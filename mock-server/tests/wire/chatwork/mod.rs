//! Chatwork on the wire.

mod contacts;
mod editions;
mod files;
mod habits;
mod incoming_requests;
mod limits;
mod link;
mod me;
mod members;
mod mentions;
mod messages;
mod my;
mod oauth;
mod plans;
mod refusals;
mod rooms;
mod tasks;
mod token;
