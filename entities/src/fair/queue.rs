//! Whose turn it is. Pure: no time of its own, no waking.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::{Duration, Instant},
};

/// Names one that waits or works.
pub(super) type Ticket = u64;

/// Places, those who hold one, and those who wait; one line for each key, and the lines take turns. `W` wakes who waits.
pub(super) struct Queue<K, W> {
    free: usize,
    /// Places that one key may hold at a time.
    each: usize,
    /// Places that one key may hold while no other has come lately.
    alone: usize,
    /// The last key that came, and the last before it that was another: whoever is neither has others about.
    lately: [Option<(K, Instant)>; 2],
    lines: HashMap<K, Line<W>>,
    /// Keys that wait and may have another place, each once.
    turns: VecDeque<K>,
    working: HashMap<Ticket, Working>,
    next: Ticket,
}

struct Line<W> {
    working: usize,
    waiting: VecDeque<(Ticket, W)>,
    has_turn: bool,
}

struct Working {
    since: Instant,
    /// Its place was given to others.
    written_off: bool,
}

/// How long a place is kept for one that came before: whoever asks now and then finds it free.
const LATELY: Duration = Duration::from_secs(10);

impl<K: Clone + Eq + Hash, W> Queue<K, W> {
    pub(super) fn new(places: usize, each: usize, alone: usize) -> Self {
        Self {
            free: places,
            each,
            alone,
            lately: [None, None],
            lines: HashMap::new(),
            turns: VecDeque::new(),
            working: HashMap::new(),
            next: 0,
        }
    }

    /// Puts one more at the end of the line of `key`.
    pub(super) fn arrive(&mut self, key: &K, wake: W, now: Instant) -> Ticket {
        self.next += 1;
        if self.lately[0].as_ref().is_some_and(|(last, _)| last != key) {
            self.lately.swap(0, 1);
        }
        self.lately[0] = Some((key.clone(), now));
        let line = self.lines.entry(key.clone()).or_insert_with(|| Line {
            working: 0,
            waiting: VecDeque::new(),
            has_turn: false,
        });
        line.waiting.push_back((self.next, wake));
        self.take_turn(key, now);
        self.next
    }

    /// Places that `key` may hold at this moment.
    fn share(&self, key: &K, now: Instant) -> usize {
        let others = self.lately.iter().flatten();
        let mut others = others.filter(|(other, at)| other != key && now.saturating_duration_since(*at) < LATELY);
        if others.next().is_some() { self.each } else { self.alone }
    }

    /// Gives a free place to the first in the line whose turn it is.
    pub(super) fn admit(&mut self, now: Instant) -> Option<W> {
        if self.free == 0 {
            return None;
        }
        let key = loop {
            let key = self.turns.pop_front()?;
            let share = self.share(&key, now);
            let line = self.lines.get_mut(&key)?;
            line.has_turn = false;
            // Its share may have shrunk since it got the turn; it gets another when one of its own leaves.
            if line.working < share {
                break key;
            }
        };
        let line = self.lines.get_mut(&key)?;
        let (ticket, wake) = line.waiting.pop_front()?;
        line.working += 1;
        self.free -= 1;
        let working = Working {
            since: now,
            written_off: false,
        };
        self.working.insert(ticket, working);
        self.take_turn(&key, now);
        Some(wake)
    }

    /// Lets `ticket` go, whether it still waits or has worked.
    pub(super) fn leave(&mut self, key: &K, ticket: Ticket, now: Instant) {
        let Some(line) = self.lines.get_mut(key) else { return };
        match self.working.remove(&ticket) {
            Some(worked) => {
                line.working -= 1;
                self.free += usize::from(!worked.written_off);
            }
            None => line.waiting.retain(|(waiting, _)| *waiting != ticket),
        }
        if line.waiting.is_empty() && line.has_turn {
            line.has_turn = false;
            self.turns.retain(|turn| turn != key);
        }
        if line.waiting.is_empty() && line.working == 0 {
            self.lines.remove(key);
        }
        self.take_turn(key, now);
    }

    /// Gives others the places of what has worked for `bound` and cannot be stopped. It still counts against its own key.
    pub(super) fn write_off(&mut self, bound: Duration, now: Instant) -> usize {
        let mut count = 0;
        for working in self.working.values_mut() {
            if !working.written_off && now.saturating_duration_since(working.since) >= bound {
                working.written_off = true;
                count += 1;
            }
        }
        self.free += count;
        count
    }

