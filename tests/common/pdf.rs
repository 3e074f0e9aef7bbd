//! Reads the PDF files that the server writes, as a viewer does: from the table at their end.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::io::Read;

/// A document: its objects by number, a dictionary as it is written and a stream unpacked.
pub struct Pdf {
    pub objects: BTreeMap<u32, Object>,
}

pub struct Object {
    pub dict: String,
    pub stream: Vec<u8>,
}

/// A picture on a page.
#[derive(Debug)]
pub struct Placed {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
    /// Left, bottom, width and height on the page, in points.
    pub place: [f64; 4],
}

impl Pdf {
    pub fn read(bytes: &[u8]) -> Pdf {
        assert!(bytes.starts_with(b"%PDF-1.7"), "a PDF");
        let text = String::from_utf8_lossy(&bytes[bytes.len() - 40..]).into_owned();
        let at: usize = between(&text, "startxref\n", "\n").parse().unwrap();
        let table = String::from_utf8_lossy(&bytes[at..]).into_owned();
        let mut lines = table.lines();
        assert_eq!(lines.next(), Some("xref"));
        let count: u32 = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let mut objects: BTreeMap<u32, Object> = BTreeMap::new();
        for number in 0..count {
            let line = lines.next().unwrap();
            if line.trim_end().ends_with('n') {
                let offset: usize = line[..10].parse().unwrap();
                objects.insert(number, object(&bytes[offset..], number));
            }
        }
        let root = reference(between(&table, "trailer", "startxref"), "/Root");
        assert!(objects[&root].dict.contains("/Catalog"), "a catalogue");
        Pdf { objects }
    }

    /// The dictionaries of a type, `/Page`.
    pub fn of_type(&self, kind: &str) -> Vec<&Object> {
        let is_it = |o: &&Object| {
            let mut words = o
                .dict
                .split(|c: char| c.is_whitespace() || "<>[]".contains(c));
            words.any(|w| w == format!("/Type{kind}"))
                || value(&o.dict, "/Type").is_some_and(|v| v == kind)
        };
        self.objects.values().filter(is_it).collect()
    }

    pub fn content(&self, page: &Object) -> String {
        let number = reference(&page.dict, "/Contents");
        String::from_utf8_lossy(&self.objects[&number].stream).into_owned()
    }

    /// The pixel in the middle of each picture.
    pub fn colours(&self) -> Vec<[u8; 3]> {
        let is_image = |o: &&Object| value(&o.dict, "/Subtype") == Some("/Image".into());
        let side = |o: &Object, key: &str| value(&o.dict, key).unwrap().parse::<usize>().unwrap();
        let middle = |o: &Object| {
            let (width, height) = (side(o, "/Width"), side(o, "/Height"));
            let at = (height / 2 * width + width / 2) * 3;
            [o.stream[at], o.stream[at + 1], o.stream[at + 2]]
        };
        self.objects.values().filter(is_image).map(middle).collect()
    }

    /// The largest picture of the document, where it stands on the first page.
    pub fn map(&self) -> Placed {
        let is_image = |o: &&Object| value(&o.dict, "/Subtype") == Some("/Image".into());
        let side = |o: &Object, key: &str| value(&o.dict, key).unwrap().parse::<u32>().unwrap();
        let (number, image) = self
            .objects
            .iter()
            .filter(|(_, o)| is_image(o))
            .max_by_key(|(_, o)| side(o, "/Width") * side(o, "/Height"))
            .expect("a picture");
        let page = self.of_type("/Page")[0];
        let name = page
            .dict
            .split('/')
            .find(|part| part.starts_with('P') && part.contains(&format!(" {number} 0 R")))
            .expect("its name")
            .split(' ')
            .next()
            .unwrap()
            .to_owned();
        let content = self.content(page);
        let before = content
            .split(&format!("/{name} Do"))
            .next()
            .unwrap()
            .rsplit_once(" cm")
            .expect("its place")
            .0;
        let numbers: Vec<f64> = before
            .split_whitespace()
            .rev()
            .take(6)
            .map(|n| n.parse().unwrap())
            .collect();
        let [bottom, left, height, _, _, width] = numbers[..] else {
            panic!("a matrix")
        };
        Placed {
            width: side(image, "/Width"),
            height: side(image, "/Height"),
            rgb: image.stream.clone(),
            place: [left, bottom, width, height],
        }
    }
}

impl Placed {
    /// The middle of what is dark within a box of pixels, in mm from the picture's upper left.
    pub fn dark_at(&self, [left, top, right, bottom]: [u32; 4]) -> [f64; 2] {
        let (mut weight, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
        for y in top..bottom {
            for x in left..right {
                let at = (y * self.width + x) as usize * 3;
                let ink = 255.0 - f64::from(self.rgb[at + 1]);
                weight += ink;
                x_sum += ink * (f64::from(x) + 0.5);
                y_sum += ink * (f64::from(y) + 0.5);
            }
        }
        assert!(weight > 0.0, "nothing is dark there");
        let [_, _, width, height] = self.place;
        let mm = 25.4 / 72.0;
        [
            x_sum / weight * width / f64::from(self.width) * mm,
            y_sum / weight * height / f64::from(self.height) * mm,
        ]
    }
}

fn object(bytes: &[u8], number: u32) -> Object {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(20_000)]).into_owned();
    assert!(
        head.starts_with(&format!("{number} 0 obj")),
        "{}",
        &head[..20]
    );
    let end = find(bytes, b"endobj").unwrap();
    let body = &bytes[head.find("obj").unwrap() + 3..];
    let Some(start) = find(&body[..end.min(body.len())], b"stream\n") else {
        let end = find(body, b"endobj").unwrap();
        let dict = String::from_utf8_lossy(&body[..end]).into_owned();
        return Object {
            dict,
            stream: Vec::new(),
        };
    };
    let dict = String::from_utf8_lossy(&body[..start]).into_owned();
    let length: usize = value(&dict, "/Length").unwrap().parse().unwrap();
    let packed = &body[start + 7..start + 7 + length];
    let rest = &body[start + 7 + length..];
    assert!(rest.trim_ascii_start().starts_with(b"endstream"));
    let mut stream = Vec::new();
    flate2::read::ZlibDecoder::new(packed)
        .read_to_end(&mut stream)
        .unwrap();
    Object { dict, stream }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, after) = text
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from:?}"));
    after.split_once(to).map_or(after, |(between, _)| between)
}

/// The value of a key of a dictionary.
pub fn value(dict: &str, key: &str) -> Option<String> {
    let mut rest = dict;
    loop {
        let (_, after) = rest.split_once(key)?;
        if after.starts_with(|c: char| c.is_alphanumeric()) {
            rest = after;
            continue;
        }
        let after = after.trim_start();
        let end = match after.strip_prefix('/') {
            Some(name) => {
                1 + name
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(name.len())
            }
            None if after.starts_with('[') => after.find(']')? + 1,
            None => after
                .find(|c: char| c.is_whitespace() || "/>".contains(c))
                .unwrap_or(after.len()),
        };
        return Some(after[..end].to_owned());
    }
}

fn reference(dict: &str, key: &str) -> u32 {
    value(dict, key).unwrap().parse().unwrap()
}
