//! What the schema forbids is refused, with its place.

use std::fmt::Write as _;

use cdisc::odm::{Form, Limits, Odm, OdmError};

use super::support::{HISTORY_1, HISTORY_2, changed, json, xml};

/// From, to, and where and why it is refused.
type Case = (&'static str, &'static str, &'static str);

const WRONG_1: &[Case] = &[
    (
        "<GlobalVariables>",
        "<GlobalVariables><ProtocolName>x</ProtocolName>",
        "line 9, column 22: `ProtocolName` may not stand here in `GlobalVariables`; expected: \
        `StudyName`",
    ),
    (
        "<StudyName>Sleep</StudyName>",
        "",
        "line 11, column 7: `StudyDescription` may not stand here in `GlobalVariables`; expected: \
        `StudyName`",
    ),
    (
        "<ProtocolName>SLP-1</ProtocolName>",
        "",
        "line 9, column 5: `GlobalVariables` ends too early; expected: `ProtocolName`",
    ),
    (
        "FileType=\"Transactional\"",
        "FileType=\"Both\"",
        "line 3, column 1: attribute `FileType`: must be one of: Snapshot, Transactional",
    ),
    (
        "FileOID=\"F.1\"",
        "",
        "line 3, column 1: attribute `FileOID` is missing in `ODM`",
    ),
    (
        "FileOID=\"F.1\"",
        "FileOID=\"\"",
        "line 3, column 1: attribute `FileOID`: not of the type oid: it must not be empty",
    ),
    (
        "CreationDateTime=\"2026-01-10T10:00:00Z\"",
        "CreationDateTime=\"2026-01-10\"",
        "line 3, column 1: attribute `CreationDateTime`: not of the type datetime: it must be a \
        date and time, YYYY-MM-DDTHH:MM:SS",
    ),
    (
        "Mandatory=\"Yes\"",
        "Mandatory=\"yes\"",
        "line 22, column 9: attribute `Mandatory`: must be one of: Yes, No",
    ),
    (
        "<FormRef FormOID=\"F.VS\"",
        "<FormRef OID=\"F.VS\"",
        "line 27, column 9: attribute `OID` may not stand in `FormRef`",
    ),
    (
        "<Alias Context=\"CTR\" Name=\"SLP\"/>",
        "<Alias Context=\"CTR\" Name=\"SLP\"/><Alias Context=\"CTR\" Name=\"x\"/>",
        "line 24, column 42: another `Alias` in this `Protocol` has the same Context",
    ),
    (
        "<StudyEventDef OID=\"SE.AE\"",
        "<StudyEventDef OID=\"SE.V1\"",
        "line 29, column 7: another `StudyEventDef` in this `MetaDataVersion` has the same OID",
    ),
    (
        "<ItemDef OID=\"I.POS\"",
        "<ItemDef OID=\"I.SYS\"",
        "line 58, column 7: another `ItemDef` in this `MetaDataVersion` has the same OID",
    ),
    (
        "<ItemRef ItemOID=\"I.POS\" OrderNumber=\"2\"",
        "<ItemRef ItemOID=\"I.POS\" OrderNumber=\"1\"",
        "line 40, column 9: another `ItemRef` in this `ItemGroupDef` has the same OrderNumber",
    ),
    (
        "SASDatasetName=\"VS\"",
        "SASDatasetName=\"VITALSIGN\"",
        "line 38, column 7: attribute `SASDatasetName`: not of the type sasName: longer than 8",
    ),
    (
        "SASFormatName=\"POS\"",
        "SASFormatName=\"1POS\"",
        "line 68, column 7: attribute `SASFormatName`: not of the type sasFormat: it does not \
        have the form that the type asks for",
    ),
    (
        "SignificantDigits=\"1\"",
        "SignificantDigits=\"-1\"",
        "line 67, column 7: attribute `SignificantDigits`: not of the type nonNegativeInteger: it \
        must be a whole number, 0 or more",
    ),
    (
        "<CheckValue>300</CheckValue>",
        "",
        "line 54, column 11: `MeasurementUnitRef` may not stand here in `RangeCheck`; expected \
        one of: `CheckValue`, `FormalExpression`",
    ),
    (
        "<CheckValue>300</CheckValue>",
        "<CheckValue>300</CheckValue><FormalExpression>x</FormalExpression>",
        "line 53, column 39: `FormalExpression` may not stand here in `RangeCheck`; expected one \
        of: `CheckValue`, `MeasurementUnitRef`, `ErrorMessage`",
    ),
    (
        "<TranslatedText xml:lang=\"de\">",
        "<TranslatedText xml:lang=\"en\">",
        "line 75, column 13: another `TranslatedText` in this `Decode` has the same xml:lang",
    ),
    (
        "xml:lang=\"de\"",
        "xml:lang=\"de_DE\"",
        "line 75, column 13: attribute `xml:lang`: it must be a language tag, as `en` or `en-GB`",
    ),
    (
        "EffectiveDate=\"2026-01-01\"",
        "EffectiveDate=\"2026-02-30\"",
        "line 103, column 7: attribute `EffectiveDate`: not of the type date: it must be a date, \
        YYYY-MM-DD",
    ),
    (
        "<UserRef UserOID=\"U.1\"/>",
        "",
        "line 114, column 9: `LocationRef` may not stand here in `AuditRecord`; expected: \
        `UserRef`",
    ),
    (
        "<DateTimeStamp>2026-01-02T09:00:00+01:00</DateTimeStamp>",
        "<DateTimeStamp>yesterday</DateTimeStamp>",
        "line 115, column 9: the text of `DateTimeStamp`: not of the type datetime: it must be a \
        date and time, YYYY-MM-DDTHH:MM:SS",
    ),
    (
        "<ItemData ItemOID=\"I.SYS\" Value=\"120\"/>",
        "<ItemDataInteger ItemOID=\"I.SYS\">120</ItemDataInteger>",
        "line 130, column 13: `ItemData` may not stand here in `ItemGroupData`; expected one of: \
        `ItemDataInteger`, `ItemDataFloat`",
    ),
    (
        "<ItemData ItemOID=\"I.SYS\" Value=\"120\"/>",
        "words <ItemData ItemOID=\"I.SYS\" Value=\"120\"/>",
        "line 128, column 11: text may not stand in `ItemGroupData`",
    ),
    (
        "IsNull=\"Yes\"",
        "IsNull=\"No\"",
        "line 144, column 13: attribute `IsNull`: must be one of: Yes",
    ),
    (
        "true</ItemDataBoolean>",
        "maybe</ItemDataBoolean>",
        "line 166, column 13: the text of `ItemDataBoolean`: not of the type boolean: it must be \
        true, false, 1 or 0",
    ),
    (
        "37.5</ItemDataFloat>",
        "37,5</ItemDataFloat>",
        "line 167, column 13: the text of `ItemDataFloat`: not of the type float: it must be a \
        decimal number, without an exponent",
    ),
    (
        "AuditRecordID=\"AR.1\"",
        "AuditRecordID=\"AR.9\"",
        "line 164, column 13: refers to an ID that no element here has",
    ),
    (
        "<Signature ID=\"SG.2\">",
        "<Signature ID=\"SG.1\">",
        "line 186, column 7: attribute `ID`: an ID that stands twice",
    ),
    (
        "<KeySet StudyOID=\"S.1\" SubjectKey=\"P-1\"/>",
        "",
        "line 197, column 5: `Annotation` may not stand here in `Association`; expected: `KeySet`",
    ),
    (
        "<ds:SignatureValue>AAAA</ds:SignatureValue>",
        "",
        "line 214, column 5: `KeyInfo` may not stand here in `Signature`; expected: \
        `ds:SignatureValue`",
    ),
    (
        "<ds:X509SerialNumber>12<",
        "<ds:X509SerialNumber>x<",
        "line 219, column 11: the text of `X509SerialNumber`: it must be a whole number",
    ),
];

const WRONG_2: &[Case] = &[
    (
        "StudyName=\"Sleep\" ",
        "",
        "line 8, column 3: attribute `StudyName` is missing in `Study`",
    ),
    (
        "ODMVersion=\"2.0\"",
        "ODMVersion=\"1.3.2\"",
        "line 3, column 1: attribute `ODMVersion`: not of the type ODMVersion: it does not have \
        the form that the type asks for",
    ),
    (
        "xml:lang=\"en\" Type=\"application/xhtml+xml\"",
        "xml:lang=\"en\" Type=\"text/plain\"",
        "line 11, column 7: another `TranslatedText` in this `Description` has the same Type and \
        xml:lang",
    ),
    (
        "<xhtml:li>8 weeks</xhtml:li>",
        "<xhtml:script>x</xhtml:script>",
        "line 11, column 154: `script` may not stand here in `ul`; expected: `xhtml:li`",
    ),
    (
        "<Standard OID=\"ST.1\" Name=\"CDISC/NCI\" Type=\"CT\" PublishingSet=\"SDTM\" \
        Version=\"2024-03-29\" Status=\"Final\"/>",
        "",
        "line 14, column 7: `Standards` ends too early; expected: `Standard`",
    ),
    (
        "LeafID=\"LF.1\"",
        "LeafID=\"LF.2\"",
        "line 18, column 9: refers to an ID that no element here has",
    ),
    (
        "<PDFPageRef Type=\"PhysicalRef\"",
        "<PDFPageRef Type=\"Physical\"",
        "line 18, column 36: attribute `Type`: must be one of: NamedDestination, PhysicalRef",
    ),
    (
        "Repeating=\"Simple\"",
        "Repeating=\"Yes\"",
        "line 45, column 7: attribute `Repeating`: must be one of: No, Simple, Dynamic, Static",
    ),
    (
        "<ItemRef ItemOID=\"I.NOTE\" OrderNumber=\"2\"",
        "<ItemRef ItemOID=\"I.DONE\" OrderNumber=\"2\"",
        "line 42, column 9: another `ItemRef` in this `ItemGroupDef` has the same ItemOID",
    ),
    (
        "<FormalExpression Context=\"XPath\"><Code>. mod 2 = 0</Code></FormalExpression>",
        "<FormalExpression/>",
        "line 55, column 11: `FormalExpression` ends too early; expected one of: `Code`, \
        `ExternalCodeLib`",
    ),
    (
        "<Title>Forms</Title>",
        "",
        "line 72, column 7: `Leaf` ends too early; expected: `Title`",
    ),
    (
        " xlink:href=\"crf.pdf\"",
        "",
        "line 72, column 7: attribute `xlink:href` is missing in `Leaf`",
    ),
    (
        "<User OID=\"U.1\" UserType=\"Investigator\">",
        "<User OID=\"U.1\" UserType=\"Doctor\">",
        "line 76, column 5: attribute `UserType`: must be one of:",
    ),
    (
        "SeqNum=\"1\">SIT",
        "SeqNum=\"0\">SIT",
        "line 107, column 15: attribute `SeqNum`: not of the type positiveInteger: it must be a \
        whole number, 1 or more",
    ),
    (
        "State=\"Closed\"",
        "",
        "line 140, column 15: attribute `State` is missing in `Query`",
    ),
    (
        "<Value>Please check.</Value>",
        "",
        "line 142, column 17: `AuditRecord` may not stand here in `Query`; expected: `Value`",
    ),
    (
        "<ItemData ItemOID=\"I.DONE\"><Value>true</Value></ItemData>",
        "<ItemData ItemOID=\"I.DONE\" Value=\"true\"/>",
        "line 103, column 11: attribute `Value` may not stand in `ItemData`",
    ),
    (
        "<SiteRef LocationOID=\"L.1\"/>",
        "<FormData FormOID=\"F.1\"/>",
        "line 100, column 7: `FormData` may not stand here in `SubjectData`; expected one of: \
        `SiteRef`, `StudyEventData`, `AuditRecord`, `Signature`, `Annotation`, `Query`",
    ),
    (
        "<KeySet StudyOID=\"S.1\"",
        "<KeySet xmlns:o=\"http://www.cdisc.org/ns/odm/v2.0\" o:StudyOID=\"S.1\"",
        "line 157, column 5: attribute `StudyOID` is missing in `KeySet`",
    ),
];

fn first_issue(read: Result<Odm, OdmError>) -> String {
    match read {
        Err(OdmError::Invalid(issues)) => issues.first().unwrap().to_string(),
        other => format!("{other:?}").chars().take(200).collect(),
    }
}

#[test]
fn each_wrong_document_is_refused_at_its_place() {
    let mut found = String::new();
    for (document, cases) in [(HISTORY_1, WRONG_1), (HISTORY_2, WRONG_2)] {
        assert!(xml(document).is_ok());
        for (from, to, expected) in cases {
            let issue = first_issue(xml(&changed(document, from, to)));
            if !issue.starts_with(expected) || expected.is_empty() {
                writeln!(
                    found,
                    "{from} -> {to}\n  is      {issue}\n  not     {expected}"
                )
                .unwrap();
            }
        }
    }
    assert!(found.is_empty(), "\n{found}");
}

/// The same rules, with a pointer into the JSON.
#[test]
fn each_wrong_json_document_is_refused_at_its_pointer() {
    let right = xml(HISTORY_2).unwrap().to_json().unwrap();
    assert!(json(&right).is_ok());
    let mut found = String::new();
    for (from, to, expected) in [
        (
            "\"FileType\":\"Transactional\"",
            "\"FileType\":7",
            "/FileType: attribute `FileType`: must be one of",
        ),
        (
            "\"StudyName\":\"Sleep\",",
            "",
            "/Study/0: attribute `StudyName` is missing",
        ),
        (
            "\"Repeating\":\"Simple\"",
            "\"Repeating\":\"Yes\"",
            "/Study/0/MetaDataVersion/0/ItemGroupDef/1/Repeating: attribute `Repeating`: must be \
            one of",
        ),
        (
            "\"Meaning\":{",
            "\"Meanings\":{",
            "/AdminData/0/SignatureDef/0/LegalReason: `LegalReason` may not stand here in \
            `SignatureDef`; expected: `Meaning`",
        ),
        (
            "\"UserName\":{",
            "\"UserName\":{\"Prefix\":{},",
            "/AdminData/0/User/0/UserName/Prefix: no element may stand in `UserName`",
        ),
    ] {
        let issue = first_issue(json(&changed(&right, from, to)));
        if !issue.starts_with(expected) {
            writeln!(
                found,
                "{from} -> {to}\n  is      {issue}\n  not     {expected}"
            )
            .unwrap();
        }
    }
    assert!(found.is_empty(), "\n{found}");
}

/// An issue goes into logs and answers; a value may be a person's.
#[test]
fn an_issue_quotes_no_value() {
    for (from, to) in [
        ("FileType=\"Transactional\"", "FileType=\"SECRET\""),
        (
            "CreationDateTime=\"2026-01-10T10:00:00Z\"",
            "CreationDateTime=\"SECRET\"",
        ),
        ("true</ItemDataBoolean>", "SECRET</ItemDataBoolean>"),
        ("AuditRecordID=\"AR.1\"", "AuditRecordID=\"SECRET\""),
        ("<AuditRecords>", "SECRET<AuditRecords>"),
        ("Value=\"130\"", "Value=\"SECRET\""),
        ("Value=\"SIT\"", "Value=\"SECRET\""),
        ("<AuditRecords>", "<AuditRecords>&SECRET;"),
        ("ItemOID=\"I.TERM\" Audit", "ItemOID=\"SECRET\" Audit"),
    ] {
        let text = changed(HISTORY_1, from, to);
        let told = match Odm::unjudged(text.as_bytes(), Form::Xml, &Limits::default()) {
            Ok(odm) => format!("{:?} {:?}", odm.issues(), odm.warnings()),
            Err(error) => error.to_string(),
        };
        assert!(!told.contains("SECRET") && told.len() > 5, "{told}");
    }
}
