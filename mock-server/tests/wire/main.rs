//! The wire, from outside: what stands on the socket.

mod chatwork;
