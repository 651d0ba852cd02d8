//! The wheel does what the heap does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

/// Something that is done to a queue.
#[derive(Clone, Debug)]
enum Act {
    /// An event that much later than the last one taken, to the base of two, and a little more.
    Push { magnitude: u32, more: u64, origin: u32 },
    /// Takes what happens within that much, to the base of two, at most so many.
    Pop { magnitude: u32, most: u8 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let push = (0..62u32, 0..1_000u64, 0..4u32).prop_map(|(magnitude, more, origin)| Act::Push {
        magnitude,
        more,
        origin,
    });
    let near = (0..12u32, 0..9u64, 0..4u32).prop_map(|(magnitude, more, origin)| Act::Push {
        magnitude,
        more,
        origin,
    });
    let pop = (0..63u32, 1..20u8).prop_map(|(magnitude, most)| Act::Pop { magnitude, most });
    prop::collection::vec(prop_oneof![3 => push, 2 => near, 2 => pop], 1..300)
}

/// One queue through all acts: what left, and the looks between.
fn leave(kind: QueueKind, acts: &[Act]) -> Vec<(Option<Time>, usize, Vec<Key>)> {
    let mut queue = EventQueue::new(kind);
    let (mut now, mut serial) = (Time::ZERO, 0);
    let mut seen = Vec::new();
    for act in acts.iter().chain([&Act::Pop { magnitude: 64, most: u8::MAX }; 2]) {
        let mut left = Vec::new();
        match *act {
            Act::Push { magnitude, more, origin } => {
                let time = Time(now.0.saturating_add((1 << magnitude) - 1).saturating_add(more));
                serial += 1;
                // The origin decides at equal times, not the order of coming.
                let key = Key { time, origin, serial };
                queue.push(Entry { key, site: 0, target: 0, event: () });
            }
            Act::Pop { magnitude, most } => {
                let span = 1u64.checked_shl(magnitude).unwrap_or(u64::MAX);
                let horizon = Time(now.0.saturating_add(span));
                for _ in 0..most {
                    let Some(entry) = queue.pop_before(horizon) else { break };
                    now = entry.key.time;
                    left.push(entry.key);
                }
            }
        }
        seen.push((queue.next_time(), queue.len(), left));
    }
    seen
}

proptest! {
    #[test]
    fn the_wheel_and_the_heap_let_events_leave_alike(acts in acts()) {
        prop_assert_eq!(leave(QueueKind::Wheel, &acts), leave(QueueKind::Heap, &acts));
    }

    #[test]
    fn events_leave_in_the_order_of_their_keys_however_they_came(
        mut keys in prop::collection::vec((0u64..20_000, 0u32..4, 0u64..1_000), 1..200)
    ) {
        keys.sort_unstable();
        keys.dedup();
        let mut shuffled = keys.clone();
        shuffled.reverse();
        shuffled.rotate_left(keys.len() / 3);
        for kind in [QueueKind::Wheel, QueueKind::Heap] {
            let mut queue = EventQueue::new(kind);
            for &(time, origin, serial) in &shuffled {
                let key = Key { time: Time(time), origin, serial };
                queue.push(Entry { key, site: 0, target: 0, event: () });
            }
            let mut left = Vec::new();
            while let Some(entry) = queue.pop_before(Time::NEVER) {
                left.push((entry.key.time.0, entry.key.origin, entry.key.serial));
            }
            prop_assert_eq!(&left, &keys);
        }
    }
}

#[test]
fn the_last_moments_of_all_have_their_places() {
    for kind in [QueueKind::Wheel, QueueKind::Heap] {
        let mut queue = EventQueue::new(kind);
        for (serial, time) in
            [u64::MAX - 1, 0, u64::MAX / 2, 1 << 10, (1 << 10) - 1].into_iter().enumerate()
        {
            let key = Key { time: Time(time), origin: 0, serial: serial as u64 };
            queue.push(Entry { key, site: 0, target: 0, event: () });
        }
        let left: Vec<_> = std::iter::from_fn(|| queue.pop_before(Time::NEVER))
            .map(|entry| entry.key.time.0)
            .collect();
        assert_eq!(left, [0, (1 << 10) - 1, 1 << 10, u64::MAX / 2, u64::MAX - 1]);
    }
}
