//! The published files.

use cdisc::CdiscError;
use cdisc::dataset::{Dataset, Form, Limits, row_digest, structure_digest};

use crate::{files, folder};

fn read(path: &std::path::Path) -> (Form, Dataset) {
    let bytes = std::fs::read(path).unwrap();
    let form = Form::of(&bytes).unwrap();
    let dataset = Dataset::read(&bytes, form, &Limits::default());
    (
        form,
        dataset.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    )
}

#[test]
fn every_published_file_is_read_in_the_form_it_is_in() {
    let Some(folder) = folder() else { return };
    let examples = folder.join("examples");
    for (extension, form) in [
        ("json", Form::Json),
        ("ndjson", Form::Ndjson),
        ("dsjc", Form::Compressed),
    ] {
        let paths = files(&examples.join("sdtm"), extension);
        assert_eq!(paths.len(), 28, "{extension}");
        for path in paths {
            let (found, dataset) = read(&path);
            assert_eq!(found, form, "{}", path.display());
            assert_eq!(
                dataset.warnings(&Limits::default()),
                [],
                "{}",
                path.display()
            );
        }
    }
    let (_, international) = read(&examples.join("i18n/ae.json"));
    assert_eq!(international.rows.len(), 1191);
}

#[test]
fn the_three_forms_of_a_dataset_are_one_dataset() {
    let Some(folder) = folder() else { return };
    for path in files(&folder.join("examples/sdtm"), "json") {
        let (_, json) = read(&path);
        let (_, lines) = read(&path.with_extension("ndjson"));
        assert_eq!(json, lines, "{}", path.display());
        // The compressed files were made by another program, on another day.
        let (_, mut compressed) = read(&path.with_extension("dsjc"));
        compressed.head.created.clone_from(&json.head.created);
        compressed
            .head
            .source_system
            .clone_from(&json.head.source_system);
        assert_eq!(json, compressed, "{}", path.display());
        assert_eq!(structure_digest(&json), structure_digest(&compressed));
    }
}

#[test]
fn a_dataset_written_and_read_keeps_every_byte_and_every_digest() {
    let Some(folder) = folder() else { return };
    for path in files(&folder.join("examples/sdtm"), "json") {
        let (_, dataset) = read(&path);
        for form in [Form::Json, Form::Ndjson, Form::Compressed] {
            let written = dataset.write(form).unwrap();
            assert_eq!(Form::of(&written), Some(form));
            let again = Dataset::read(&written, form, &Limits::default()).unwrap();
            assert_eq!(again, dataset);
            assert_eq!(again.write(form).unwrap(), written);
            let row = dataset.rows.last().unwrap();
            assert_eq!(
                row_digest(&dataset.columns, row),
                row_digest(&again.columns, again.rows.last().unwrap())
            );
        }
    }
}

#[test]
fn what_is_compressed_is_zlib_as_the_text_says_and_gzip_is_read_too() {
    let Some(folder) = folder() else { return };
    let path = folder.join("examples/sdtm/dm.dsjc");
    let published = std::fs::read(&path).unwrap();
    assert_eq!(published[..2], [0x1F, 0x8B], "the published file is gzip");
    let (_, dataset) = read(&path);
    let written = dataset.write(Form::Compressed).unwrap();
    assert_eq!(
        written[..2],
        [0x78, 0xDA],
        "zlib, 32 KB window, best compression"
    );
}

#[test]
fn attributes_that_are_no_part_of_the_standard_are_named() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join("examples/extensions/extended_dataset.json")).unwrap();
    let refused = Dataset::read(&bytes, Form::Json, &Limits::default());
    let Err(CdiscError::Invalid(issues)) = refused else {
        panic!("{refused:?}")
    };
    let at = |place: &str| issues.iter().any(|issue| issue.at == place);
    assert!(at("/isReferenceData"), "{issues:?}");
    assert!(at("/sourceSystem/systemExtensions"), "{issues:?}");
}
