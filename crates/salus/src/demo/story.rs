//! The story: what this release can prove, played on the running demo. Each step is real, and is
//! told with the command that checks it.

mod packs;
mod sharing;

use super::Children;
use super::report::Report;
use crate::cli;
use crate::client::Client;
use crate::failure::{Explain, Failure, Outcome};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Batches go every second; ten times that is broken.
const RECEIPT_MAX: Duration = Duration::from_secs(30);
const CATCH_UP_MAX: Duration = Duration::from_mins(1);

/// Which member is stopped in the story: nobody is at home there.
const STOPPED: usize = 3;

const MEDIA_TYPE: &str = "application/fhir+json";

struct Story<'a> {
    folder: PathBuf,
    trust: &'a Path,
    clinician: Client,
    step: u32,
}

/// One version of a record, and where it and its receipt are kept.
struct Kept {
    record: PathBuf,
    receipt: PathBuf,
}

/// Plays all steps; a step that does not hold is a failed demo.
pub(crate) fn play(children: &Children, report: &mut Report, folder: &Path) -> Outcome {
    let folder = folder.join("story");
    std::fs::create_dir_all(&folder).explain(|| "the story has no folder".into())?;
    let token = report.token(0, "clinician")?;
    let trust = report.trust.clone();
    let clinician = Client::new(&report.organisations[0].base, Some(token))?;
    let mut story = Story {
        folder,
        trust: &trust,
        clinician,
        step: 0,
    };
    println!("The story so far:");
    story.no_token_no_data(report)?;
    let kept = story.a_record_is_provable(report)?;
    story.a_changed_byte_is_refused(&kept)?;
    story.sharing(report)?;
    story.packs(report)?;
    story.three_of_four_go_on(children, report)?;
    story.the_fourth_catches_up(children, report)?;
    println!();
    Ok(())
}

