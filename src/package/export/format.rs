//! The forms in which data are given away.

use std::path::Path;

use clap::ValueEnum;
use strum::VariantArray;

/// A form of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, VariantArray)]
pub enum Format {
    /// A folder with a data package
    Folder,
    /// A data package as one zip archive
    Zip,
    /// Figures as comma-separated values
    Csv,
    /// Figures as JSON, one a line
    #[value(alias = "ndjson")]
    Jsonl,
    /// Figures as Parquet
    Parquet,
    /// Figures as SDMX-CSV 2.0
    SdmxCsv,
    /// Districts as GeoJSON
    Geojson,
}

impl Format {
    /// The form that the name of a file asks for; none where it does not say.
    pub fn of(path: &Path) -> Option<Self> {
        if path.as_os_str() == "-" {
            return None;
        }
        if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') {
            return Some(Self::Folder);
        }
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let ending = |ending: &str| name.ends_with(&format!(".{ending}"));
        let found = [
            ("sdmx.csv", Self::SdmxCsv),
            ("zip", Self::Zip),
            ("csv", Self::Csv),
            ("jsonl", Self::Jsonl),
            ("ndjson", Self::Jsonl),
            ("parquet", Self::Parquet),
            ("geojson", Self::Geojson),
        ];
        let found = found.into_iter().find(|(name, _)| ending(name)).map(|(_, format)| format);
        found.or((!name.contains('.')).then_some(Self::Folder))
    }

    /// The download with this name.
    pub fn of_download(name: &str) -> Option<Self> {
        let all = Self::VARIANTS.iter().copied();
        all.into_iter().find(|format| format.download() == Some(name))
    }

    /// What its download is called.
    pub fn download(self) -> Option<&'static str> {
        Some(match self {
            Self::Folder => return None,
            Self::Zip => "dataset.zip",
            Self::Csv => "observations.csv",
            Self::Jsonl => "observations.jsonl",
            Self::Parquet => "observations.parquet",
            Self::SdmxCsv => "observations.sdmx.csv",
            Self::Geojson => "districts.geojson",
        })
    }

    /// Whether it holds districts; else it holds figures.
    pub fn is_of_districts(self) -> bool {
        self == Self::Geojson
    }

    /// What it is, as HTTP names it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Folder | Self::Zip => "application/zip",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl => "application/x-ndjson; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::SdmxCsv => "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8",
            Self::Geojson => "application/geo+json; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_form() {
        for (name, wanted) in [
            ("out", Some(Format::Folder)),
            ("my.data/", Some(Format::Folder)),
            ("a.zip", Some(Format::Zip)),
            ("a.csv", Some(Format::Csv)),
            ("A.SDMX.CSV", Some(Format::SdmxCsv)),
            ("sdmx.csv", Some(Format::Csv)),
            ("a.ndjson", Some(Format::Jsonl)),
            ("a.parquet", Some(Format::Parquet)),
            ("a.b/c.geojson", Some(Format::Geojson)),
            ("a.cvs", None),
            ("-", None),
        ] {
            assert_eq!(Format::of(Path::new(name)), wanted, "{name}");
        }
        assert_eq!(Format::of_download("observations.csv"), Some(Format::Csv));
        assert_eq!(Format::of_download("observations.xlsx"), None);
    }
}
