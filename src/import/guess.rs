//! The type of a column from all of its values.

use super::source::Declared;
use super::temporal::{self, DateForm};
use crate::feature::{FieldType, Value};

/// What the texts of a column may all be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Texts {
    boolean: bool,
    whole: bool,
    number: bool,
    comma_number: bool,
    date: bool,
    date_time: bool,
    day_first: bool,
    day_first_time: bool,
}

impl Texts {
    const ANYTHING: Texts = Texts {
        boolean: true,
        whole: true,
        number: true,
        comma_number: true,
        date: true,
        date_time: true,
        day_first: true,
        day_first_time: true,
    };

    fn see(&mut self, text: &str, range: &mut Range) {
        self.boolean = self.boolean && boolean(text).is_some();
        if self.whole {
            match whole(text) {
                Some(number) => range.see(number),
                None => self.whole = false,
            }
        }
        self.number = self.number && number(text, '.').is_some();
        self.comma_number = self.comma_number && number(text, ',').is_some();
        let iso = DateForm::Iso;
        self.date = self.date && temporal::date(text, iso).is_some();
        self.date_time = self.date_time && temporal::date_time(text, iso).is_some();
        let french = DateForm::DayFirst;
        self.day_first = self.day_first && temporal::date(text, french).is_some();
        self.day_first_time = self.day_first_time && temporal::date_time(text, french).is_some();
    }
}

/// Whether all whole numbers fit 32 bits.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    is_long: bool,
}

impl Range {
    fn see(&mut self, number: i64) {
        self.is_long = self.is_long || i32::try_from(number).is_err();
    }

    fn kind(self) -> FieldType {
        match self.is_long {
            true => FieldType::Long,
            false => FieldType::Integer,
        }
    }
}

/// What was seen of a column.
#[derive(Debug, Clone)]
pub struct Tally {
    declared: Declared,
    texts: Texts,
    text_range: Range,
    range: Range,
    has_text: bool,
    has_bool: bool,
    has_int: bool,
    /// A whole number beyond 64 bits with a sign.
    has_huge: bool,
    has_float: bool,
    has_date_time: bool,
    has_json: bool,
    has_binary: bool,
    /// Whole numbers that are no truth values.
    has_other_than_0_and_1: bool,
    values: u64,
}

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub kind: FieldType,
    /// Of numbers in texts.
    pub decimal: char,
    pub dates: DateForm,
}

impl Tally {
    pub fn new(declared: Declared) -> Tally {
        Tally {
            declared,
            texts: Texts::ANYTHING,
            text_range: Range::default(),
            range: Range::default(),
            has_text: false,
            has_bool: false,
            has_int: false,
            has_huge: false,
            has_float: false,
            has_date_time: false,
            has_json: false,
            has_binary: false,
            has_other_than_0_and_1: false,
            values: 0,
        }
    }

    /// Values that are not null.
    pub fn values(&self) -> u64 {
        self.values
    }

    pub fn see(&mut self, value: Value<'_>) {
        match value {
            Value::Null => return,
            Value::Bool(_) => self.has_bool = true,
            Value::Int(i) => {
                self.has_int = true;
                self.range.see(i);
                self.has_other_than_0_and_1 |= !(0..=1).contains(&i);
            }
            Value::UInt(u) => match i64::try_from(u) {
                Ok(i) => return self.see(Value::Int(i)),
                Err(_) => self.has_huge = true,
            },
            Value::Float(_) => self.has_float = true,
            Value::Text(text) => {
                self.has_text = true;
                // a column of declared text stays text, whatever is in it
                if self.declared != Declared::Type(FieldType::Text) {
                    self.texts.see(text, &mut self.text_range);
                }
            }
            Value::DateTime(_) => self.has_date_time = true,
            Value::Json(_) => self.has_json = true,
            Value::Binary(_) => self.has_binary = true,
        }
        self.values = self.values.saturating_add(1);
    }

