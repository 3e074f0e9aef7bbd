//! What all OGC web services share: key-value pairs, the names of languages, and what of
//! an error may be told.

mod kvp;
mod language;
mod message;

pub use kvp::{Kvp, MAX_PAIRS};
pub use language::{iso639_2b, language_codes};
pub use message::public_message;
