//! GetFeature and GetPropertyValue: queries answered, a piece at a time.

use std::collections::VecDeque;

use super::collection::{Around, Collection, Counts};
use super::paging::{Pages, pages};
use super::request::{Asked, AskedQuery, Incoming, Operation, Output, Query, Reader, Selected};
use super::scope::Scope;
use super::{Service, Version};
use crate::budget::Budget;
use crate::encode::feature::gml::{GmlContent, GmlFrame, GmlWriter};
use crate::encode::feature::{FeatureField, FeatureFormat, FeatureSet, FeatureWriter, Link, Rest};
use crate::encode::gml::{GmlStyle, GmlVersion};
use crate::error::{Error, Result};
use crate::operation::features::{FeatureStream, Found, JoinQuery, Pairs, TupleStream};
use crate::protocol::{Answer, Pieces};

/// Answers a GetFeature or a GetPropertyValue.
///
/// # Errors
/// What reading the request, finding the features and writing the first of them says.
pub fn get(
    service: &Service<'_>,
    scope: &Scope<'_>,
    asked: &Asked,
    incoming: &Incoming,
    budget: &Budget,
) -> Result<Answer> {
    // 1.0.0 has no words to declare it by
    let may_page = asked.version == Version::V200 || asked.version == Version::V110;
    let default = service.limits.wfs_count.filter(|_| may_page);
    let asked = &Asked {
        count: asked.count.or(default),
        ..asked.clone()
    };
    let reader = Reader { scope, asked };
    let mut selected = reader.selected()?;
    if let Output::Other(format) = selected.output
        && asked.is_hits
        && !matches!(format, FeatureFormat::GeoJson | FeatureFormat::JsonFg)
    {
        // what has no place for a count: an empty file says nothing (OGC 09-025r2 §11.3.2)
        selected.output = Output::Gml(asked.version.gml());
    }
    // a feature by itself is no list to page through
    let asked = match selected.is_alone {
        true => &Asked {
            count: None,
            start_index: 0,
            ..asked.clone()
        },
        false => asked,
    };
    if let ([left, right], false) = (selected.queries.as_slice(), selected.on.is_empty()) {
        let join = JoinQuery {
            left: left.find.clone(),
            right: right.find.clone(),
            on: selected.on.clone(),
        };
        let pairs = service.studio.join(&join, budget)?;
        return tuples(scope, asked, incoming, selected, pairs, budget);
    }
    let mut found = Vec::with_capacity(selected.queries.len());
    for query in &selected.queries {
        found.push(service.studio.features(&query.find, budget)?);
    }
    let counts = paginate(&mut found, asked);
    if selected.is_alone && !counts.iter().any(|c| c.matched > 0) {
        return Err(Error::NotFound {
            path: alone_id(asked).to_owned(),
        });
    }
    let matched = counts
        .iter()
        .map(|c| c.matched)
        .fold(0, u64::saturating_add);
    let answering = Answering {
        scope,
        asked,
        pages: match asked.version {
            Version::V200 => pages(asked, incoming, &scope.address(), matched),
            Version::V100 | Version::V110 => Pages::default(),
        },
        selected,
        counts,
        time_stamp: now(),
    };
    match answering.selected.output {
        Output::Gml(gml) => answering.gml(gml, &found, budget),
        Output::Other(format) => {
            let format = with_options(format, incoming)?;
            answering.other(service, format, found, budget)
        }
    }
}

/// The answer of a join: each pair is a `wfs:Tuple` of two members (OGC 09-025r2 §11.3.3.6).
fn tuples(
    scope: &Scope<'_>,
    asked: &Asked,
    incoming: &Incoming,
    selected: Selected,
    mut pairs: Pairs,
    budget: &Budget,
) -> Result<Answer> {
    if selected.output != Output::Gml(GmlVersion::V321) {
        return Err(Error::InvalidFormat {
            format: asked.output_format.clone().unwrap_or_default(),
            expected: "application/gml+xml; version=3.2, which alone holds tuples".into(),
        });
    }
    let matched = pairs.len() as u64;
    let skip = usize::try_from(asked.start_index).unwrap_or(usize::MAX);
    let room = asked.count.and_then(|count| usize::try_from(count).ok());
    pairs.drain(..skip.min(pairs.len()));
    pairs.truncate(match asked.is_hits {
        true => 0,
        false => room.unwrap_or(usize::MAX),
    });
    let counts = [Counts {
        matched,
        returned: pairs.len() as u64,
    }];
    let around = Collection {
        scope,
        selected: &selected,
        gml: GmlVersion::V321,
        counts: &counts,
        pages: &pages(asked, incoming, &scope.address(), matched),
        time_stamp: &now(),
        bounded_by: "",
        is_hits: asked.is_hits,
    }
    .around();
    let media_type = selected.output.media_type();
    if asked.is_hits {
        return Ok(Answer::ok(media_type, around.head + &around.tail));
    }
    let member = |before: &str, after: &str| GmlFrame {
        before: before.to_owned(),
        after: after.to_owned(),
        ..GmlFrame::default()
    };
    let frames = [
        member("<wfs:member><wfs:Tuple><wfs:member>", "</wfs:member>"),
        member("<wfs:member>", "</wfs:member></wfs:Tuple></wfs:member>\n"),
    ];
    let mut halves = selected.queries.iter().zip(frames).map(|(query, frame)| {
        let writer = writer(query, GmlVersion::V321, frame);
        (query.find.clone(), writer)
    });
    let (Some(left), Some(right)) = (halves.next(), halves.next()) else {
        return Err(Error::Internal {
            message: "a join of fewer than two types".into(),
        });
    };
    let joined = Joined {
        head: around.head.into_bytes(),
        streams: VecDeque::from([Box::new(TupleStream::new(pairs, left, right)?) as _]),
        tail: around.tail.into_bytes(),
    };
    Answer::stream(media_type, joined, budget)
}