    /// The type that holds every value, and whether that contradicts what was declared.
    pub fn reading(&self) -> (Reading, bool) {
        let mut reading = Reading {
            kind: FieldType::Text,
            decimal: '.',
            dates: DateForm::Iso,
        };
        if self.values == 0 {
            if let Declared::Type(kind) = self.declared {
                reading.kind = kind;
            }
            return (reading, false);
        }
        match self.declared {
            Declared::Nothing => {
                self.of_texts(&mut reading);
                (reading, false)
            }
            Declared::ByValue => {
                reading.kind = self.of_values();
                (reading, false)
            }
            Declared::Type(kind) => {
                reading.kind = self.widened(kind);
                (reading, reading.kind != kind)
            }
        }
    }

    fn of_texts(&self, reading: &mut Reading) {
        let Texts {
            boolean,
            whole,
            number,
            comma_number,
            date,
            date_time,
            day_first,
            day_first_time,
        } = self.texts;
        reading.kind = match () {
            () if boolean => FieldType::Bool,
            () if whole => self.text_range.kind(),
            () if number => FieldType::Float,
            () if comma_number => {
                reading.decimal = ',';
                FieldType::Float
            }
            () if date => FieldType::Date,
            () if date_time => FieldType::DateTime,
            () if day_first || day_first_time => {
                reading.dates = DateForm::DayFirst;
                if day_first {
                    FieldType::Date
                } else {
                    FieldType::DateTime
                }
            }
            () => FieldType::Text,
        };
    }

    /// The narrowest type of values that each say their own.
    fn of_values(&self) -> FieldType {
        let numbers = self.has_int || self.has_float || self.has_huge;
        let others = [
            self.has_text,
            self.has_bool,
            numbers,
            self.has_date_time,
            self.has_json,
            self.has_binary,
        ];
        if others.iter().filter(|is| **is).count() > 1 {
            return FieldType::Text;
        }
        match () {
            () if self.has_text && self.texts.date => FieldType::Date,
            () if self.has_text && self.texts.date_time => FieldType::DateTime,
            () if self.has_bool => FieldType::Bool,
            () if self.has_huge && !self.has_float => FieldType::Text,
            () if self.has_float || self.has_huge => FieldType::Float,
            () if self.has_int => self.range.kind(),
            () if self.has_date_time => FieldType::DateTime,
            () if self.has_json => FieldType::Json,
            () if self.has_binary => FieldType::Binary,
            () => FieldType::Text,
        }
    }

    /// The declared type where it holds every value, else the one that does.
    fn widened(&self, kind: FieldType) -> FieldType {
        let only = |allowed: &[bool]| {
            let all = [
                self.has_text,
                self.has_bool,
                self.has_int,
                self.has_huge,
                self.has_float,
                self.has_date_time,
                self.has_json,
                self.has_binary,
            ];
            all.iter().filter(|is| **is).count() == allowed.iter().filter(|is| **is).count()
        };
        let fits = match kind {
            FieldType::Text => !self.has_binary,
            FieldType::Bool => only(&[self.has_bool, self.has_int]) && !self.has_other_than_0_and_1,
            FieldType::Integer => only(&[self.has_int, self.has_bool]) && !self.range.is_long,
            FieldType::Long => only(&[self.has_int, self.has_bool]),
            FieldType::Float => only(&[self.has_int, self.has_float, self.has_huge, self.has_bool]),
            FieldType::Date => only(&[self.has_text, self.has_date_time]) && self.texts.date,
            FieldType::DateTime => {
                only(&[self.has_text, self.has_date_time]) && self.texts.date_time
            }
            FieldType::Json => only(&[self.has_text, self.has_json]),
            FieldType::Binary => only(&[self.has_binary]),
        };
        if fits {
            return kind;
        }
        // dates of which some have a time
        if matches!(kind, FieldType::Date | FieldType::DateTime)
            && only(&[self.has_text, self.has_date_time])
            && self.texts.date
        {
            return FieldType::Date;
        }
        self.of_values()
    }
}

