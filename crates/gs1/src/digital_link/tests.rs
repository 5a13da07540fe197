//! Reading and writing Digital Links, case by case.

use super::*;
use crate::brackets;

#[test]
fn a_link_is_read_from_its_key_on() {
    let cases = [
        ("https://id.gs1.org/01/09506000134352", "(01)09506000134352"),
        (
            "HTTP://a.b:8080/c/d/01/09506000134352/22/X/10/Y/21/Z",
            "(01)09506000134352(22)X(10)Y(21)Z",
        ),
        ("https://a.b/01/01/09506000134352", "(01)09506000134352"),
        (
            "https://a.b/01/09506000134352/235/X",
            "(01)09506000134352(235)X",
        ),
        (
            "https://a.b/01/09506000134352/10/10/21/01",
            "(01)09506000134352(10)10(21)01",
        ),
        (
            "https://a.b/01/09506000134352/10/a%2Fb%20?17=271200#21/9",
            "",
        ),
        (
            "https://a.b/01/09506000134352/10/a%2Fb?17=271200#21/9",
            "(01)09506000134352(10)a/b(17)271200",
        ),
        (
            "https://a.b/01/09506000134352?linkType=all&x&&17=271231",
            "(01)09506000134352(17)271231",
        ),
        (
            "https://a.b/414/9506000134352/254/1",
            "(414)9506000134352(254)1",
        ),
        (
            "https://a.b/8010/9506000ABC/8011/12",
            "(8010)9506000ABC(8011)12",
        ),
    ];
    for (uri, read) in cases {
        let outcome = parse(uri).map(|read| read.bracketed());
        assert_eq!(
            outcome.as_deref().unwrap_or_default(),
            read,
            "{uri}: {outcome:?}"
        );
    }
}

#[test]
fn what_is_no_digital_link_is_refused_with_its_reason() {
    use LinkDefect::{
        BelongsInPath, Character, Host, NoKey, NotAttribute, Query, Scheme, Sequence, Twice,
    };
    let cases = [
        ("https://a.b/01/0950600013435<", Character),
        ("https://a.b/01/0950600013435\u{e9}", Character),
        ("ftp://a.b/01/09506000134352", Scheme),
        ("/01/09506000134352", Scheme),
        ("https://a.b", Host),
        ("https:///01/09506000134352", Host),
        ("https://a_b/01/09506000134352", Host),
        ("https://a.b/", NoKey),
        ("https://a.b/10/A", NoKey),
        ("https://a.b/01/09506000134352/", NoKey),
        ("https://a.b/01/09506000134352/10", NoKey),
        ("https://a.b/gtin/09506000134352", NoKey),
        ("https://a.b/01/09506000134352/21/A/10/B", Sequence),
        ("https://a.b/01/09506000134352/22/A/235/B", Sequence),
        ("https://a.b/01/09506000134352?99999=1", Query),
        ("https://a.b/01/09506000134352?17=271231&17=271231", Twice),
        ("https://a.b/01/09506000134352?21=A", NotAttribute),
        ("https://a.b/01/09506000134352/10/A?22=A", NotAttribute),
        ("https://a.b/01/09506000134352?10=A", BelongsInPath),
    ];
    for (uri, defect) in cases {
        assert_eq!(parse(uri), Err(Error::Link(defect)), "{uri}");
    }
}

#[test]
fn the_canonical_link_hoists_the_longest_sequence() {
    let cases = [
        (
            "(21)Z(10)Y(22)X(01)09506000134352",
            Some("/01/09506000134352/22/X/10/Y/21/Z"),
        ),
        (
            "(30)5(17)271231(01)09506000134352",
            Some("/01/09506000134352?17=271231&30=5"),
        ),
        (
            "(01)09506000134352(10)A(10)A",
            Some("/01/09506000134352/10/A"),
        ),
        ("(01)09506000134352(235)A(10)B", None),
        ("(400)A", None),
    ];
    for (text, link) in cases {
        let link = link.map(|path| format!("{CANONICAL_STEM}{path}"));
        assert_eq!(
            brackets::parse(text).unwrap().digital_link(),
            link,
            "{text}"
        );
    }
}

#[test]
fn the_path_of_a_link_stays_the_path() {
    let uri = "https://a.b/01/09506000134352/235/X";
    let read = parse(uri).unwrap();
    assert_eq!(write("https://a.b/", &read).as_deref(), Some(uri));
}
