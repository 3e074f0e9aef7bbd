//! FlatBuffers tables, walked in place with every offset checked against the buffer.
//!
//! No reading is trusted because it was verified earlier: the bytes are those of a mapped file
//! and may change between two looks. Each number is copied out once, then checked.

/// What is wrong with stored bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damage(pub &'static str);

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A reading that finds damage, not a fault of the request.
pub(super) type Sound<T> = std::result::Result<T, Damage>;

/// The `N` bytes at a position, copied.
#[inline]
pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

#[inline]
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

#[inline]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    array_at(bytes, at).map(|b| u32::from_le_bytes(b) as usize)
}

/// A table: `at` is where it starts in the buffer, `slots` where its fields are told to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    buffer: &'a [u8],
    at: usize,
    slots: &'a [u8],
}

impl<'a> Table<'a> {
    /// The table that the buffer starts with an offset to.
    #[inline]
    pub(super) fn root(buffer: &'a [u8]) -> Sound<Table<'a>> {
        let at = u32_at(buffer, 0).ok_or(Damage("too short for a table"))?;
        Table::at(buffer, at)
    }

    #[inline]
    pub(super) fn at(buffer: &'a [u8], at: usize) -> Sound<Table<'a>> {
        const OUTSIDE: Damage = Damage("a table lies outside of its feature");
        // the vtable lies that far before the table, or after it where the number is negative
        let back = array_at(buffer, at)
            .map(i32::from_le_bytes)
            .ok_or(OUTSIDE)?;
        let vtable = i64::try_from(at)
            .ok()
            .and_then(|at| usize::try_from(at - i64::from(back)).ok())
            .ok_or(OUTSIDE)?;
        let size = usize::from(u16_at(buffer, vtable).ok_or(OUTSIDE)?);
        let slots = buffer
            .get(vtable..)
            .and_then(|bytes| bytes.get(..size))
            .ok_or(OUTSIDE)?;
        Ok(Table { buffer, at, slots })
    }

    /// Where a field's bytes are; `None` where the field is not stored.
    #[inline]
    fn field(&self, slot: usize) -> Option<usize> {
        match u16_at(self.slots, slot) {
            None | Some(0) => None,
            Some(offset) => self.at.checked_add(usize::from(offset)),
        }
    }

    /// A field of one byte, 0 where it is not stored.
    #[inline]
    pub(super) fn byte(&self, slot: usize) -> Sound<u8> {
        match self.field(slot) {
            None => Ok(0),
            Some(at) => self
                .buffer
                .get(at)
                .copied()
                .ok_or(Damage("a field lies outside of its feature")),
        }
    }

    /// A table that a field points to; `None` where the field is not stored.
    #[inline]
    pub(super) fn child(&self, slot: usize) -> Sound<Option<Table<'a>>> {
        self.field(slot)
            .map(|field| self.table_from(field))
            .transpose()
    }

    /// A vector of items of `N` bytes each; empty where the field is not stored.
    #[inline]
    pub(super) fn vector<const N: usize>(&self, slot: usize) -> Sound<&'a [[u8; N]]> {
        Ok(self.vector_at::<N>(slot)?.1)
    }

    /// The tables that a vector of offsets points to, each with its own verdict.
    #[inline]
    pub(super) fn children(
        &self,
        slot: usize,
    ) -> Sound<impl ExactSizeIterator<Item = Sound<Table<'a>>> + use<'a>> {
        let table = *self;
        let (start, offsets) = self.vector_at::<4>(slot)?;
        Ok((0..offsets.len()).map(move |i| table.table_from(start + i * 4)))
    }

    /// Where a vector's items start, and the items.
    #[inline]
    fn vector_at<const N: usize>(&self, slot: usize) -> Sound<(usize, &'a [[u8; N]])> {
        const OUTSIDE: Damage = Damage("a vector lies outside of its feature");
        let Some(field) = self.field(slot) else {
            return Ok((0, &[]));
        };
        let vector = self.follow(field).ok_or(OUTSIDE)?;
        let count = u32_at(self.buffer, vector).ok_or(OUTSIDE)?;
        let start = vector + 4; // does not overflow: four bytes were read there
        let items = count
            .checked_mul(N)
            .and_then(|size| self.buffer.get(start..)?.get(..size))
            .ok_or(OUTSIDE)?;
        Ok((start, items.as_chunks::<N>().0))
    }

    #[inline]
    fn table_from(&self, field: usize) -> Sound<Table<'a>> {
        let at = self
            .follow(field)
            .ok_or(Damage("an offset lies outside of its feature"))?;
        Table::at(self.buffer, at)
    }

    /// Where the offset stored at `field` points to.
    #[inline]
    fn follow(&self, field: usize) -> Option<usize> {
        field.checked_add(u32_at(self.buffer, field)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_offsets_out_of_its_buffer_is_damaged_not_a_panic() {
        assert!(Table::root(&[]).is_err());
        assert!(Table::root(&[255, 255, 255, 255, 0, 0]).is_err());
        // root at 4, vtable far before the buffer
        assert!(Table::root(&[4, 0, 0, 0, 255, 255, 255, 127]).is_err());
        // root at 8, vtable at 4 of 6 bytes with a field at 100
        let bytes = [8, 0, 0, 0, 6, 0, 100, 0, 4, 0, 0, 0];
        let table = Table::root(&bytes);
        assert!(table.is_ok_and(|t| t.byte(4).is_err() && t.vector::<8>(4).is_err()));
    }
}