impl Reading {
    /// The value as a column of this type holds it; null where it can't. `room` holds a text that
    /// had to be made.
    pub fn convert<'a>(&self, value: Value<'a>, room: &'a mut String) -> Value<'a> {
        match (self.kind, value) {
            (_, Value::Null) => Value::Null,
            (FieldType::Bool, Value::Text(text)) => boolean(text).map_or(Value::Null, Value::Bool),
            (FieldType::Bool, Value::Int(i)) => Value::Bool(i != 0),
            (FieldType::Integer | FieldType::Long, Value::Text(text)) => {
                whole(text).map_or(Value::Null, Value::Int)
            }
            (FieldType::Float, Value::Text(text)) => {
                number(text, self.decimal).map_or(Value::Null, finite)
            }
            (FieldType::Float, Value::Float(f)) => finite(f),
            (FieldType::Date, Value::Text(text) | Value::DateTime(text)) => {
                match temporal::date(text, self.dates) {
                    // as GDAL writes dates into a format that has only dates with a time
                    Some(date) => {
                        *room = date + "T00:00:00";
                        Value::DateTime(room)
                    }
                    None => Value::Null,
                }
            }
            (FieldType::DateTime, Value::Text(text)) => {
                match temporal::date_time(text, self.dates) {
                    Some(moment) => {
                        *room = moment;
                        Value::DateTime(room)
                    }
                    None => Value::Null,
                }
            }
            (FieldType::Json, Value::Text(text)) => Value::Json(text),
            (FieldType::Text, Value::Text(text)) => Value::Text(text),
            (FieldType::Text, other) => {
                *room = other.to_text().into_owned();
                Value::Text(room)
            }
            (_, other) => other,
        }
    }
}

/// What is no number is no value: other formats have no word for it.
fn finite(number: f64) -> Value<'static> {
    match number.is_finite() {
        true => Value::Float(number),
        false => Value::Null,
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match () {
        () if is("true") || is("vrai") => Some(true),
        () if is("false") || is("faux") => Some(false),
        () => None,
    }
}

/// A whole number as numbers are written: neither `01906` nor `+33…`, which are codes.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_code = digits.len() > 1 && digits.starts_with('0');
    if is_code || text == "-0" || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A number with that decimal sign. Where there is an exponent there must be a point or a sign