    fn take_turn(&mut self, key: &K, now: Instant) {
        let share = self.share(key, now);
        if let Some(line) = self.lines.get_mut(key)
            && !line.has_turn
            && !line.waiting.is_empty()
            && line.working < share
        {
            line.has_turn = true;
            self.turns.push_back(key.clone());
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.lines.values().map(|line| line.waiting.len()).sum()
    }

    pub(super) fn working(&self) -> usize {
        self.working.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets in whoever may come, in order.
    fn admitted(queue: &mut Queue<char, &'static str>, now: Instant) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.admit(now)).collect()
    }

    #[test]
    fn a_newcomer_is_next_however_long_anothers_line_is() {
        let (mut queue, now) = (Queue::new(1, 1, 1), Instant::now());
        let first = queue.arrive(&'a', "a", now);
        for _ in 0..1000 {
            queue.arrive(&'a', "a", now);
        }
        assert_eq!(admitted(&mut queue, now), ["a"]);
        let newcomer = queue.arrive(&'b', "b", now);
        queue.leave(&'a', first, now);
        assert_eq!(admitted(&mut queue, now), ["b"]);
        queue.leave(&'b', newcomer, now);
        assert_eq!(admitted(&mut queue, now), ["a"]);
    }

    #[test]
    fn lines_take_turns() {
        let (mut queue, now) = (Queue::new(1, 1, 1), Instant::now());
        let mut tickets = Vec::new();
        for (key, wake) in [('a', "a"), ('a', "a"), ('a', "a"), ('b', "b"), ('b', "b"), ('c', "c")] {
            tickets.push((key, wake, queue.arrive(&key, wake, now)));
        }
        let mut order = String::new();
        while let Some(wake) = queue.admit(now) {
            order.push_str(wake);
            let at = tickets.iter().position(|(_, other, _)| *other == wake).unwrap();
            let (key, _, ticket) = tickets.remove(at);
            queue.leave(&key, ticket, now);
        }
        assert_eq!(order, "abcaba");
    }

    #[test]
    fn one_key_leaves_a_place_to_others() {
        let (mut queue, now) = (Queue::new(3, 2, 2), Instant::now());
        for _ in 0..5 {
            queue.arrive(&'a', "a", now);
        }
        assert_eq!(admitted(&mut queue, now), ["a", "a"], "the third place is not for it");
        queue.arrive(&'b', "b", now);
        assert_eq!(admitted(&mut queue, now), ["b"], "another is let in at once");
    }

    #[test]
    fn who_gives_up_while_waiting_leaves_nothing_behind() {
        let (mut queue, now) = (Queue::new(1, 1, 1), Instant::now());
        let working = queue.arrive(&'a', "a", now);
        assert_eq!(admitted(&mut queue, now), ["a"]);
        let gone = queue.arrive(&'b', "gone", now);
        let kept = queue.arrive(&'b', "kept", now);
        queue.leave(&'b', gone, now);
        queue.leave(&'a', working, now);
        assert_eq!(admitted(&mut queue, now), ["kept"]);
        queue.leave(&'b', kept, now);
        let last = queue.arrive(&'c', "c", now);
        queue.leave(&'c', last, now);
        assert!(queue.lines.is_empty() && queue.turns.is_empty() && queue.working.is_empty());
        assert_eq!(queue.free, 1);
    }

    #[test]
    fn work_that_never_ends_costs_its_own_key_a_place_and_nobody_else() {
        let (mut queue, began) = (Queue::new(2, 1, 1), Instant::now());
        let hung = queue.arrive(&'a', "hung", began);
        queue.arrive(&'b', "hung too", began);
        assert_eq!(admitted(&mut queue, began).len(), 2);
        let later = began + Duration::from_secs(60);
        queue.arrive(&'a', "a", later);
        queue.arrive(&'c', "c", later);
        assert_eq!(queue.write_off(Duration::from_secs(61), later), 0);
        assert_eq!(queue.write_off(Duration::from_secs(60), later), 2);
        assert_eq!(queue.write_off(Duration::from_secs(60), later), 0, "once");
        assert_eq!(admitted(&mut queue, later), ["c"], "its own line waits for it");
        queue.leave(&'a', hung, later);
        assert_eq!(admitted(&mut queue, later), ["a"]);
        assert_eq!(queue.free, 0, "a place that was given away does not come back a second time");
    }

    #[test]
    fn a_place_is_kept_for_whoever_came_lately() {
        let (mut queue, began) = (Queue::new(2, 1, 2), Instant::now());
        let flood: Vec<_> = (0..5).map(|_| queue.arrive(&'a', "a", began)).collect();
        assert_eq!(admitted(&mut queue, began), ["a", "a"], "alone, it may have all");
        let newcomer = queue.arrive(&'b', "b", began);
        queue.leave(&'a', flood[0], began);
        assert_eq!(admitted(&mut queue, began), ["b"]);
        queue.leave(&'b', newcomer, began);
        assert_eq!(admitted(&mut queue, began), [""; 0], "the place stays free for the next of b");
        let soon = began + LATELY - Duration::from_secs(1);
        queue.arrive(&'b', "b again", soon);
        assert_eq!(admitted(&mut queue, soon), ["b again"], "who finds it free at once");
        let late = soon + LATELY;
        queue.leave(&'a', flood[1], late);
        assert_eq!(admitted(&mut queue, late), ["a"]);
        assert_eq!(queue.share(&'a', late), 2, "until b has not come for a while");
    }
}
