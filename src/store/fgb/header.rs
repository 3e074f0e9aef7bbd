//! The header of a FlatGeobuf file: magic bytes, schema, counts, what it says of its CRS.

use flatbuffers::VerifierOptions;
use flatgeobuf::size_prefixed_root_as_header_with_opts;

use crate::feature::{Field, Schema};
use crate::geom::Bbox;
use crate::store::fgb::geometry::geometry_type;
use crate::store::fgb::properties::{Column, Stored};
use crate::store::fgb::table::u32_at;

/// Magic bytes and the header's size.
const PREFIX_BYTES: usize = 12;

/// Where the header's size stands.
const SIZE_AT: usize = 8;

/// The widest number in a header.
const ALIGNMENT: usize = 8;

/// Largest header that is read. 1 000 columns take 37 kB; metadata may be long.
const MAX_HEADER_BYTES: usize = 32 << 20;

/// What the header says of the coordinate reference system, as it stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrsDeclaration {
    /// The organisation; `None` means EPSG.
    pub authority: Option<String>,
    /// The number of the CRS; `None` where it is 0.
    pub code: Option<i32>,
    /// The code where it is no number.
    pub code_string: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    /// Well-known text, version 1 or 2.
    pub wkt: Option<String>,
}

impl CrsDeclaration {
    /// `EPSG:2154`, `OGC:CRS84`; `None` where there is no code.
    pub fn id(&self) -> Option<String> {
        let authority = self.authority.as_deref().unwrap_or("EPSG");
        let code = match (&self.code_string, self.code) {
            (Some(text), _) => text.clone(),
            (None, Some(number)) => number.to_string(),
            (None, None) => return None,
        };
        Some(format!("{}:{code}", authority.to_uppercase()))
    }

    /// True where the file declares no CRS at all.
    pub fn is_empty(&self) -> bool {
        self.id().is_none() && self.wkt.is_none()
    }
}

/// What a header holds, copied out.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub name: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// JSON, as it stands there.
    pub metadata: Option<String>,
    /// 0 where the writer did not know.
    pub feature_count: u64,
    /// 0 where there is no index.
    pub index_node_size: u16,
    /// The type as FlatGeobuf numbers it.
    pub geometry_code: u8,
    pub schema: Schema,
    /// Whether positions have Z, M, T, TM.
    pub dimensions: [bool; 4],
    pub columns: Vec<Column>,
    pub envelope: Option<Bbox>,
    pub crs: CrsDeclaration,
    /// Where the header ends in the file.
    pub end: usize,
}

impl Header {
    /// Reads the header at the start of a file; the fault is named for the operator.
    pub(super) fn read(file: &[u8]) -> Result<Header, String> {
        let size = header_size(file)?;
        let end = PREFIX_BYTES + size;
        // A copy: the verifier's verdict must stay true while the tables are read. With the size
        // before it, on a multiple of 8: that is how the verifier wants its numbers aligned.
        let stored = file.get(SIZE_AT..end).ok_or_else(|| {
            format!(
                "cut in the header: expected {end} bytes, found {}",
                file.len()
            )
        })?;
        let mut copy = vec![0; stored.len() + ALIGNMENT];
        let shift = copy.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        let copy = copy.get_mut(shift..).unwrap_or_default();
        for (to, from) in copy.iter_mut().zip(stored) {
            *to = *from;
        }
        let bytes = copy.get(..stored.len()).unwrap_or_default();
        let limits = VerifierOptions {
            max_depth: 16,
            max_tables: 200_000,
            max_apparent_size: MAX_HEADER_BYTES * 2,
            ignore_missing_null_terminator: true,
        };
        let header = size_prefixed_root_as_header_with_opts(&limits, bytes)
            .map_err(|fault| format!("the header is damaged: {}", one_line(&fault.to_string())))?;
        let owned = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let geometry_code = header.geometry_type().0;
        if geometry_code > super::geometry::code::TRIANGLE {
            return Err(format!(
                "the header is damaged: expected a geometry type from 0 to 17, found {geometry_code}"
            ));
        }
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        for column in header.columns().iter().flatten() {
            let stored = Stored::from_code(column.type_().0).ok_or_else(|| {
                format!(
                    "column {:?}: expected a type from 0 to 14, found {}",
                    column.name(),
                    column.type_().0
                )
            })?;
            columns.push(Column {
                stored,
                is_date: false,
                is_clock: false,
            });
            fields.push(Field {
                name: column.name().to_owned(),
                kind: stored.kind(),
                title: owned(column.title()),
                description: owned(column.description()),
                nullable: column.nullable(),
            });
        }
        let envelope: Option<Vec<f64>> = header.envelope().map(|v| v.iter().collect());
        let envelope = match envelope.as_deref() {
            Some([min_x, min_y, max_x, max_y]) => Bbox::new(*min_x, *min_y, *max_x, *max_y),
            _ => None,
        };
        let crs = header
            .crs()
            .map_or_else(CrsDeclaration::default, |crs| CrsDeclaration {
                authority: owned(crs.org()),
                code: Some(crs.code()).filter(|code| *code != 0),
                code_string: owned(crs.code_string()),
                name: owned(crs.name()),
                description: owned(crs.description()),
                wkt: owned(crs.wkt()),
            });
        Ok(Header {
            name: owned(header.name()),
            title: owned(header.title()),
            description: owned(header.description()),
            metadata: owned(header.metadata()),
            feature_count: header.features_count(),
            index_node_size: header.index_node_size(),
            geometry_code,
            schema: Schema {
                fields,
                geometry: geometry_type(geometry_code),
                has_z: header.has_z(),
                has_m: header.has_m(),
            },
            dimensions: [
                header.has_z(),
                header.has_m(),
                header.has_t(),
                header.has_tm(),
            ],
            columns,
            envelope,
            crs,
            end,
        })
    }
}

/// Checks the magic bytes and returns the size of the header behind them.
fn header_size(file: &[u8]) -> Result<usize, String> {
    let magic = file.get(..SIZE_AT).ok_or_else(|| {
        format!(
            "expected a FlatGeobuf file, found {} bytes, too few for its magic bytes",
            file.len()
        )
    })?;
    match magic {
        [b'f', b'g', b'b', 3, b'f', b'g', b'b', _] => {}
        [b'f', b'g', b'b', version, b'f', b'g', b'b', _] => {
            return Err(format!(
                "expected FlatGeobuf version 3, found version {version}: rewrite it with ogr2ogr"
            ));
        }
        _ => {
            return Err(format!(
                "expected a FlatGeobuf file, found the magic bytes \"{}\"",
                magic.escape_ascii()
            ));
        }
    }
    let size = u32_at(file, SIZE_AT)
        .ok_or_else(|| format!("cut before the header: found {} bytes", file.len()))?;
    match size {
        0..8 => Err(format!(
            "expected a header of 8 bytes or more, found {size}"
        )),
        8..=MAX_HEADER_BYTES => Ok(size),
        _ => Err(format!(
            "expected a header of at most {MAX_HEADER_BYTES} bytes, found {size}"
        )),
    }
}

/// The verifier writes its findings on several lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