/// in it too: `12E5` is a code.
fn number(text: &str, decimal: char) -> Option<f64> {
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, part) = match mantissa.split_once(decimal) {
        Some((whole, part)) => (whole, Some(part)),
        None => (mantissa, None),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_code = whole.len() > 1 && whole.starts_with('0');
    if is_code || !all_digits(whole) || !part.is_none_or(all_digits) {
        return None;
    }
    if whole.is_empty() && part.is_none_or(str::is_empty) {
        return None;
    }
    // no count has so many digits: it is an identifier, and a number would lose some
    if whole.len() > 18 && part.is_none() && exponent.is_none() {
        return None;
    }
    if let Some(exponent) = exponent {
        let signed = exponent.starts_with(['+', '-']);
        if !(signed || part.is_some()) || !all_digits(exponent.trim_start_matches(['+', '-'])) {
            return None;
        }
    }
    let number: f64 = match decimal {
        '.' => text.parse().ok()?,
        other => text.replacen(other, ".", 1).parse().ok()?,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> FieldType {
        let mut tally = Tally::new(Declared::Nothing);
        values.iter().for_each(|v| tally.see(Value::Text(v)));
        tally.reading().0.kind
    }

    #[test]
    fn the_type_is_guessed_from_all_values() {
        use FieldType as T;
        for (values, kind) in [
            (&["1", "2", "-3"][..], T::Integer),
            (&["1", "3000000000"], T::Long),
            (&["38185", "01906"], T::Text),
            (&["69001", "2A004"], T::Text),
            (&["+33476000000"], T::Text),
            (&["0", "10"], T::Integer),
            (&["0.5", "12"], T::Float),
            (&["0,5", "12"], T::Float),
            (&["0,5", "0.5"], T::Text),
            (&["12E5", "3E1"], T::Text),
            (&["1e+05", "1.5e3"], T::Float),
            (&["99999999999999999999"], T::Text),
            (&["true", "FALSE"], T::Bool),
            (&["vrai", "faux"], T::Bool),
            (&["oui", "non"], T::Text),
            (&["2024-01-01", "2023-12-31"], T::Date),
            (&["2024-01-01", "2023-12-31T10:00"], T::Text),
            (&["2024-01-01 08:00", "2023-12-31T10:00:00Z"], T::DateTime),
            (&["31/12/2023", "01/02/2024"], T::Date),
            (&["12/31/2023"], T::Text),
            (&["2024", "2023"], T::Integer),
            (&[""], T::Text),
            (&[], T::Text),
        ] {
            assert_eq!(guess(values), kind, "{values:?}");
        }
    }

    #[test]
    fn one_value_of_a_million_decides() {
        let mut tally = Tally::new(Declared::Nothing);
        (0..1_000_000_u32).for_each(|_| tally.see(Value::Text("75056")));
        assert_eq!(tally.reading().0.kind, FieldType::Integer);
        tally.see(Value::Text("01906"));
        assert_eq!(tally.reading().0.kind, FieldType::Text);
    }

    #[test]
    fn a_declared_type_is_kept_where_it_holds_and_widened_where_not() {
        use FieldType as T;
        let read = |kind, values: &[Value<'_>]| {
            let mut tally = Tally::new(Declared::Type(kind));
            values.iter().for_each(|v| tally.see(*v));
            let (reading, widened) = tally.reading();
            (reading.kind, widened)
        };
        assert_eq!(read(T::Text, &[Value::Text("12")]), (T::Text, false));
        assert_eq!(read(T::Long, &[Value::Int(1)]), (T::Long, false));
        assert_eq!(read(T::Integer, &[Value::Int(1 << 40)]), (T::Long, true));
        assert_eq!(
            read(T::Integer, &[Value::Int(1), Value::Float(0.5)]),
            (T::Float, true)
        );
        assert_eq!(
            read(T::Integer, &[Value::Int(1), Value::Text("n.c.")]),
            (T::Text, true)
        );
        assert_eq!(
            read(T::Bool, &[Value::Int(1), Value::Int(0)]),
            (T::Bool, false)
        );
        assert_eq!(read(T::Bool, &[Value::Int(7)]), (T::Integer, true));
        assert_eq!(
            read(T::Date, &[Value::Text("2024-01-02")]),
            (T::Date, false)
        );
        assert_eq!(read(T::Date, &[Value::Text("unknown")]), (T::Text, true));
        assert_eq!(read(T::Text, &[Value::Int(5)]), (T::Text, false));
        assert_eq!(read(T::Date, &[]), (T::Date, false));
    }

    #[test]
    fn values_are_converted_to_the_type_of_their_column() {
        let read = |values: &[&str], at: usize| {
            let mut tally = Tally::new(Declared::Nothing);
            values.iter().for_each(|v| tally.see(Value::Text(v)));
            let mut room = String::new();
            format!(
                "{:?}",
                tally
                    .reading()
                    .0
                    .convert(Value::Text(values[at]), &mut room)
            )
        };
        assert_eq!(read(&["1,5", "-,25"], 1), "Float(-0.25)");
        assert_eq!(read(&["1.5", "NaN"], 1), "Null");
        assert_eq!(
            read(&["31/12/2023"], 0),
            "DateTime(\"2023-12-31T00:00:00\")"
        );
        assert_eq!(read(&["faux"], 0), "Bool(false)");
        assert_eq!(read(&["01906"], 0), "Text(\"01906\")");
    }
}
