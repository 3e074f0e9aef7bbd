//! What all OGC web services share: key-value pairs, the names of languages, what capabilities
//! are written with, and what of an error may be told.

mod bound;
mod element;
mod inspire;
mod kvp;
mod language;
mod layer_crs;
mod message;
mod pairs;
mod sequence;
mod template;

pub use bound::{DEGREES, METRES, push_outward};
pub use element::push_element;
pub use inspire::{push_inspire_capabilities, push_inspire_metadata};
pub use kvp::{Kvp, MAX_PAIRS, decode};
pub use language::{iso639_2b, language};
pub use layer_crs::default_crs;
pub use message::public_message;
pub use pairs::pairs;
pub use sequence::compare_sequence;
pub use template::{BASE_MARK, Template};
