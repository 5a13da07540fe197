//! One table of cases for the checks that the vectors of GS1's engine do not reach.

use super::*;

fn holds(name: &str, part: &str) -> bool {
    Linter::named(name).unwrap().check(part).is_ok()
}

/// A check, what it takes, and what it refuses.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const CASES: &[Row] = &[
    (
        "csum",
        &["9506000134352", "095060001343521113"],
        &["9506000134353"],
    ),
    (
        "csumalpha",
        &["1987654Ad4X4bL5ttr2310c2K"],
        &["1987654Ad4X4bL5ttr2310c2L", "2"],
    ),
    ("gcppos1", &["1234", "9506000ABC"], &["123", "123A", ""]),
    ("gcppos2", &["A1234", "09506000"], &["A123", "A12B4"]),
    ("iso3166", &["276", "840", "004"], &["000", "280", "999"]),
    ("iso3166999", &["276", "999"], &["998"]),
    ("iso3166alpha2", &["DE", "US"], &["ZZ", "de", "D", "", "D "]),
    ("iso4217", &["978", "840"], &["000", "279"]),
    ("iso5218", &["0", "1", "2", "9"], &["3", ""]),
    (
        "yymmdd",
        &["280229", "991231"],
        &["270229", "260100", "261301", "26010"],
    ),
    (
        "yymmd0",
        &["280229", "260100"],
        &["270229", "260001", "260132"],
    ),
    (
        "yyyymmdd",
        &["20000229", "19991231"],
        &["19000229", "20260100", "20261301"],
    ),
    ("hh", &["00", "23"], &["24"]),
    ("mi", &["00", "59"], &["60"]),
    ("ss", &["00", "59"], &["60"]),
    ("hhmi", &["0000", "2359"], &["2400", "2360"]),
    ("hasnondigit", &["1A2"], &["123", ""]),
    ("hyphen", &["-"], &["+", "1"]),
    (
        "iban",
        &["DE91100000000123456789", "BE71096123456769"],
        &[
            "DE91100000000123456788",
            "XX91100000000123456789",
            "DE9110000",
            "DE911000000001234567-9",
        ],
    ),
    ("importeridx", &["A", "z", "-", "_", "7"], &["/", "="]),
    ("latitude", &["0000000000", "1800000000"], &["1800000001"]),
    ("longitude", &["0000000000", "3600000000"], &["3600000001"]),
    ("mediatype", &["01", "10", "80", "99"], &["00", "11", "79"]),
    ("nonzero", &["0001"], &["0000"]),
    ("nozeroprefix", &["1", "10"], &["0", "01"]),
    ("packagetype", &["1A", "PX", "X20", "8"], &["1C", "px", ""]),
    (
        "pcenc",
        &["abc", "a%20b", "%C3%a9"],
        &["%", "a%2", "a%2g", "%%20"],
    ),
    (
        "pieceoftotal",
        &["0102", "0202", "9999"],
        &["0002", "0100", "0201"],
    ),
    (
        "posinseqslash",
        &["1/1", "1/2", "9/10"],
        &[
            "2/1", "0/1", "1/0", "01/2", "1/", "/1", "12", "10/9", "1/2/3",
        ],
    ),
    ("winding", &["0", "1", "9"], &["2"]),
    ("yesno", &["0", "1"], &["2"]),
    ("zero", &["0"], &["1"]),
];

#[test]
fn each_check_takes_what_is_right_and_refuses_what_is_not() {
    for (name, right, wrong) in CASES {
        for part in *right {
            assert!(holds(name, part), "{name} takes {part}");
        }
        for part in *wrong {
            assert!(!holds(name, part), "{name} refuses {part}");
        }
    }
}

#[test]
fn a_coupon_is_read_field_by_field() {
    // Prefix of six, offer, save value, requirement, its code, family.
    let plain = "012345612345611110123";
    let cases = [
        (plain.to_owned(), true),
        (plain[..plain.len() - 1].to_owned(), false),
        (format!("{plain}7"), false),
        (plain.replacen('0', "7", 1), false),
        (format!("{plain}111011234"), false),
        (format!("{plain}11110 123"), false),
        (format!("{plain}111101239"), true),
        (format!("{plain}1111012301234567"), false),
        (format!("{plain}111101230123456"), true),
        (format!("{plain}21101239"), true),
        (format!("{plain}3271231"), true),
        (format!("{plain}3271232"), false),
        (format!("{plain}32712314271230"), true),
        (format!("{plain}32712304271231"), false),
        (format!("{plain}4271231"), true),
        (format!("{plain}50123456"), true),
        (format!("{plain}5012345"), false),
        (format!("{plain}611234567"), true),
        (format!("{plain}60123456"), false),
        (format!("{plain}90000"), true),
        (format!("{plain}93000"), false),
        (format!("{plain}90002"), false),
        (format!("{plain}900"), false),
        (format!("{plain}501234563271231"), false),
    ];
    for (coupon, valid) in cases {
        assert_eq!(holds("couponcode", &coupon), valid, "{coupon}");
    }
}

#[test]
fn an_offer_has_its_five_fields_and_no_more() {
    let cases = [
        ("001234561234560123456", true),
        (
            "0012345612345691234567890\
          12345",
            true,
        ),
        ("201234561234560123456", false),
        ("071234561234560123456", false),
        ("00123456123456012345", false),
        ("0012345612345601234567", false),
        ("00123456", false),
        ("", false),
        ("0A1234561234560123456", false),
    ];
    for (offer, valid) in cases {
        assert_eq!(holds("couponposoffer", offer), valid, "{offer}");
    }
}