/// The moment of an answer.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// The id that was asked for, for a message.
fn alone_id(asked: &Asked) -> &str {
    let stored = asked.queries.iter().filter_map(|query| match query {
        AskedQuery::Stored { parameters, .. } => Some(parameters),
        AskedQuery::Adhoc(_) | AskedQuery::Join(_) => None,
    });
    let mut ids = stored
        .flatten()
        .filter(|(name, _)| name.eq_ignore_ascii_case("ID"));
    ids.next().map_or("this id", |(_, id)| id.trim())
}

/// Takes the page out of all that was found: one row of features, query after query.
fn paginate(found: &mut [Found], asked: &Asked) -> Vec<Counts> {
    let mut skip = asked.start_index;
    let mut room = asked.count;
    let mut counts = Vec::with_capacity(found.len());
    for found in found {
        let offset = skip.min(found.matched);
        let rest = found.matched - offset;
        let returned = match asked.is_hits {
            true => 0,
            false => room.map_or(rest, |room| room.min(rest)),
        };
        skip -= offset;
        room = room.map(|room| room - returned.min(room));
        found.offset = offset;
        found.returned = returned;
        counts.push(Counts {
            matched: found.matched,
            returned,
        });
    }
    counts
}

/// An answer whose features were found.
struct Answering<'a> {
    scope: &'a Scope<'a>,
    asked: &'a Asked,
    selected: Selected,
    counts: Vec<Counts>,
    pages: Pages,
    time_stamp: String,
}

