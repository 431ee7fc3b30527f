use super::*;
use bytes::Bytes;
use contract::service::Service;
use http::Method;
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

fn parcel(url: &str, body: &str) -> Parcel {
    Parcel {
        service: Service::Chatwork,
        event: "message_created",
        setting: "241".to_owned(),
        url: url.to_owned(),
        method: Method::POST,
        target: "/hook".to_owned(),
        headers: Vec::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

fn draft(url: &str) -> Draft {
    Draft::new(parcel(url, "{}"), NOW)
}

fn outbox() -> Outbox {
    Outbox::new(Bounds::default())
}

fn reported(verdict: Verdict, timed_out: bool) -> Reported {
    let why = (verdict != Verdict::Delivered).then(|| "no".to_owned());
    Reported { verdict, answer: None, fault: None, why, timed_out }
}

fn settle(outbox: &mut Outbox, id: u64) {
    outbox.attempted(id, reported(Verdict::Delivered, false), None, NOW);
}

fn time_out(outbox: &mut Outbox, id: u64) {
    outbox.attempted(id, reported(Verdict::Failed, true), None, NOW);
}

#[test]
fn one_target_gets_one_at_a_time_in_order_and_others_need_not_wait() {
    let mut outbox = outbox();
    let ids: Vec<u64> = ["a", "a", "b", "a"].iter().map(|url| outbox.push(draft(url), NOW)).collect();
    assert_eq!(outbox.take(NOW, false, 64), [ids[0], ids[2]]);
    assert_eq!(outbox.take(NOW, false, 64), [0; 0]);
    settle(&mut outbox, ids[0]);
    assert_eq!(outbox.take(NOW, false, 64), [ids[1]]);
    settle(&mut outbox, ids[1]);
    settle(&mut outbox, ids[2]);
    assert!(!outbox.is_quiet(NOW), "the last one is due");
    assert_eq!(outbox.take(NOW, false, 64), [ids[3]]);
    assert!(!outbox.is_quiet(NOW), "the last one is on its way");
    settle(&mut outbox, ids[3]);
    assert!(outbox.is_quiet(NOW));
    assert!(outbox.lanes.is_empty(), "nothing is kept of targets that are done");
}

#[test]
fn under_a_frozen_clock_everything_goes_one_by_one() {
    let mut outbox = outbox();
    let ids: Vec<u64> = ["a", "b", "a"].iter().map(|url| outbox.push(draft(url), NOW)).collect();
    for id in ids {
        assert_eq!(outbox.take(NOW, true, 64), [id]);
        settle(&mut outbox, id);
    }
}

#[test]
fn a_retry_waits_for_its_moment_and_lets_later_ones_pass() {
    let mut outbox = outbox();
    let (first, second) = (outbox.push(draft("a"), NOW), outbox.push(draft("a"), NOW));
    outbox.take(NOW, false, 64);
    let later = NOW.plus_millis(1000);
    outbox.attempted(first, reported(Verdict::Failed, false), Some(later), NOW);
    assert_eq!(outbox.get(first).unwrap().verdict, Verdict::Waiting);
    assert_eq!(outbox.take(NOW, false, 64), [second]);
    settle(&mut outbox, second);
    assert!(outbox.is_quiet(NOW), "what is not due yet is not waited for");
    assert_eq!(outbox.next_due(NOW), Some(later));
    assert_eq!(outbox.take(later, false, 64), [first]);
    outbox.attempted(first, reported(Verdict::GivenUp, false), None, later);
    let record = outbox.get(first).unwrap();
    assert_eq!((record.verdict, record.attempts.len()), (Verdict::GivenUp, 2));
    assert_eq!((record.attempts[0].began, record.attempts[1].began), (NOW, later));
}

#[test]
fn a_stalling_target_s_backlog_goes_out_in_waves_until_it_answers() {
    for frozen in [false, true] {
        let mut outbox = outbox();
        for _ in 0..100 {
            outbox.push(draft("a"), NOW);
        }
        for _ in 0..2 {
            let taken = outbox.take(NOW, frozen, 64);
            assert_eq!(taken.len(), 1);
            time_out(&mut outbox, taken[0]);
        }
        let wave = outbox.take(NOW, frozen, 64);
        assert_eq!(wave.len(), WAVE);
        assert_eq!(outbox.take(NOW, frozen, 64).len(), 0);
        time_out(&mut outbox, wave[0]);
        assert_eq!(outbox.take(NOW, frozen, 64).len(), 0, "the next wave waits for the whole of this one");
        wave[1..].iter().for_each(|id| time_out(&mut outbox, *id));
        let next = outbox.take(NOW, frozen, 64);
        assert_eq!(next.len(), WAVE);
        next[1..].iter().for_each(|id| time_out(&mut outbox, *id));
        settle(&mut outbox, next[0]);
        assert_eq!(outbox.take(NOW, frozen, 64).len(), 1, "it answers again: one at a time");
    }
}

#[test]
fn a_burst_goes_at_once_and_held_ones_wait_until_they_are_let_go() {
    let mut outbox = outbox();
    let held = |outbox: &mut Outbox| outbox.push(Draft { held: Some("held".to_owned()), ..draft("a") }, NOW);
    let ids: Vec<u64> = (0..3).map(|_| held(&mut outbox)).collect();
    assert_eq!(outbox.take(NOW, false, 64), [0; 0]);
    assert!(outbox.is_quiet(NOW));
    outbox.release(ids.clone(), true, NOW);
    assert_eq!(outbox.take(NOW, true, 64), ids);
    ids.iter().for_each(|id| settle(&mut outbox, *id));
    let ids: Vec<u64> = (0..3).map(|_| held(&mut outbox)).collect();
    outbox.release(ids.iter().rev().copied(), false, NOW);
    for id in ids.into_iter().rev() {
        assert_eq!(outbox.take(NOW, false, 64), [id]);
        settle(&mut outbox, id);
    }
}

#[test]
fn a_full_queue_drops_the_newest_at_the_exact_bound_and_says_so() {
    let mut outbox = Outbox::new(Bounds { queued: 2, ..Bounds::default() });
    let ids: Vec<u64> = (0..3).map(|_| outbox.push(draft("a"), NOW)).collect();
    let verdicts: Vec<Verdict> = ids.iter().map(|id| outbox.get(*id).unwrap().verdict).collect();
    assert_eq!(verdicts, [Verdict::Waiting, Verdict::Waiting, Verdict::Dropped]);
    assert!(outbox.get(ids[2]).unwrap().why.as_ref().unwrap().starts_with("the queue is full"));
    outbox.take(NOW, false, 64);
    settle(&mut outbox, ids[0]);
    let last = outbox.push(draft("a"), NOW);
    assert_eq!(outbox.get(last).unwrap().verdict, Verdict::Waiting, "there is room again");

    let one = Delivery::new(1, draft("a"), NOW).size();
    let mut outbox = Outbox::new(Bounds { queued_bytes: 2 * one, ..Bounds::default() });
    let ids: Vec<u64> = (0..3).map(|_| outbox.push(draft("a"), NOW)).collect();
    let is_dropped = |id: &u64| outbox.get(*id).unwrap().verdict == Verdict::Dropped;
    assert_eq!(ids.iter().map(is_dropped).collect::<Vec<bool>>(), [false, false, true]);
}

#[test]
fn the_record_forgets_what_settled_first_and_never_what_waits() {
    let one = Delivery::new(1, draft("a"), NOW).size();
    let mut outbox = Outbox::new(Bounds { record_bytes: 5 * one, ..Bounds::default() });
    let waiting = outbox.push(draft("a"), NOW);
    for _ in 0..20 {
        let id = outbox.push(draft("b"), NOW);
        outbox.drop_waiting(|delivery| delivery.id == id, "gone");
    }
    assert!(outbox.get(waiting).is_some());
    assert!(outbox.bytes <= 5 * one && outbox.forgotten() > 15, "{} {}", outbox.bytes, outbox.forgotten());
    outbox.clear();
    assert_eq!(outbox.after(0).map(|delivery| delivery.id).collect::<Vec<_>>(), [waiting]);
}

/// What may happen to an outbox.
#[derive(Clone, Debug)]
enum Step {
    Push(u8),
    Take(usize),
    Settle(usize, bool, Option<u16>),
    Pass(u16),
    Drop(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Step::Push),
        4 => (0..70_usize).prop_map(Step::Take),
        4 => (any::<usize>(), any::<bool>(), proptest::option::of(0..500_u16)).prop_map(|(at, timed_out, retry)| Step::Settle(at, timed_out, retry)),
        2 => (0..400_u16).prop_map(Step::Pass),
        1 => (0..3_u8).prop_map(Step::Drop),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_lost_counts_are_right_and_each_target_sees_its_order(
        steps in prop::collection::vec(step(), 1..120),
        frozen: bool,
    ) {
        let mut outbox = outbox();
        let (mut now, mut in_flight, mut pushed) = (NOW, Vec::<u64>::new(), 0_u64);
        for step in steps {
            match step {
                Step::Push(target) => pushed = outbox.push(Draft::new(parcel(&format!("t{target}"), "{}"), now), now),
                Step::Take(most) => {
                    let taken = outbox.take(now, frozen, most);
                    prop_assert!(taken.len() <= most);
                    for id in &taken {
                        let url = |id: u64| outbox.get(id).unwrap().parcel.url.clone();
                        let first_tries = outbox.after(0).filter(|it| it.parcel.url == url(*id) && it.id < *id);
                        // Whatever was never tried and happened before must be settled or have had its turn.
                        for earlier in first_tries {
                            prop_assert!(earlier.verdict.is_final() || !earlier.attempts.is_empty());
                        }
                    }
                    in_flight.extend(taken);
                }
                Step::Settle(at, timed_out, retry) if !in_flight.is_empty() => {
                    let id = in_flight.swap_remove(at % in_flight.len());
                    let due = retry.map(|millis| now.plus_millis(i64::from(millis) + 1));
                    outbox.attempted(id, reported(Verdict::Failed, timed_out), due, now);
                }
                Step::Settle(..) => {}
                Step::Pass(millis) => now = now.plus_millis(i64::from(millis)),
                Step::Drop(target) => {
                    outbox.drop_waiting(|it| it.parcel.url == format!("t{target}"), "gone");
                }
            }
            prop_assert_eq!(outbox.in_flight(), in_flight.len());
            prop_assert_eq!(outbox.after(0).count() as u64, pushed);
            let all: usize = outbox.after(0).map(Delivery::size).sum();
            // An attempt that has begun is counted when it ends.
            prop_assert!(outbox.bytes <= all);
            let open = outbox.after(0).filter(|it| !it.verdict.is_final()).count();
            prop_assert_eq!(outbox.queued, open);
        }
        // Everything ends once everything is answered.
        for _ in 0..10_000 {
            for id in in_flight.drain(..) {
                outbox.attempted(id, reported(Verdict::Delivered, false), None, now);
            }
            in_flight = outbox.take(now, frozen, 64);
            if in_flight.is_empty() {
                match outbox.next_due(now) {
                    Some(due) => now = due,
                    None => break,
                }
            }
        }
        prop_assert!(outbox.is_quiet(now) && outbox.queued == 0 && outbox.queued_bytes == 0);
        prop_assert!(outbox.after(0).all(|it| it.verdict.is_final()));
    }
}
