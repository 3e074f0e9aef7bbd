//! What stands around features: collections of the three versions, collections of values, and
//! nothing at all.

use super::paging::Pages;
use super::request::{Query, Selected};
use super::scope::Scope;
use crate::catalogue::Namespace;
use crate::encode::feature::gml::{GmlContent, GmlFrame, push_declarations};
use crate::encode::gml::GmlVersion;
use crate::encode::xml::{push_attribute, push_url_component};

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// How many features there are of a query, and how many come now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub matched: u64,
    pub returned: u64,
}

/// An answer without its features.
#[derive(Debug, Clone, Default)]
pub struct Around {
    pub head: String,
    /// One for each query.
    pub frames: Vec<GmlFrame>,
    pub tail: String,
}

/// What a collection says of itself.
#[derive(Debug)]
pub struct Collection<'a> {
    pub scope: &'a Scope<'a>,
    pub selected: &'a Selected,
    pub gml: GmlVersion,
    /// Of each query.
    pub counts: &'a [Counts],
    pub pages: &'a Pages,
    pub time_stamp: &'a str,
    /// The `gml:boundedBy` of the features, where it is known.
    pub bounded_by: &'a str,
    /// True: the counts are all that is wanted.
    pub is_hits: bool,
}

impl Collection<'_> {
    /// The text around the features.
    pub fn around(&self) -> Around {
        if self.selected.is_alone && self.is_of_features() && !self.is_hits {
            return self.nothing();
        }
        match self.gml {
            GmlVersion::V321 => self.v200(),
            GmlVersion::V311 => self.v110(),
            GmlVersion::V212 => self.v100(),
        }
    }

    fn is_of_features(&self) -> bool {
        let mut queries = self.selected.queries.iter();
        queries.all(|query| query.content == GmlContent::Whole)
    }

    fn total(&self) -> Counts {
        let sum = |of: fn(&Counts) -> u64| self.counts.iter().map(of).fold(0, u64::saturating_add);
        Counts {
            matched: sum(|c| c.matched),
            returned: sum(|c| c.returned),
        }
    }

    /// The declarations of a root element, with those of the collection itself.
    fn declarations(&self, own: &[[&str; 3]]) -> String {
        let mut out = String::new();
        let schemas = schemas(self.scope, self.gml, &self.selected.queries);
        let schemas = schemas
            .iter()
            .map(|(namespace, location)| (*namespace, location.as_str()));
        push_declarations(&mut out, self.gml, own, schemas);
        out
    }

    /// A feature alone declares what it needs itself.
    fn nothing(&self) -> Around {
        let frame = GmlFrame {
            attributes: self.declarations(&[]),
            ..GmlFrame::default()
        };
        Around {
            head: XML.to_owned(),
            frames: vec![frame],
            tail: "\n".to_owned(),
        }
    }

    /// OGC 09-025r2 §11.3.3: several queries are collections in one.
    fn v200(&self) -> Around {
        // the envelope stands before anything that leads a validator to the schema of GML
        const WFS: [&str; 3] = [
            "wfs",
            "http://www.opengis.net/wfs/2.0",
            "http://schemas.opengis.net/wfs/2.0/wfs.xsd \
             http://www.opengis.net/gml/3.2 http://schemas.opengis.net/gml/3.2.1/gml.xsd",
        ];
        let name = match self.is_of_features() {
            true => "wfs:FeatureCollection",
            false => "wfs:ValueCollection",
        };
        let total = self.total();
        let mut head = format!("{XML}<{name}{}", self.declarations(&[WFS]));
        self.push_counts(&mut head, total);
        for (attribute, address) in [
            ("next", &self.pages.next),
            ("previous", &self.pages.previous),
        ] {
            if let Some(address) = address {
                push_attribute(&mut head, attribute, address);
            }
        }
        head.push_str(">\n");
        // §8.3.4: an element of WFS's own around the envelope of GML
        self.push_bounded_by(&mut head, "wfs:boundedBy");
        let is_one = self.counts.len() == 1;
        let frames = self.counts.iter().map(|counts| {
            let mut frame = GmlFrame {
                before: "<wfs:member>".to_owned(),
                after: "</wfs:member>\n".to_owned(),
                ..GmlFrame::default()
            };
            if !is_one {
                frame.head = format!("<wfs:member><{name}");
                self.push_counts(&mut frame.head, *counts);
                frame.head.push_str(">\n");
                frame.tail = format!("</{name}></wfs:member>\n");
            }
            frame
        });
        Around {
            frames: frames.collect(),
            head,
            tail: format!("</{name}>\n"),
        }
    }

    fn push_counts(&self, out: &mut String, counts: Counts) {
        push_attribute(out, "timeStamp", self.time_stamp);
        push_attribute(out, "numberMatched", &counts.matched.to_string());
        push_attribute(out, "numberReturned", &counts.returned.to_string());
    }

    /// OGC 04-094 §9.4.
    fn v110(&self) -> Around {
        const WFS: [&str; 3] = [
            "wfs",
            "http://www.opengis.net/wfs",
            "http://schemas.opengis.net/wfs/1.1.0/wfs.xsd",
        ];
        let total = self.total();
        let count = match self.is_hits {
            true => total.matched,
            false => total.returned,
        };
        let mut head = format!("{XML}<wfs:FeatureCollection{}", self.declarations(&[WFS]));
        push_attribute(&mut head, "numberOfFeatures", &count.to_string());
        push_attribute(&mut head, "timeStamp", self.time_stamp);
        head.push_str(">\n");
        self.push_bounded_by(&mut head, "gml:boundedBy");
        self.of_members(head)
    }

    /// OGC 02-058 §8.3; GML 2 demands a box, or the word that none is known.
    fn v100(&self) -> Around {
        const WFS: [&str; 3] = [
            "wfs",
            "http://www.opengis.net/wfs",
            "http://schemas.opengis.net/wfs/1.0.0/WFS-basic.xsd",
        ];
        let mut head = format!(
            "{XML}<wfs:FeatureCollection{}>\n",
            self.declarations(&[WFS])
        );
        match self.bounded_by {
            "" => head.push_str("<gml:boundedBy><gml:null>unknown</gml:null></gml:boundedBy>\n"),
            _ => self.push_bounded_by(&mut head, "gml:boundedBy"),
        }
        self.of_members(head)
    }

    /// Readers of files that go by the schema (GDAL) learn the CRS from here alone.
    fn push_bounded_by(&self, out: &mut String, element: &str) {
        if !self.bounded_by.is_empty() {
            out.push_str(&self.bounded_by.replace("gml:boundedBy", element));
            out.push('\n');
        }
    }

    fn of_members(&self, head: String) -> Around {
        let frame = GmlFrame {
            before: "<gml:featureMember>".to_owned(),
            after: "</gml:featureMember>\n".to_owned(),
            ..GmlFrame::default()
        };
        Around {
            head,
            frames: vec![frame; self.counts.len()],
            tail: "</wfs:FeatureCollection>\n".to_owned(),
        }
    }
}

