/// A hash of 128 bits over texts and numbers, each with its length: the same in every process.
/// FNV-1a by words of eight bytes, with its upper bits brought down after each, which a
/// multiplication alone does not do; every step is reversible, so none loses what is in it.
#[derive(Debug, Clone)]
pub struct Key(u128);

impl Default for Key {
    fn default() -> Key {
        Key(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Key {
    pub fn add(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            for (to, from) in last.iter_mut().zip(rest) {
                *to = *from;
            }
            self.word(u64::from_le_bytes(last));
        }
    }

    /// The key, every bit of which depends on every bit that was added.
    pub fn finished(&self) -> u128 {
        /// Odd, with ones all over.
        const DENSE: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
        let mut key = self.0;
        for _ in 0..2 {
            key = (key ^ (key >> 64)).wrapping_mul(DENSE);
        }
        key ^ (key >> 64)
    }

    fn word(&mut self, word: u64) {
        let mixed =
            (self.0 ^ u128::from(word)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        self.0 = mixed ^ (mixed >> 67);
    }
}
