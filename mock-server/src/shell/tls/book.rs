//! What clients made of the certificates: the newest handshakes, and tallies of all.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contract::time::UnixMillis;

use super::super::carrier::Meter;
use crate::control::{Certificate, CertificateTally, Client, Handshake, Listener, Shaken};

/// Most handshakes that are listed.
const MOST: usize = 256;

/// A handshake as it goes on.
#[derive(Debug)]
pub(crate) struct Note {
    pub(super) listener: Listener,
    pub(super) host: Option<String>,
    pub(super) at: UnixMillis,
    pub(super) sni: Option<String>,
    pub(super) offered: Vec<String>,
    pub(super) alpn: Option<String>,
    pub(super) version: Option<String>,
    pub(super) certificate: Option<Certificate>,
    pub(super) outcome: Shaken,
    pub(super) detail: Option<String>,
    pub(super) meter: Arc<Meter>,
}

impl Note {
    pub(crate) fn new(listener: Listener, host: Option<String>, at: UnixMillis) -> Self {
        Self {
            listener,
            host,
            at,
            sni: None,
            offered: Vec::new(),
            alpn: None,
            version: None,
            certificate: None,
            outcome: Shaken::TimedOut,
            detail: None,
            meter: Arc::default(),
        }
    }

    fn client(&self) -> Client {
        match (self.certificate, self.outcome) {
            (Some(_), Shaken::Alert | Shaken::Closed) => Client::Refused,
            (_, Shaken::Established) if self.meter.requests() > 0 => Client::WentOn,
            (_, Shaken::Established) if self.meter.has_ended() => Client::Refused,
            _ => Client::Undecided,
        }
    }

    fn tell(&self, id: u64) -> Handshake {
        Handshake {
            id,
            at: self.at.to_rfc3339(),
            listener: self.listener,
            host: self.host.clone(),
            sni: self.sni.clone(),
            offered: self.offered.clone(),
            alpn: self.alpn.clone(),
            version: self.version.clone(),
            certificate: self.certificate,
            outcome: self.outcome,
            detail: self.detail.clone(),
            requests: self.meter.requests(),
            client: self.client(),
        }
    }

    fn count(&self, tallies: &mut BTreeMap<Certificate, CertificateTally>) {
        let Some(certificate) = self.certificate else { return };
        let tally = tallies.entry(certificate).or_default();
        tally.handshakes += 1;
        match self.client() {
            Client::Refused => tally.refused += 1,
            Client::WentOn => tally.went_on += 1,
            Client::Undecided => {}
        }
        if self.outcome == Shaken::Alert {
            tally.last_alert.clone_from(&self.detail);
        }
    }
}

/// All handshakes.
#[derive(Debug, Default)]
pub(super) struct Book {
    newest: VecDeque<Note>,
    dropped: u64,
    tallies: BTreeMap<Certificate, CertificateTally>,
}

impl Book {
    /// Writes a handshake down. Its connection is counted on.
    pub(super) fn push(&mut self, note: Note) {
        if self.newest.len() == MOST
            && let Some(oldest) = self.newest.pop_front()
        {
            oldest.count(&mut self.tallies);
            self.dropped += 1;
        }
        self.newest.push_back(note);
    }

    /// How many handshakes are no longer listed.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The newest handshakes, oldest first.
    pub(super) fn list(&self) -> Vec<Handshake> {
        (self.dropped + 1..).zip(&self.newest).map(|(id, note)| note.tell(id)).collect()
    }

    /// What clients made of each certificate.
    pub(super) fn tallies(&self) -> BTreeMap<Certificate, CertificateTally> {
        let mut tallies = self.tallies.clone();
        self.newest.iter().for_each(|note| note.count(&mut tallies));
        tallies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(certificate: Certificate, outcome: Shaken) -> Note {
        let mut note = Note::new(Listener::Tls, None, UnixMillis(0));
        (note.certificate, note.outcome) = (Some(certificate), outcome);
        note
    }

    #[test]
    fn who_leaves_without_a_request_has_refused() {
        let established = note(Certificate::Expired, Shaken::Established);
        assert_eq!(established.client(), Client::Undecided);
        established.meter.end();
        assert_eq!(established.client(), Client::Refused);
        for (outcome, client) in [
            (Shaken::Alert, Client::Refused),
            (Shaken::Closed, Client::Refused),
            (Shaken::Failed, Client::Undecided),
            (Shaken::TimedOut, Client::Undecided),
        ] {
            assert_eq!(note(Certificate::Good, outcome).client(), client, "{outcome:?}");
        }
    }

    #[test]
    fn tallies_hold_what_is_no_longer_listed() {
        let mut book = Book::default();
        for _ in 0..MOST + 3 {
            let mut refused = note(Certificate::Expired, Shaken::Alert);
            refused.detail = Some("certificate_expired".to_owned());
            book.push(refused);
        }
        book.push(Note::new(Listener::Tls, None, UnixMillis(0)));
        let (list, tallies) = (book.list(), book.tallies());
        assert_eq!((list.len(), list[0].id, book.dropped()), (MOST, 5, 4));
        let expired = &tallies[&Certificate::Expired];
        assert_eq!((expired.handshakes, expired.refused, expired.went_on), (259, 259, 0));
        assert_eq!(expired.last_alert.as_deref(), Some("certificate_expired"));
        assert_eq!(tallies.len(), 1, "a handshake without a certificate counts nowhere");
    }
}