impl Answering<'_> {
    fn gml(&self, gml: GmlVersion, all: &[Found], budget: &Budget) -> Result<Answer> {
        if self.asked.operation == Operation::GetPropertyValue && gml != GmlVersion::V321 {
            return Err(Error::InvalidFormat {
                format: self.asked.output_format.clone().unwrap_or_default(),
                expected: "application/gml+xml; version=3.2".into(),
            });
        }
        let around = Collection {
            scope: self.scope,
            selected: &self.selected,
            gml,
            counts: &self.counts,
            pages: &self.pages,
            time_stamp: &self.time_stamp,
            bounded_by: &self.bounded_by(gml, all, budget)?,
            is_hits: self.asked.is_hits,
        }
        .around();
        let media_type = match (self.asked.version, gml) {
            // the only GML of its version, which has no other name for it
            (Version::V100, GmlVersion::V212) => "text/xml",
            _ => self.selected.output.media_type(),
        };
        let Around { head, frames, tail } = around;
        if self.asked.is_hits {
            return Ok(Answer::ok(media_type, head + &tail));
        }
        let mut streams = VecDeque::with_capacity(all.len());
        let queries = &self.selected.queries;
        for (((query, found), frame), i) in queries.iter().zip(all).zip(frames).zip(0..) {
            let is_like = |other: &Query| other.find.layer.id == query.find.layer.id;
            let earlier = queries.iter().zip(all).take(i);
            let earlier = earlier.filter(|(other, _)| is_like(other));
            let writer = writer(query, gml, frame);
            let stream = FeatureStream::new(query.find.clone(), found, writer)?
                .after(earlier.map(|(_, found)| found));
            streams.push_back(Box::new(stream) as _);
        }
        let joined = Joined {
            head: head.into_bytes(),
            streams,
            tail: tail.into_bytes(),
        };
        Answer::stream(media_type, joined, budget)
    }

    /// The `gml:boundedBy` around whole features of one query; empty where it is not known.
    fn bounded_by(&self, gml: GmlVersion, all: &[Found], budget: &Budget) -> Result<String> {
        let mut out = String::new();
        if let ([query], [found]) = (self.selected.queries.as_slice(), all)
            && query.content == GmlContent::Whole
            && !self.selected.is_alone
            && let Some(bbox) = found.bounds(&query.find, budget)?
        {
            style(query, gml).push_bounded_by(&mut out, &bbox);
        }
        Ok(out)
    }

    /// A format that holds one type.
    fn other(
        &self,
        service: &Service<'_>,
        format: FeatureFormat,
        mut found: Vec<Found>,
        budget: &Budget,
    ) -> Result<Answer> {
        let (Some(found), [query]) = (found.pop(), self.selected.queries.as_slice()) else {
            return Err(Error::parameter(
                "outputFormat",
                format!(
                    "{} holds one feature type: expected one, found {}",
                    format.title(),
                    self.selected.queries.len()
                ),
            ));
        };
        let mut set = self.set(query, &found);
        // JSON-FG names its CRS, and positions are in that one's order (OGC 21-045r1 §7.7)
        set.is_swapped = format == FeatureFormat::JsonFg && FeatureSet::swaps(&set.crs);
        let (studio, find) = (service.studio, query.find.clone());
        let pieces = match self.selected.is_alone && !self.asked.is_hits {
            true => studio.feature_as(format, find, &found, set)?,
            false => studio.features_as(format, find, &found, set)?,
        };
        let answer = Answer::stream(self.selected.output.media_type(), pieces, budget)?;
        Ok(match format.disposition(&query.kind.name) {
            Some(disposition) => answer.with_header("content-disposition", disposition),
            None => answer,
        })
    }

    fn set(&self, query: &Query, found: &Found) -> FeatureSet {
        let layer = &query.find.layer;
        let is_given = |column: &usize| query.columns.contains(column);
        let fields = layer.fields.iter().filter(|field| is_given(&field.column));
        let links = [("next", &self.pages.next), ("prev", &self.pages.previous)];
        FeatureSet {
            name: query.kind.name.clone(),
            title: layer.title.get(&self.scope.language).to_owned(),
            fields: fields
                .map(|field| FeatureField {
                    column: field.column,
                    name: field.name.clone(),
                    kind: field.kind,
                })
                .collect(),
            geometry: query
                .find
                .with_geometry
                .then(|| layer.store.schema().geometry),
            crs: query.find.crs.clone(),
            // what is neither GML nor JSON-FG is x, y for its readers (RFC 7946 §4, OGC 12-128r19)
            is_swapped: false,
            matched: Some(found.matched),
            returned: found.returned,
            links: links
                .into_iter()
                .filter_map(|(rel, href)| {
                    Some(Link {
                        href: href.clone()?,
                        rel,
                        media_type: self.selected.output.media_type(),
                        title: rel.to_owned(),
                    })
                })
                .collect(),
            time_stamp: self.time_stamp.clone(),
            schema: super::xml_schema(self.scope.catalogue, layer, self.scope.base),
        }
    }
}

fn writer(query: &Query, gml: GmlVersion, frame: GmlFrame) -> Box<dyn FeatureWriter> {
    let style = style(query, gml);
    let columns = &query.columns;
    Box::new(GmlWriter::new(
        std::sync::Arc::clone(&query.kind),
        style,
        frame,
        query.content,
        |column| columns.contains(&column),
    ))
}

fn style(query: &Query, gml: GmlVersion) -> GmlStyle {
    GmlStyle::new(
        gml,
        &query.srs.written(gml),
        query.srs.is_written_swapped(gml),
        decimals(query),
    )
}

/// Digits behind the point: a millimetre, a centimetre of a degree.
fn decimals(query: &Query) -> u8 {
    match query.find.crs.kind {
        crate::crs::CrsKind::Geographic => 7,
        _ => 3,
    }
}

/// The format with what the address chooses of it.
fn with_options(format: FeatureFormat, incoming: &Incoming) -> Result<FeatureFormat> {
    let mut chosen = format;
    for option in format.options() {
        if let Some(value) = incoming.parameter(&option.name.to_uppercase()) {
            chosen = chosen.with_option(option.name, value)?.unwrap_or(chosen);
        }
    }
    Ok(chosen)
}

/// Answers of several queries, one after another.
struct Joined {
    /// Emptied when it is sent.
    head: Vec<u8>,
    streams: VecDeque<Box<dyn Pieces>>,
    tail: Vec<u8>,
}

impl Pieces for Joined {
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        out.append(&mut self.head);
        while let Some(stream) = self.streams.front_mut() {
            if stream.pull(out, budget)? == Rest::More {
                return Ok(Rest::More);
            }
            self.streams.pop_front();
        }
        out.append(&mut self.tail);
        Ok(Rest::Done)
    }
}
