//! Counting a cohort: cells on one grid, and no two answers that differ by a few persons.
//!
//! Whoever may ask often could ask twice, the second time without somebody, and subtract. So what
//! was answered is kept, as sets of keyed hashes: a set that differs from an answered one of the
//! same cell by fewer than eleven persons, one way or the other, is answered as that one was,
//! today, next year, and whoever asks. `docs/reference/research.md` says what that does not
//! prevent.

use std::collections::BTreeSet;

use proof::{Digest, hash, keyed_hash};
use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};

use super::cohort::{AGES, Cohort, Person, SEXES, grid};
use super::table::{Cell, Counts, told};
use super::{HINT, SMALL, reader, studies};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message;

/// The setting with the secret that persons are hashed with.
const SECRET: &str = "research-persons";
const PERSON: &str = "salus/research-counted/v1";
const CELL: &str = "salus/research-cell/v1";
/// Persons in all sets that are kept.
const KEPT_MAX: usize = 2_000_000;
/// Rows read at a time.
const ROWS: u32 = 512;
/// The kind of these rows in the drawer.
const ANSWERED: u8 = 1;
/// The cell of everybody.
const ALL: &str = "all";

/// A set that was answered.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    cell: String,
    /// Eight bytes for each person, in order, base64.
    persons: String,
}

/// Sets that were answered, and those that come with this question.
#[derive(Default)]
struct Book {
    known: Vec<(String, BTreeSet<u64>)>,
    new: usize,
}

impl Book {
    /// The number to tell for a set: its own, or that of one that is nearly the same.
    fn number(&mut self, cell: &str, persons: BTreeSet<u64>) -> u64 {
        let same = |known: &&(String, BTreeSet<u64>)| {
            known.0 == cell && (known.1.symmetric_difference(&persons).count() as u64) < SMALL
        };
        if let Some((_, known)) = self.known.iter().find(same) {
            return known.len() as u64;
        }
        let count = persons.len() as u64;
        self.known.push((cell.to_owned(), persons));
        self.new += 1;
        count
    }

    fn size(&self) -> usize {
        self.known.iter().map(|(_, persons)| persons.len()).sum()
    }
}

impl Hospital {
    /// Counts the persons of a cohort by sex and age.
    ///
    /// The question is in the log; no patient's own log has it, because nothing of one is told.
    pub async fn count_cohort(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        cohort: &Cohort,
    ) -> Result<Counts, HospitalError> {
        studies(caller)?;
        cohort.check()?;
        if !self.0.counted.take(&caller.username, self.now_us()) {
            return Err(HospitalError::request(
                "too-costly",
                "a researcher asks 200 questions in a day at most",
                "go on tomorrow",
            ));
        }
        let decision = self.for_research(&caller.username).await?;
        let persons = self.persons(&reader(caller, decision), cohort).await?;
        let counts = self.counted_once(cohort, &persons).await?;
        let deed = AccessDeed::Operation("research-count".into());
        let access = Access {
            purpose: Some(super::purpose()),
            query: serde_json::to_string(cohort).ok(),
            ..Access::new(agent, deed, self.now_us())
        };
        self.record_access(access).await?;
        Ok(counts)
    }

    /// The answer to a question, told and kept by one at a time.
    async fn counted_once(
        &self,
        cohort: &Cohort,
        persons: &[Person],
    ) -> Result<Counts, HospitalError> {
        let secret = self.trial_secret(SECRET).await?;
        let name = |id: &str| person_number(&secret, id);
        let _alone = self.0.asking.lock().await;
        let mut book = self.answered_before().await?;
        let known = book.known.len();
        let found = grid(persons);
        let (mut cells, mut counts) = (Vec::new(), Vec::new());
        for (sex, sex_name) in SEXES.iter().enumerate() {
            for (age, ages) in AGES.iter().enumerate() {
                let asked = |given: &Option<String>, is: &str| {
                    given.as_deref().is_none_or(|given| given == is)
                };
                if !asked(&cohort.sex, sex_name) || !asked(&cohort.ages, ages) {
                    continue;
                }
                let here = found.get(&(sex, age)).map_or(&[][..], Vec::as_slice);
                // A small cell is withheld whatever was told before, and not kept.
                let count = here.len() as u64;
                counts.push(if count < SMALL {
                    count
                } else {
                    let here = here.iter().map(|id| name(id)).collect();
                    book.number(&format!("{sex_name} {ages}"), here)
                });
                cells.push((*sex_name, *ages));
            }
        }
        let everybody: BTreeSet<u64> = persons.iter().map(|it| name(&it.id)).collect();
        let is_whole = cohort.sex.is_none() && cohort.ages.is_none();
        let is_small = (everybody.len() as u64) < SMALL;
        let total = (is_whole && !is_small).then(|| book.number(ALL, everybody));
        self.keep_answered(&book, known).await?;
        let (numbers, total) = told(&counts, total, SMALL);
        let at_least = numbers.iter().flatten().sum();
        let cells = cells.into_iter().zip(numbers);
        let cells = cells.map(|((sex, ages), persons)| Cell { sex, ages, persons });
        Ok(Counts {
            cells: cells.collect(),
            total,
            at_least,
        })
    }

