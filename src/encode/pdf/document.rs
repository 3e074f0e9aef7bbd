use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::civil::DateTime;
use pdf_writer::types::TabOrder;
use pdf_writer::{Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::content::{self, PageContent};
use super::font::Fonts;
use super::page::{Item, MapPlace, Page};
use super::structure::Structure;
use super::{POINTS, Picture};
use crate::encode::xml::escaped;
use crate::error::{Error, Result};

/// A document and what it says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub title: String,
    pub author: String,
    pub subject: String,
    pub keywords: Vec<String>,
    /// Two letters.
    pub language: String,
    /// In UTC.
    pub created: DateTime,
    pub pages: Vec<Page>,
    /// What pages show, by [`PictureId`](super::PictureId).
    pub pictures: Vec<Picture>,
}

/// References in the order in which they are asked for, from 1.
struct References(i32);

impl References {
    fn next(&mut self) -> Ref {
        self.0 = self.0.saturating_add(1);
        Ref::new(self.0)
    }

    fn some(&mut self, count: usize) -> Vec<Ref> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// Writes a document. What is not in its pictures is text that can be searched and copied, in
/// faces that the document carries.
///
/// # Errors
/// `Internal` where a bundled face can't be read.
pub fn write(document: &Document) -> Result<Vec<u8>> {
    let mut fonts = Fonts::default();
    for page in &document.pages {
        for item in page.parts.iter().flat_map(|part| &part.items) {
            if let Item::Text { line, .. } = item {
                fonts.note(line);
            }
        }
    }
    let mut references = References(0);
    let [catalog, tree, info, metadata, root, parents] = [(); 6].map(|()| references.next());
    let page_refs = references.some(document.pages.len());
    let content_refs = references.some(document.pages.len());
    let picture_refs = references.some(document.pictures.len());
    let font_refs = references.some(fonts.numbers().count());
    let structure = Structure::new(&document.pages, &mut || references.next());

    let room = document
        .pictures
        .iter()
        .map(|p| p.data.len())
        .sum::<usize>();
    let mut pdf = Pdf::with_settings_and_capacity(
        pdf_writer::Settings { pretty: false },
        room.saturating_add(64 << 10),
    );
    write_catalog(
        &mut pdf,
        document,
        [catalog, tree, metadata, root, parents],
        &structure,
    );
    write_info(&mut pdf, document, info);
    let packet = deflated(xmp(document).as_bytes())?;
    pdf.metadata(metadata, &packet).filter(Filter::FlateDecode);
    pdf.pages(tree)
        .kids(page_refs.iter().copied())
        .count(i32::try_from(page_refs.len()).unwrap_or(i32::MAX));
    let mut parent_tree = pdf.indirect(parents).dict();
    let mut numbers = parent_tree.insert(Name(b"Nums")).array();
    for (number, elements) in (0..).zip(structure.of_pages()) {
        numbers.item(number);
        numbers.push().array().items(elements.iter().copied());
    }
    numbers.finish();
    parent_tree.finish();
    structure.write(&mut pdf, root, &document.pages, &page_refs);
    for (number, (page, at)) in (0..).zip(document.pages.iter().zip(&page_refs)) {
        let Some(content_ref) = usize::try_from(number)
            .ok()
            .and_then(|n| content_refs.get(n))
        else {
            continue;
        };
        let content = content::write(page, &fonts);
        let packed = deflated(content.operators.as_slice())?;
        pdf.stream(*content_ref, &packed)
            .filter(Filter::FlateDecode);
        let drawn = Drawn {
            content,
            at: *at,
            content_ref: *content_ref,
            number,
        };
        write_page(
            &mut pdf,
            page,
            drawn,
            tree,
            (&font_refs, &fonts),
            &picture_refs,
        )?;
    }
    for (picture, at) in document.pictures.iter().zip(&picture_refs) {
        let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
        let mut image = pdf.image_xobject(*at, &picture.data);
        image
            .width(side(picture.width))
            .height(side(picture.height))
            .bits_per_component(8)
            .color_space()
            .device_rgb();
        image.filter(Filter::FlateDecode);
    }
    fonts.write(&mut pdf, &font_refs, &mut || references.next())?;
    Ok(pdf.finish())
}

fn write_catalog(
    pdf: &mut Pdf,
    document: &Document,
    [at, tree, metadata, root, parents]: [Ref; 5],
    structure: &Structure,
) {
    let mut catalog = pdf.catalog(at);
    catalog
        .pages(tree)
        .lang(TextStr(&document.language))
        .metadata(metadata)
        .pair(Name(b"StructTreeRoot"), root);
    catalog.viewer_preferences().display_doc_title(true);
    catalog.mark_info().marked(true);
    catalog.finish();
    let mut tree = pdf.indirect(root).dict();
    tree.pair(Name(b"Type"), Name(b"StructTreeRoot"));
    tree.pair(Name(b"K"), structure.document());
    tree.pair(Name(b"ParentTree"), parents);
    let pages = i32::try_from(document.pages.len()).unwrap_or(i32::MAX);
    tree.pair(Name(b"ParentTreeNextKey"), pages);
}

/// A page's operators, and where it stands in the file and in the document.
struct Drawn {
    content: PageContent,
    at: Ref,
    content_ref: Ref,
    number: i32,
}

fn write_page(
    pdf: &mut Pdf,
    page: &Page,
    drawn: Drawn,
    tree: Ref,
    (font_refs, fonts): (&[Ref], &Fonts),
    picture_refs: &[Ref],
) -> Result<()> {
    let [width, height] = page.size.map(|mm| (mm * POINTS) as f32);
    let mut written = pdf.page(drawn.at);
    written
        .parent(tree)
        .media_box(Rect::new(0.0, 0.0, width, height))
        .contents(drawn.content_ref)
        .struct_parents(drawn.number)
        .tab_order(TabOrder::StructureOrder);
    let mut resources = written.resources();
    let mut dict = resources.fonts();
    for (number, at) in fonts.numbers().zip(font_refs) {
        dict.pair(Name(number.name().as_bytes()), *at);
    }
    dict.finish();
    let mut dict = resources.x_objects();
    for picture in drawn.content.pictures {
        if let Some(at) = picture_refs.get(picture.0) {
            dict.pair(Name(content::picture_name(picture).as_bytes()), *at);
        }
    }
    dict.finish();
    resources.finish();
    if let Some(map) = &page.map {
        write_viewport(&mut written, page, map)?;
    }
    Ok(())
}

/// Tells readers where on the ground the map is (ISO 32000-2, 12.9 and 12.10; read since 1.7
/// with Adobe's extension level 3).
fn write_viewport(
    written: &mut pdf_writer::writers::Page<'_>,
    page: &Page,
    map: &MapPlace,
) -> Result<()> {
    let [_, page_height] = page.size;
    let ([x, y], [width, height]) = (map.at, map.size);
    let points = |mm: f64| (mm * POINTS) as f32;
    let mut viewports = written.insert(Name(b"VP")).array();
    let mut viewport = viewports.push().dict();
    viewport.pair(Name(b"Type"), Name(b"Viewport"));
    viewport.pair(
        Name(b"BBox"),
        Rect::new(
            points(x),
            points(page_height - y - height),
            points(x + width),
            points(page_height - y),
        ),
    );
    let mut measure = viewport.insert(Name(b"Measure")).dict();
    measure.pair(Name(b"Type"), Name(b"Measure"));
    measure.pair(Name(b"Subtype"), Name(b"GEO"));
    let whole = [0.0_f32, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0];
    measure.insert(Name(b"Bounds")).array().items(whole);
    let places = map.corners.iter().flat_map(|corner| corner.at);
    let places = places.map(|part| part as f32);
    measure.insert(Name(b"LPTS")).array().items(places);
    let positions = map.corners.iter().flat_map(|corner| {
        let [lon, lat] = corner.lon_lat;
        [lat, lon]
    });
    measure.insert(Name(b"GPTS")).array().items(positions);
    let mut crs = measure.insert(Name(b"GCS")).dict();
    let is_flat = map.crs.kind == crate::crs::CrsKind::Projected;
    let kind: &[u8] = if is_flat { b"PROJCS" } else { b"GEOGCS" };
    crs.pair(Name(b"Type"), Name(kind));
    if let Some(code) = map.crs.srid().and_then(|code| i32::try_from(code).ok()) {
        crs.pair(Name(b"EPSG"), code);
    }
    crs.pair(Name(b"WKT"), Str(map.crs.wkt_1(true)?.as_bytes()));
    Ok(())
}

fn write_info(pdf: &mut Pdf, document: &Document, at: Ref) {
    let mut info = pdf.document_info(at);
    info.title(TextStr(&document.title));
    let texts: [(&str, &[u8]); 3] = [
        (&document.author, b"Author"),
        (&document.subject, b"Subject"),
        (&document.keywords.join(", "), b"Keywords"),
    ];
    for (text, key) in texts {
        if !text.is_empty() {
            info.pair(Name(key), TextStr(text));
        }
    }
    info.creator(TextStr("cartotheque"))
        .producer(TextStr("cartotheque"));
    info.creation_date(date(document.created));
}

fn date(at: DateTime) -> Date {
    let small = |n: i8| u8::try_from(n).unwrap_or(0);
    Date::new(u16::try_from(at.year()).unwrap_or(0))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// The same for programs that read XMP (ISO 16684-1) and no document information.
fn xmp(document: &Document) -> String {
    let [title, author, subject, language] = [
        &document.title,
        &document.author,
        &document.subject,
        &document.language,
    ]
    .map(|text| escaped(text));
    let created = document.created;
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\
         <dc:format>application/pdf</dc:format>\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
         <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>\
         <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{subject}</rdf:li></rdf:Alt></dc:description>\
         <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>\
         <xmp:CreatorTool>cartotheque</xmp:CreatorTool>\
         <xmp:CreateDate>{created}Z</xmp:CreateDate>\
         <pdf:Producer>cartotheque</pdf:Producer>\
         </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
    )
}

pub(super) fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    let done = packed.write_all(bytes).and_then(|()| packed.finish());
    done.map_err(|e| Error::Internal {
        message: e.to_string(),
    })
}
