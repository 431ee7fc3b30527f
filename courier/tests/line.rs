//! Hand-written requests on real sockets: what arrives is what was written, and what comes back has the usual names.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use courier::exchange::{Delivery, Exchange, Fault, Outcome};
use courier::line::{Connection, Line};
use courier::raw::{End, Manner, Pace, Place};
use courier::socket::{BODY_MAX, INTERIM_MAX, Socket};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Serves connections one after another with these, and tells what each of them read.
fn serve(turns: Vec<fn(&mut TcpStream) -> Vec<u8>>) -> (SocketAddr, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for turn in turns {
            let Ok((mut stream, _)) = listener.accept() else { return };
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            if sender.send(turn(&mut stream)).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

/// Reads until the bytes end like this, or the peer has left.
fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    let mut byte = [0; 1];
    while !read.ends_with(end) {
        match stream.read(&mut byte) {
            Ok(1) => read.push(byte[0]),
            _ => break,
        }
    }
    read
}

fn answer(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

fn delivery() -> Delivery {
    Delivery {
        method: http::Method::POST,
        target: "/hook".to_owned(),
        headers: Vec::new(),
        body: Bytes::from_static("{\"ขอบ\"}".as_bytes()),
    }
}

fn socket(address: SocketAddr) -> Socket {
    Socket {
        address: Ok(address),
        authority: address.to_string(),
        connect_timeout: courier::socket::CONNECT_TIMEOUT,
        tls: None,
        timeout: Duration::from_secs(5),
    }
}

fn play(address: SocketAddr, manners: &[Manner]) -> Vec<(Exchange, Connection)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = socket(address);
    runtime.block_on(async {
        let mut line = Line::new(&socket);
        let mut played = Vec::new();
        for manner in manners {
            played.push(line.play(&delivery(), manner).await);
        }
        played
    })
}

fn plain() -> Manner {
    Manner::default()
}

#[test]
fn a_connection_is_kept_as_long_as_the_other_side_keeps_it() {
    let (address, read) = serve(vec![
        |stream| {
            for _ in 0..2 {
                read_until(stream, b"\"}");
                answer(stream, OK);
            }
            read_until(stream, b"\"}");
            answer(stream, b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            Vec::new()
        },
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, OK);
            Vec::new()
        },
    ]);
    let connections: Vec<Connection> =
        play(address, &[plain(), plain(), plain(), plain()]).into_iter().map(|(_, connection)| connection).collect();
    assert_eq!(connections, [Connection::Fresh, Connection::Kept, Connection::Kept, Connection::Fresh]);
    drop(read);
}

#[test]
fn a_kept_connection_that_ends_without_an_answer_is_tried_once_more_on_a_new_one() {
    let (address, _read) = serve(vec![
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, OK);
            read_until(stream, b"\"}")
        },
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, OK);
            Vec::new()
        },
    ]);
    let played = play(address, &[plain(), plain()]);
    assert_eq!(played[1].1, Connection::Again);
    assert_eq!(played[1].0.fault(), None);
}

#[test]
fn a_fresh_connection_that_ends_without_an_answer_is_cut_and_not_tried_again() {
    let (address, read) = serve(vec![|stream| read_until(stream, b"\"}")]);
    let played = play(address, &[plain()]);
    assert_eq!(played[0].0.fault(), Some(&Fault::Cut));
    assert_eq!(read.iter().count(), 1);
}

#[test]
fn chunks_arrive_as_they_were_cut() {
    let (address, read) = serve(vec![|stream| {
        let read = read_until(stream, b"0\r\n\r\n");
        answer(stream, OK);
        read
    }]);
    let chunked = Manner { pace: Pace::Chunked { cuts: vec![3] }, ..plain() };
    assert_eq!(play(address, &[chunked])[0].0.fault(), None);
    let read = read.recv().unwrap();
    let body = delivery().body;
    let expected = [b"3\r\n", &body[..3], b"\r\na\r\n", &body[3..], b"\r\n0\r\n\r\n"].concat();
    assert!(read.ends_with(&expected), "{:?}", String::from_utf8_lossy(&read));
}

#[test]
fn a_body_waits_for_leave_but_not_for_ever() {
    let (address, _read) = serve(vec![
        |stream| {
            read_until(stream, b"\r\n\r\n");
            answer(stream, b"HTTP/1.1 100 Continue\r\n\r\n");
            let body = read_until(stream, b"\"}");
            answer(stream, OK);
            body
        },
        |stream| {
            let all = read_until(stream, b"\"}");
            answer(stream, OK);
            all
        },
    ]);
    let patient = Manner { pace: Pace::Expecting { patience: Duration::from_secs(30) }, ..plain() };
    assert_eq!(play(address, &[patient])[0].0.fault(), None);
    let hasty = Manner { pace: Pace::Expecting { patience: Duration::from_millis(20) }, ..plain() };
    assert_eq!(play(address, &[hasty])[0].0.fault(), None);
}

#[test]
fn a_sender_leaves_where_it_was_told_to() {
    let (address, read) = serve(vec![|stream| read_until(stream, b"never"), |stream| {
        let mut all = Vec::new();
        match stream.read_to_end(&mut all) {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => b"reset".to_vec(),
            _ => all,
        }
    }]);
    let leaving = Manner { end: End::HangUp(Place::Body(4)), ..plain() };
    let played = play(address, &[leaving]);
    assert_eq!(played[0].0.outcome, Outcome::Silent(Fault::HungUp));
    assert!(read.recv().unwrap().ends_with(&delivery().body[..4]));
    let resetting = Manner { end: End::Reset(Place::Body(4)), ..plain() };
    assert_eq!(play(address, &[resetting])[0].0.outcome, Outcome::Silent(Fault::HungUp));
    assert_eq!(read.recv().unwrap(), b"reset");
}

#[test]
fn an_answer_before_the_whole_request_counts_and_the_line_is_not_used_again() {
    let (address, _read) = serve(vec![
        |stream| {
            read_until(stream, b"\r\n\r\n");
            answer(stream, b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
            read_until(stream, b"never")
        },
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, OK);
            Vec::new()
        },
    ]);
    let slow = Manner { pace: Pace::Pieces { cuts: vec![2], pause: Duration::from_secs(2) }, ..plain() };
    let played = play(address, &[slow, plain()]);
    assert_eq!(played[0].0.answer().unwrap().status, 413);
    assert!(played[0].0.took < Duration::from_secs(2));
    assert_eq!(played[1].1, Connection::Fresh);
}

#[test]
fn answers_have_the_bounds_of_every_exchange() {
    let (address, _read) = serve(vec![
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, b"HTTP/1.1 200 OK\r\n\r\n");
            answer(stream, &vec![b'x'; BODY_MAX + 1]);
            Vec::new()
        },
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, "HTTP/1.1 103 X\r\n\r\n".repeat(INTERIM_MAX + 1).as_bytes());
            read_until(stream, b"never")
        },
        |stream| {
            read_until(stream, b"\"}");
            answer(stream, b"what is this\r\n\r\n");
            Vec::new()
        },
    ]);
    let faults: Vec<&'static str> =
        (0..3).map(|_| play(address, &[plain()])[0].0.fault().map_or("none", Fault::name)).collect();
    assert_eq!(faults, ["too-large", "interim-flood", "protocol"]);
}