impl Story<'_> {
    fn tell(&mut self, what: &str, check: &str) {
        self.step += 1;
        println!("{}. {what}\n     check: {check}", self.step);
    }

    fn no_token_no_data(&mut self, report: &Report) -> Outcome {
        let organisation = &report.organisations[0];
        let answer = Client::new(&organisation.base, None)?.get("/fhir/Patient")?;
        if answer.status != 401 {
            return Err(Failure::new("a stranger was answered").cause(answer.status));
        }
        self.tell(
            "A stranger asks the hospital for its patients and gets nothing: 401.",
            &format!("curl -i {}/Patient", organisation.fhir),
        );
        Ok(())
    }

    fn a_record_is_provable(&mut self, report: &Report) -> Outcome<Kept> {
        let started = Instant::now();
        let kept = self.write(report, "heart-rate", 72)?;
        let seconds = started.elapsed().as_secs_f64();
        self.verify(&kept.record, &kept.receipt)?;
        let check = self.command(&kept.record, &kept.receipt);
        self.tell(
            &format!(
                "A heart rate is written; {seconds:.1} s later its receipt is ready, and verifies \
                 offline."
            ),
            &check,
        );
        Ok(kept)
    }

    fn a_changed_byte_is_refused(&mut self, kept: &Kept) -> Outcome {
        let text = std::fs::read_to_string(&kept.record).explain(|| "the record is gone".into())?;
        let changed = self.folder.join("heart-rate-changed.json");
        std::fs::write(&changed, text.replacen("72", "73", 1))
            .explain(|| "the story's files cannot be written".into())?;
        match self.verify(&changed, &kept.receipt) {
            Err(failure) if failure.exit_status() == 1 => {}
            Err(failure) => return Err(failure),
            Ok(()) => return Err(Failure::new("a changed record was accepted")),
        }
        let check = self.command(&changed, &kept.receipt);
        self.tell(
            "One byte of the record is changed, 72 to 73: refused.",
            &check,
        );
        Ok(())
    }

    fn three_of_four_go_on(&mut self, children: &Children, report: &Report) -> Outcome {
        children.kill(STOPPED);
        let kept = self.write(report, "heart-rate-three", 75)?;
        self.verify(&kept.record, &kept.receipt)?;
        let check = self.command(&kept.record, &kept.receipt);
        let name = &report.organisations[STOPPED].id;
        self.tell(
            &format!("{name} loses its power (kill -9); the other three go on proving records."),
            &check,
        );
        Ok(())
    }

    fn the_fourth_catches_up(&mut self, children: &Children, report: &mut Report) -> Outcome {
        let organisation = &mut report.organisations[STOPPED];
        organisation.pid = children.restart(STOPPED, &organisation.dir)?;
        let behind = Client::new(&organisation.base, None)?;
        let height = number(&status(&self.clinician)?, "height")?;
        let until = Instant::now() + CATCH_UP_MAX;
        loop {
            let now = status(&behind)
                .and_then(|it| number(&it, "height"))
                .unwrap_or(0);
            if now >= height {
                break;
            }
            if Instant::now() > until {
                return Err(
                    Failure::new(format!("{} does not catch up", organisation.id))
                        .cause(format!("it is at block {now} of {height}")),
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let path = format!("/ledger/blocks/{height}");
        let (here, there) = (self.clinician.get(&path)?.json(), behind.get(&path)?.json());
        if here.is_null() || here != there {
            return Err(Failure::new(format!(
                "two members differ in block {height}"
            )));
        }
        let (what, check) = (
            format!(
                "{} is back and has the same block {height}.",
                organisation.id
            ),
            format!(
                "curl {}{path} {}{path}",
                report.organisations[0].base,
                organisation_base(report)
            ),
        );
        self.tell(&what, &check);
        Ok(())
    }

    /// Writes an observation, keeps it as it is stored, waits for its receipt.
    fn write(&self, report: &Report, name: &str, beats: u32) -> Outcome<Kept> {
        let mut observation = json!({
            "resourceType": "Observation",
            "status": "final",
            "code": { "coding": [{
                "system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"
            }]},
            "effectiveDateTime": "2026-11-02T09:00:00Z",
            "valueQuantity": {
                "value": beats, "unit": "/min",
                "system": "http://unitsofmeasure.org", "code": "/min"
            }
        });
        let home = &report.organisations[0].id;
        if let Some(patient) = report.patients.iter().find(|it| it.home == *home) {
            observation["subject"] = json!({ "reference": format!("Patient/{}", patient.id) });
        }
        let body = observation.to_string();
        let answer = self
            .clinician
            .post("/fhir/Observation", MEDIA_TYPE, body.as_bytes())?;
        let stored = answer.expect_ok("the story's record was refused")?;
        let id = stored.json()["id"].as_str().unwrap_or_default().to_owned();
        let version = format!("/fhir/Observation/{id}/_history/1");
        let exact = self
            .clinician
            .get(&version)?
            .expect_ok("the story's record is gone")?;
        let kept = Kept {
            record: self.folder.join(format!("{name}.json")),
            receipt: self.folder.join(format!("{name}.receipt")),
        };
        let told = || "the story's files cannot be written".to_owned();
        std::fs::write(&kept.record, exact.body).explain(told)?;
        let receipt = self.receipt(&format!("{version}/$receipt"))?;
        std::fs::write(&kept.receipt, receipt).explain(told)?;
        Ok(kept)
    }

    fn receipt(&self, path: &str) -> Outcome<Vec<u8>> {
        let until = Instant::now() + RECEIPT_MAX;
        loop {
            let answer = self
                .clinician
                .get(path)?
                .expect_ok("the receipt was refused")?;
            if answer.status == 200 {
                return Ok(answer.body);
            }
            if Instant::now() > until {
                return Err(Failure::new("the receipt does not come")
                    .cause(format!("waited {} s", RECEIPT_MAX.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn verify(&self, record: &Path, receipt: &Path) -> Outcome {
        crate::verify::check(&cli::Verify {
            receipt: receipt.to_path_buf(),
            trust: self.trust.to_path_buf(),
            record: Some(record.to_path_buf()),
        })
        .map(|_| ())
    }

    fn command(&self, record: &Path, receipt: &Path) -> String {
        let (receipt, record) = (receipt.display(), record.display());
        format!(
            "{} verify {receipt} --trust {} --record {record}",
            super::program(),
            self.trust.display()
        )
    }
}

fn organisation_base(report: &Report) -> &str {
    &report.organisations[STOPPED].base
}

fn status(client: &Client) -> Outcome<Value> {
    Ok(client
        .get("/ledger/status")?
        .expect_ok("the ledger's status is missing")?
        .json())
}

fn number(status: &Value, name: &str) -> Outcome<u64> {
    let found = status[name].as_u64();
    found.ok_or_else(|| Failure::new(format!("the ledger's status has no {name}")))
}
