//! Values of a trial as ODM documents.

use crate::consortium::eventually;
use crate::http::Http;
use crate::trials::{NORTH, SOON, SPONSOR, Study, subjects};
use serde_json::json;

/// Two acts on one value, as an electronic data capture system tells of them.
fn odm_of(subject: &str, value: &str) -> String {
    format!(
        r#"<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Transactional" FileOID="F.1"
  CreationDateTime="2026-11-26T09:00:00Z" ODMVersion="1.3.2">
 <ClinicalData StudyOID="S.1" MetaDataVersionOID="MDV.1"><SubjectData SubjectKey="{subject}">
  <StudyEventData StudyEventOID="V5"><FormData FormOID="F.VS">
   <ItemGroupData ItemGroupOID="IG.VS" TransactionType="Insert">
    <ItemData ItemOID="IT.SYSBP" Value="{value}"><AuditRecord><UserRef UserOID="U.9"/>
     <LocationRef LocationOID="L.9"/><DateTimeStamp>2026-11-26T08:59:00Z</DateTimeStamp>
     </AuditRecord></ItemData>
   </ItemGroupData>
   <ItemGroupData ItemGroupOID="IG.VS" TransactionType="Update">
    <ItemData ItemOID="IT.SYSBP" Value="144"><AuditRecord><UserRef UserOID="U.9"/>
     <LocationRef LocationOID="L.9"/><DateTimeStamp>2026-11-26T09:00:00Z</DateTimeStamp>
     <ReasonForChange>read again from the source</ReasonForChange></AuditRecord></ItemData>
   </ItemGroupData>
  </FormData></StudyEventData></SubjectData></ClinicalData></ODM>"#
    )
}

/// A document with two acts on one value becomes two versions, and both come out again.
pub(crate) fn odm_comes_and_goes(study: &Study) {
    let http = Http::new();
    let clinician = study.consortium.token(NORTH, "clinician");
    let url = study.url(NORTH, "/odm");
    let subject = subjects(NORTH, 1, 7..8).remove(0);
    let send = |text: &str| {
        let answer = http.post_text(&url, &clinician, ("application/xml", text));
        answer.unwrap()
    };
    let taken = send(&odm_of(&subject, "14x"));
    assert_eq!(taken.status, 201, "{}", taken.text());
    let told = taken.json();
    assert_eq!(
        (&told["new"], &told["changed"]),
        (&json!(1), &json!(1)),
        "{told}"
    );
    let warnings = told["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "14x is no integer: {told}");
    for (text, words) in [
        (odm_of("NOBODY", "140"), "NOBODY"),
        (
            odm_of(&subject, "140").replace("FormData", "FromData"),
            "line",
        ),
        (
            odm_of(&subject, "140").replace("ItemOID=\"IT.SYSBP\" ", ""),
            "ItemOID",
        ),
        ("<!DOCTYPE a><ODM/>".to_owned(), "DTD"),
    ] {
        let refused = send(&text);
        assert_eq!(refused.status / 100, 4, "{}", refused.text());
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
    }
    let mut out = (String::new(), String::new());
    eventually("all rows have receipts", SOON, || {
        let history = study.get(NORTH, "clinician", "/odm?history=true");
        let now = study.get(NORTH, "clinician", "/odm");
        out = (history.text(), now.text());
        history.status == 200 && now.status == 200
    });
    let (history, now) = out;
    let user = format!("{}/", study.consortium.id(NORTH));
    for words in [
        "14x",
        "144",
        "read again from the source",
        &user,
        "ReasonForChange",
    ] {
        assert!(history.contains(words), "{words}");
    }
    assert!(now.contains("144") && !now.contains("14x"));
    let from_sponsor = study.get(SPONSOR, "researcher", "/odm?history=true");
    assert_eq!(from_sponsor.status, 400, "{}", from_sponsor.text());
}