    async fn answered_before(&self) -> Result<Book, HospitalError> {
        let (mut book, mut before) = (Book::default(), None);
        loop {
            let rows = self.0.store.latest_sealed(Drawer::Research, before, ROWS);
            let rows = rows.await?;
            let Some(last) = rows.last() else { break };
            before = Some((last.at_us, last.id.clone()));
            for row in rows.iter().filter(|it| it.id.first() == Some(&ANSWERED)) {
                let kept: Answered = self.opened_row(Drawer::Research, row)?;
                let bytes = message::from_base64(&kept.persons)?;
                let numbers = bytes.chunks_exact(8).map(|it| {
                    let eight: [u8; 8] = it.try_into().unwrap_or_default();
                    u64::from_be_bytes(eight)
                });
                book.known.push((kept.cell, numbers.collect()));
            }
        }
        // The first answer is the one that is given again.
        book.known.reverse();
        Ok(book)
    }

    async fn keep_answered(&self, book: &Book, known: usize) -> Result<(), HospitalError> {
        if book.new == 0 {
            return Ok(());
        }
        if book.size() > KEPT_MAX {
            return Err(HospitalError::request(
                "too-costly",
                "so much was counted here that another answer could be subtracted from",
                HINT,
            ));
        }
        let rows = book.known[known..].iter().map(|(cell, persons)| {
            let bytes: Vec<u8> = persons.iter().flat_map(|it| it.to_be_bytes()).collect();
            let name = hash(CELL, &[cell.as_bytes(), &bytes]);
            let id = [&[ANSWERED][..], &name.0].concat();
            let kept = Answered {
                cell: cell.clone(),
                persons: message::to_base64(&bytes),
            };
            self.sealed_row(Drawer::Research, (&id, self.now_us()), &kept)
        });
        let rows: Vec<Sealed> = rows.collect::<Result<_, _>>()?;
        Ok(self.0.store.put_sealed(Drawer::Research, rows).await?)
    }
}

/// What stands for a person in the sets: nobody finds the person from it without the secret.
fn person_number(secret: &Digest, id: &str) -> u64 {
    let name = keyed_hash(&secret.0, PERSON, &[id.as_bytes()]);
    name.0.first_chunk().map_or(0, |it| u64::from_be_bytes(*it))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(from: u64, to: u64) -> BTreeSet<u64> {
        (from..to).collect()
    }

    #[test]
    fn a_question_without_one_person_is_answered_as_the_one_with_that_person() {
        let mut book = Book::default();
        assert_eq!(book.number("all", set(0, 100)), 100);
        assert_eq!(book.number("all", set(0, 99)), 100);
        assert_eq!(book.number("all", set(5, 105)), 100);
        assert_eq!(book.number("all", set(0, 89)), 89);
        assert_eq!(book.number("female 18-34", set(0, 99)), 99);
        assert_eq!((book.known.len(), book.new), (3, 3));
    }

    proptest! {
        /// Two answers about one cell are the same, or of sets that differ by eleven persons.
        #[test]
        fn no_two_answers_differ_by_a_few_persons(
            asked in prop::collection::vec((0_u64..60, 0_u64..60), 1..20),
        ) {
            let mut book = Book::default();
            let mut answers = Vec::new();
            for (from, length) in asked {
                let persons = set(from, from + length);
                answers.push((book.number("all", persons.clone()), persons));
            }
            for (number, persons) in &answers {
                // Each number is that of a set that was answered, and near to what was asked.
                let near = book.known.iter().any(|(_, known)| {
                    known.len() as u64 == *number
                        && (known.symmetric_difference(persons).count() as u64) < SMALL
                });
                prop_assert!(near);
            }
            for (at, (_, one)) in book.known.iter().enumerate() {
                for (_, other) in &book.known[at + 1..] {
                    prop_assert!(one.symmetric_difference(other).count() as u64 >= SMALL);
                }
            }
        }
    }
}
