use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Opened, Sources};
use crate::catalogue;
use crate::crs::Crs;
use crate::decode::{maplibre, sld};
use crate::error::{Error, Result};
use crate::feature::Schema;
use crate::geom::Bbox;
use crate::store::FeatureStore;
use crate::store::fgb::FgbStore;
use crate::store::memory::MemoryStore;
use crate::style::default::default_style;
use crate::style::{Style, StyleNote};

/// A style document larger than this is refused: the largest seen of a real map has 300 kB.
const MAX_STYLE_BYTES: u64 = 4 << 20;

const MAX_PICTURE_BYTES: u64 = 4 << 20;

/// The formats of files, as the house reads them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSources;

fn extension(path: &Path) -> String {
    path.extension()
        .and_then(|e| e.to_str())
        .unwrap_or("")
        .to_ascii_lowercase()
}

impl Sources for FileSources {
    fn open_store(&self, path: &Path) -> Result<Opened> {
        match extension(path).as_str() {
            "fgb" => open_fgb(path),
            "geojson" | "json" => Ok(Opened {
                store: Arc::new(MemoryStore::from_geojson(path)?),
                title: None,
                description: None,
                warnings: Vec::new(),
            }),
            other => Err(Error::data(
                path,
                format!(
                    "expected a name that ends in .fgb, .geojson, .pmtiles or .mbtiles, found {other:?}"
                ),
            )),
        }
    }

    fn parse_crs(&self, text: &str) -> Result<Crs> {
        Crs::parse(text)
    }

    fn extent_lonlat(&self, store: &dyn FeatureStore, crs: &Crs) -> Option<Bbox> {
        catalogue::extent_lonlat(store, crs)
    }

    fn read_style(&self, path: &Path) -> Result<(Style, Vec<StyleNote>)> {
        let size = std::fs::metadata(path)
            .map_err(|e| Error::io(path, &e))?
            .len();
        if size > MAX_STYLE_BYTES {
            return Err(Error::data(
                path,
                format!("a style is read up to {MAX_STYLE_BYTES} bytes, found {size}"),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
        let id = path
            .file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or("")
            .to_owned();
        let (mut style, notes) = match extension(path).as_str() {
            "json" => maplibre::parse(&text, None)?,
            _ => read_sld(path, &text)?,
        };
        style.id = id;
        Ok((style, notes))
    }

    fn default_style(&self, schema: &Schema, nth: usize) -> Style {
        default_style(schema.geometry, &nth.to_string())
    }
}

fn open_fgb(path: &Path) -> Result<Opened> {
    let store = FgbStore::open(path)?;
    let declared = store.crs_declaration();
    let mut warnings = store.warnings();
    let crs = Crs::from_declaration(
        declared.authority.as_deref(),
        declared.code.unwrap_or(0),
        declared.code_string.as_deref(),
        declared.wkt.as_deref(),
    )
    .unwrap_or_else(|error| {
        warnings.push(format!("the CRS in the header is not understood: {error}"));
        None
    });
    let (title, description) = (
        store.title().map(str::to_owned),
        store.description().map(str::to_owned),
    );
    Ok(Opened {
        store: Arc::new(store.with_crs(crs)),
        title,
        description,
        warnings,
    })
}

/// The first style that a document defines; pictures come from its own folder only.
fn read_sld(path: &Path, text: &str) -> Result<(Style, Vec<StyleNote>)> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let document = sld::parse(text, &mut |href| picture(folder, href))?;
    let style = document
        .styles()
        .next()
        .cloned()
        .ok_or_else(|| Error::InvalidStyle {
            message: "expected a UserStyle with rules, found none".into(),
            line: 1,
            column: 1,
        })?;
    Ok((style, document.notes))
}

/// The file of that name beside a style: QGIS writes where pictures lie on its own machine.
fn beside(folder: &Path, href: &str) -> Option<PathBuf> {
    let name = href.rsplit(['/', '\\']).next()?;
    let is_name = matches!(
        Path::new(name).components().next(),
        Some(Component::Normal(_))
    );
    let path = folder.join(name);
    (is_name && path.is_file()).then_some(path)
}

/// A picture beside a style, or below its folder.
fn picture(folder: &Path, href: &str) -> Result<Arc<[u8]>, String> {
    let relative = Path::new(href);
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let elsewhere = || format!("{href:?} is not in the style's folder: put it beside the style");
    if href.contains("://") {
        return Err(elsewhere());
    }
    let path = match inside.then(|| folder.join(relative)) {
        Some(path) if path.is_file() => path,
        Some(path) => beside(folder, href).unwrap_or(path),
        None => beside(folder, href).ok_or_else(elsewhere)?,
    };
    let size = std::fs::metadata(&path)
        .map_err(|e| format!("{href:?}: {e}"))?
        .len();
    if size > MAX_PICTURE_BYTES {
        return Err(format!(
            "a picture is read up to {MAX_PICTURE_BYTES} bytes, {href:?} has {size}"
        ));
    }
    std::fs::read(&path)
        .map(Arc::from)
        .map_err(|e| format!("{href:?}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_picture_with_the_address_of_another_machine_is_found_beside_the_style() {
        let folder = Scratch::new("pictures");
        std::fs::write(folder.join("gare.svg"), "<svg/>").unwrap();
        for href in [
            "gare.svg",
            "/home/anna/icons/gare.svg",
            "../icons/gare.svg",
            r"C:\Users\anna\gare.svg",
        ] {
            assert_eq!(
                picture(&folder.0, href).as_deref(),
                Ok(&b"<svg/>"[..]),
                "{href}"
            );
        }
        for href in [
            "/etc/passwd",
            "../..",
            "..",
            "https://a.example/gare.svg",
            "",
        ] {
            assert!(picture(&folder.0, href).is_err(), "{href}");
        }
    }
}
