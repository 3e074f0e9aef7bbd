//! Turns at verifying passwords, which computes for some hundredths of a second each: shared out
//! so that who guesses takes them from nobody.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Passwords that are verified at a time. Each takes a processor and 20 MB: guessing may not take
/// the machine from everybody else.
const MAX_VERIFYING: usize = 1;
/// Passwords that wait for their turn.
const MAX_WAITING: usize = 32;

/// Turns at verifying passwords.
#[derive(Debug)]
pub struct Turns {
    verifying: Arc<Semaphore>,
    line: Arc<Mutex<Line>>,
}

/// Who waits.
#[derive(Debug, Default)]
struct Line {
    /// Requests by the digest of their name and password: a desktop program asks for many tiles at
    /// once, and one turn answers them all.
    requests: HashMap<[u8; 32], usize>,
    /// Passwords by who sent the first request with them.
    passwords: HashMap<Sender, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Sender {
    Client(IpAddr),
    /// Of a user that exists or does not: the places say nothing of it.
    User(String),
}

/// A place in the line, given back when dropped.
#[derive(Debug)]
pub struct Place {
    line: Arc<Mutex<Line>>,
    digest: [u8; 32],
    senders: Vec<Sender>,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            verifying: Arc::new(Semaphore::new(MAX_VERIFYING)),
            line: Arc::default(),
        }
    }
}

impl Turns {
    /// A place for a request with the name and password of `digest`. `None` where the line is
    /// full, or where a client or a user has as many places as are left: one alone takes half of
    /// them, and there is always room for another.
    pub fn place(&self, digest: [u8; 32], client: Option<IpAddr>, name: &str) -> Option<Place> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let mut senders = Vec::new();
        if let Some(requests) = line.requests.get_mut(&digest) {
            *requests = requests.saturating_add(1);
        } else {
            let free = MAX_WAITING.saturating_sub(line.requests.len());
            senders.extend(client.map(Sender::Client));
            senders.push(Sender::User(name.to_owned()));
            let held = |sender| line.passwords.get(sender).copied().unwrap_or(0);
            if free == 0 || senders.iter().any(|sender| held(sender) >= free) {
                return None;
            }
            line.requests.insert(digest, 1);
            for sender in &senders {
                let held = line.passwords.entry(sender.clone()).or_default();
                *held = held.saturating_add(1);
            }
        }
        Some(Place {
            line: Arc::clone(&self.line),
            digest,
            senders,
        })
    }

    /// The turn of who has a place, in the order of asking.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.verifying).acquire_owned().await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        give_back(&mut line.requests, &self.digest);
        for sender in &self.senders {
            give_back(&mut line.passwords, sender);
        }
    }
}

fn give_back<K: Eq + Hash>(held: &mut HashMap<K, usize>, key: &K) {
    if let Some(number) = held.get_mut(key) {
        *number = number.saturating_sub(1);
        if *number == 0 {
            held.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(client: u8, number: u8) -> [u8; 32] {
        let mut digest = [client; 32];
        digest[1] = number;
        digest
    }

    /// As many places as one client gets, with a name for each or one for all.
    fn taken(turns: &Turns, client: u8, has_one_name: bool) -> Vec<Place> {
        let address = IpAddr::from([192, 0, 2, client]);
        let name = |n| match has_one_name {
            true => "marie".to_owned(),
            false => format!("user-{client}-{n}"),
        };
        let place = |n| turns.place(digest(client, n), Some(address), &name(n));
        (0..100).filter_map(place).collect()
    }

    #[test]
    fn who_guesses_leaves_room_for_others() {
        let turns = Turns::default();
        let guessing = taken(&turns, 1, false);
        assert_eq!(guessing.len(), MAX_WAITING / 2);
        let second = taken(&turns, 2, false);
        assert_eq!(second.len(), MAX_WAITING / 4);
        let user = IpAddr::from([198, 51, 100, 1]);
        assert!(turns.place(digest(9, 1), Some(user), "paul").is_some());
        // where a proxy does not tell the client, names share the places out
        assert!(turns.place(digest(9, 2), None, "paul").is_some());
        drop((guessing, second));
        assert_eq!(taken(&turns, 3, false).len(), MAX_WAITING / 2);
        assert!(turns.line.lock().unwrap().requests.is_empty());
        assert!(turns.line.lock().unwrap().passwords.is_empty());
    }

    #[test]
    fn guessing_at_one_name_from_many_addresses_leaves_room_for_other_names() {
        let turns = Turns::default();
        let guessing: Vec<Place> = (1..100).flat_map(|c| taken(&turns, c, true)).collect();
        assert_eq!(guessing.len(), MAX_WAITING / 2);
        let user = IpAddr::from([198, 51, 100, 1]);
        assert!(turns.place(digest(200, 1), Some(user), "paul").is_some());
    }

    #[test]
    fn requests_with_the_same_password_share_a_place() {
        let turns = Turns::default();
        let office = Some(IpAddr::from([192, 0, 2, 1]));
        let ask = || turns.place(digest(1, 1), office, "marie");
        let mut places: Vec<Place> = (0..200).filter_map(|_| ask()).collect();
        assert_eq!(places.len(), 200);
        assert_eq!(turns.line.lock().unwrap().requests.len(), 1);
        places.truncate(100);
        assert_eq!(turns.line.lock().unwrap().requests.len(), 1);
        places.clear();
        assert!(turns.line.lock().unwrap().passwords.is_empty());
    }
}
