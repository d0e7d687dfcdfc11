//! What a browser loads, file by file, as brotli.

use std::{fs, path::Path};

use crate::{
    Settings,
    error::BenchError,
    figure::{Aim, Report},
};

pub(crate) fn measure(settings: &Settings, report: &mut Report) -> Result<(), BenchError> {
    let mut files: Vec<_> = fs::read_dir(&settings.dist)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "br"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(BenchError::Unfit(format!(
            "there are no built pages in {}; run scripts/build-spa",
            settings.dist.display()
        )));
    }
    let mut total = 0.0;
    for file in files {
        let kilobytes = fs::metadata(&file)?.len() as f64 / 1_000.0;
        total += kilobytes;
        let (name, bound) = kind(&file);
        match bound {
            Some(bound) => report.aim(name, kilobytes, "kB brotli", Aim::AtMost(bound)),
            None => report.add(name, kilobytes, "kB brotli"),
        }
    }
    report.add("all", total, "kB brotli");
    Ok(())
}

/// The file without its hash, and its bound in kilobytes.
fn kind(file: &Path) -> (String, Option<f64>) {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = Path::new(name.as_ref())
        .extension()
        .unwrap_or_default()
        .to_string_lossy();
    let bound = match extension.as_ref() {
        "wasm" => Some(300.0),
        "css" => Some(15.0),
        "js" if name.starts_with("calibr-frontend") => Some(15.0),
        "js" if name.starts_with("charts-") => Some(175.0),
        _ => None,
    };
    let plain = match name.rsplit_once('-') {
        Some((before, _)) => format!("{before}.{extension}"),
        None => name.into_owned(),
    };
    (plain, bound)
}