/// The namespaces of some queries, and the address that describes the types of each, each once.
fn schemas<'a>(
    scope: &Scope<'_>,
    gml: GmlVersion,
    queries: &'a [Query],
) -> Vec<(&'a Namespace, String)> {
    let mut named: Vec<(&Namespace, Vec<&str>)> = Vec::new();
    for query in queries {
        let (namespace, name) = (&query.kind.namespace, query.kind.name.as_str());
        match named.iter_mut().find(|(known, _)| *known == namespace) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => named.push((namespace, vec![name])),
        }
    }
    let described = |(namespace, names): (&'a Namespace, Vec<&str>)| {
        (namespace, schema_address(scope, gml, namespace, &names))
    };
    named.into_iter().map(described).collect()
}

/// The address that describes types of one namespace.
pub fn schema_address(
    scope: &Scope<'_>,
    gml: GmlVersion,
    namespace: &Namespace,
    names: &[&str],
) -> String {
    let version = match gml {
        GmlVersion::V321 => "2.0.0",
        GmlVersion::V311 => "1.1.0",
        GmlVersion::V212 => "1.0.0",
    };
    // TYPENAME as OGC 09-025r2 table 17 has it: by TYPENAMES GDAL does not know it for a schema,
    // guesses types from the values and makes numbers of codes that begin with zeros
    let mut address = format!(
        "{}?service=WFS&version={version}&request=DescribeFeatureType&typeName=",
        scope.address()
    );
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            address.push(',');
        }
        address.push_str(&namespace.prefix);
        address.push(':');
        push_url_component(&mut address, name);
    }
    address
}
