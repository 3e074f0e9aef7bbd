//! Where the other does not read what the grammar of CQL2 has (OGC 21-065r2 Annex B), by what such
//! filters have in common; and the functions that the standard made up for its examples.

/// Why a difference says nothing of this server; `None` where it may.
pub fn explained(asked: &str, fault: &str) -> Option<&'static str> {
    if fault.contains("no function") {
        return Some("functions that only the standard's examples have, refused here by name");
    }
    if !fault.contains("the other refuses") {
        return None;
    }
    if asked.contains("()") {
        return Some("`()` is an array of no element, which the other does not read");
    }
    if asked.contains("\\'") {
        return Some("`\\'` is a quote in a text, which the other does not always read");
    }
    let begins = |name: String| name.starts_with([':', '_', '.']);
    names(asked)
        .any(begins)
        .then_some("a name may begin with `:` or `_`, which the other does not read")
}

/// The words of a filter outside its texts and quoted names.
fn names(text: &str) -> impl Iterator<Item = String> {
    let mut open = None;
    let outside = text.chars().map(|c| match open {
        None if c == '\'' || c == '"' => {
            open = Some(c);
            ' '
        }
        None => c,
        Some(quote) => {
            open = open.filter(|_| c != quote);
            ' '
        }
    });
    let outside: String = outside.collect();
    let ends = |c: char| " ()+-*/%^=<>,".contains(c);
    outside
        .split(ends)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}
