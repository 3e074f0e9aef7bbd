//! Where an import goes: the data, a layer file and a style, put in place by renaming.

use std::path::{Path, PathBuf};

use super::scratch::{clean, hidden_path};
use crate::error::{Error, Result};

/// The folder that is served and its folder of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    pub root: PathBuf,
    pub data: PathBuf,
}

impl Folders {
    /// The folders that an output means: `my-map/data` and `my-map/data/sub` lie in `my-map`;
    /// any other folder is the served one itself, its data go to `data/`.
    pub fn of(output: &Path) -> Folders {
        let named_data = |path: &Path| path.file_name().is_some_and(|name| name == "data");
        let above = |path: &Path| match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
            Some(parent) => parent.to_owned(),
            None => path.to_owned(),
        };
        let data = output.to_owned();
        if named_data(output) {
            return Folders {
                root: above(output),
                data,
            };
        }
        match output.parent() {
            Some(parent) if named_data(parent) => Folders {
                root: above(parent),
                data,
            },
            _ => Folders {
                root: data.clone(),
                data: data.join("data"),
            },
        }
    }

    /// Makes the folder of data and removes what killed imports left there.
    ///
    /// # Errors
    /// `Io`.
    pub fn prepare(&self) -> Result<()> {
        std::fs::create_dir_all(&self.data).map_err(|e| Error::io(&self.data, &e))?;
        clean(&self.data);
        Ok(())
    }
}

/// The files of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: String,
    pub data: PathBuf,
    pub layer: PathBuf,
    pub style: PathBuf,
    /// The data as the layer file names them: relative to the served folder, with `/`.
    pub source: String,
}

impl Target {
    pub fn new(folders: &Folders, id: &str) -> Target {
        let data = folders.data.join(format!("{id}.fgb"));
        let relative = data.strip_prefix(&folders.root).unwrap_or(&data);
        let parts: Vec<_> = relative
            .components()
            .filter(|part| !matches!(part, std::path::Component::CurDir))
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        Target {
            id: id.to_owned(),
            source: parts.join("/"),
            data,
            layer: folders
                .root
                .join("capabilities/layers")
                .join(format!("{id}.yaml")),
            style: folders.root.join("styles").join(format!("{id}.sld")),
        }
    }

    /// # Errors
    /// `Data` where a file is there already and may not be replaced.
    pub fn check(&self, force: bool) -> Result<()> {
        let there = [&self.data, &self.layer, &self.style]
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok());
        match there {
            Some(path) if !force => Err(Error::data(
                path,
                "is there already: --force replaces the data (the layer file and the style stay \
                 as they are), --id gives the layer another name",
            )),
            _ => Ok(()),
        }
    }
}

/// Puts text into a file that is whole or not there.
///
/// # Errors
/// `Io`.
pub fn write_whole(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, &e))?;
    let hidden = hidden_path(folder, "tmp");
    let written = std::fs::write(&hidden, text).and_then(|()| std::fs::rename(&hidden, path));
    written.map_err(|e| {
        let _left = std::fs::remove_file(&hidden);
        Error::io(path, &e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_means_a_served_folder() {
        for (output, root, data) in [
            ("data/", ".", "data"),
            ("map/data", "map", "map/data"),
            ("map/data/ign", "map", "map/data/ign"),
            ("map", "map", "map/data"),
            (".", ".", "./data"),
            ("/srv/data", "/srv", "/srv/data"),
        ] {
            let folders = Folders::of(Path::new(output));
            assert_eq!(
                (folders.root, folders.data),
                (root.into(), data.into()),
                "{output}"
            );
        }
    }

    #[test]
    fn a_layer_names_its_data_from_the_served_folder() {
        for (output, source) in [
            ("data", "data/x.fgb"),
            ("map/data/ign", "data/ign/x.fgb"),
            ("map", "data/x.fgb"),
            (".", "data/x.fgb"),
        ] {
            let target = Target::new(&Folders::of(Path::new(output)), "x");
            assert_eq!(target.source, source, "{output}");
        }
    }
}
