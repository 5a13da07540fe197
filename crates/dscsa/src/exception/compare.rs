//! What came against what the papers say.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Difference, Exceptions, GtinError, Misalignment, MissingData, MissingProduct,
    ObservationSource, Resolution,
};
use crate::transaction::TransactionInformation;

/// A pack that was scanned at receiving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// GTIN-14.
    pub gtin: String,
    /// The serial number.
    pub serial: String,
    /// The lot; empty: the code has none.
    pub lot: String,
    /// The last day, `YYYY-MM-DD`; empty: the code has none.
    pub expiry: String,
}

/// How many of a product were ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordered {
    /// GTIN-14.
    pub gtin: String,
    /// How many.
    pub quantity: u64,
}

/// What a person counted at receiving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// What was scanned.
    pub received: Vec<Received>,
    /// What was ordered, where that is told.
    pub ordered: Vec<Ordered>,
}

/// Everything that differs between the papers of a shipping and what came. `name` makes the name of
/// an item: each is asked for once.
pub fn compared<E>(
    papers: &TransactionInformation,
    counted: &Counted,
    name: &mut dyn FnMut() -> Result<String, E>,
) -> Result<Exceptions, E> {
    let mut told: BTreeMap<(&str, &str), (&str, &str)> = BTreeMap::new();
    for line in &papers.lines {
        for serial in &line.serials {
            told.insert((&line.product.gtin, serial), (&line.lot, &line.expiry));
        }
    }
    let mut exceptions = Exceptions::default();
    let mut came: BTreeSet<(&str, &str)> = BTreeSet::new();
    for pack in &counted.received {
        let key = (&*pack.gtin, &*pack.serial);
        if !came.insert(key) {
            continue;
        }
        let Some((lot, expiry)) = told.get(&key) else {
            let item = MissingData {
                exception_item_uuid: name()?,
                product_gtin: pack.gtin.clone(),
                observation_source: ObservationSource::Scan,
                resolution_request: Resolution::SendNewData,
                product_serial: Some(pack.serial.clone()),
            };
            exceptions
                .missing_product_data
                .get_or_insert_default()
                .push(item);
            continue;
        };
        let differs = |printed: &str, data: &str| !printed.is_empty() && printed != data;
        if differs(&pack.lot, lot) || differs(&pack.expiry, expiry) {
            let item = Misalignment {
                exception_item_uuid: name()?,
                received_product_gtin: pack.gtin.clone(),
                received_product_lot: pack.lot.clone(),
                received_product_expiry: pack.expiry.clone(),
                received_product_serial: Some(pack.serial.clone()),
                product_data_gtin: pack.gtin.clone(),
                product_data_lot: (*lot).to_owned(),
                product_data_expiry: (*expiry).to_owned(),
                product_data_serial: Some(pack.serial.clone()),
                resolution_request: Resolution::SendNewData,
            };
            exceptions
                .data_misalignment
                .get_or_insert_default()
                .push(item);
        }
    }
    for (gtin, serial) in told.keys().filter(|key| !came.contains(*key)) {
        let item = MissingProduct {
            exception_item_uuid: name()?,
            file_id: papers.transaction.clone(),
            product_gtin: (*gtin).to_owned(),
            product_serial: (*serial).to_owned(),
            resolution_request: Resolution::SendProduct,
        };
        exceptions
            .missing_product
            .get_or_insert_default()
            .push(item);
    }
    quantities(&came, &counted.ordered, &mut exceptions, name)?;
    master_data(papers, &mut exceptions, name)?;
    Ok(exceptions)
}

/// More or fewer than were ordered.
fn quantities<E>(
    came: &BTreeSet<(&str, &str)>,
    ordered: &[Ordered],
    exceptions: &mut Exceptions,
    name: &mut dyn FnMut() -> Result<String, E>,
) -> Result<(), E> {
    for line in ordered {
        let received = came.iter().filter(|(gtin, _)| *gtin == line.gtin).count() as u64;
        let (list, resolution_request) = match received.cmp(&line.quantity) {
            std::cmp::Ordering::Equal => continue,
            std::cmp::Ordering::Greater => (&mut exceptions.overages, Resolution::SendBackProduct),
            std::cmp::Ordering::Less => (&mut exceptions.underages, Resolution::SendProduct),
        };
        list.get_or_insert_default().push(Difference {
            exception_item_uuid: name()?,
            gtin: line.gtin.clone(),
            quantity_ordered: line.quantity,
            quantity_received: received,
            resolution_request,
        });
    }
    Ok(())
}

/// Product numbers of the papers that cannot be.
fn master_data<E>(
    papers: &TransactionInformation,
    exceptions: &mut Exceptions,
    name: &mut dyn FnMut() -> Result<String, E>,
) -> Result<(), E> {
    let gtins: BTreeSet<&str> = papers.lines.iter().map(|it| &*it.product.gtin).collect();
    for gtin in gtins {
        if gs1::gtin::normal(gtin).is_ok_and(|it| it == gtin) {
            continue;
        }
        let errors = exceptions.master_data_errors.get_or_insert_default();
        errors.gtin_errors.get_or_insert_default().push(GtinError {
            exception_item_uuid: name()?,
            invalid_gtin: gtin.to_owned(),
            proposed_gtin: None,
            resolution_request: Some(Resolution::SendNewData),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Product;
    use crate::transaction::Line;

    const GTIN: &str = "09506000134352";

    fn papers(serials: &[&str]) -> TransactionInformation {
        TransactionInformation {
            transaction: "urn:uuid:1".into(),
            lines: vec![Line {
                product: Product {
                    gtin: GTIN.into(),
                    ..Product::default()
                },
                lot: "L1".into(),
                expiry: "2027-12-31".into(),
                number_of_containers: serials.len(),
                serials: serials.iter().map(|it| (*it).to_owned()).collect(),
                ..Line::default()
            }],
            ..TransactionInformation::default()
        }
    }

    fn scan(serial: &str, lot: &str) -> Received {
        Received {
            gtin: GTIN.into(),
            serial: serial.into(),
            lot: lot.into(),
            expiry: "2027-12-31".into(),
        }
    }

    fn differs(received: Vec<Received>, ordered: u64) -> Exceptions {
        let mut next = 0;
        let mut name = || {
            next += 1;
            Ok::<String, ()>(format!("item-{next}"))
        };
        let ordered = vec![Ordered {
            gtin: GTIN.into(),
            quantity: ordered,
        }];
        let counted = Counted { received, ordered };
        compared(&papers(&["A", "B"]), &counted, &mut name).unwrap()
    }

    #[test]
    fn what_came_as_told_is_no_exception() {
        let both = vec![scan("A", "L1"), scan("B", "")];
        assert_eq!(differs(both, 2), Exceptions::default());
    }

    #[test]
    fn each_difference_has_its_kind() {
        let odd = vec![
            scan("A", "L2"),
            scan("C", "L1"),
            scan("C", "L1"),
            scan("D", "L1"),
        ];
        let found = differs(odd, 2);
        let wrong = found.data_misalignment.unwrap();
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].received_product_lot, "L2");
        assert_eq!(wrong[0].product_data_lot, "L1");
        let no_data = found.missing_product_data.unwrap();
        assert_eq!(no_data.len(), 2);
        let absent = found.missing_product.unwrap();
        assert_eq!(absent[0].product_serial, "B");
        assert_eq!(absent[0].file_id, "urn:uuid:1");
        assert_eq!(found.overages.unwrap()[0].quantity_received, 3);
        assert_eq!(found.underages, None);
        let few = differs(vec![scan("A", "L1")], 2);
        assert_eq!(few.underages.unwrap()[0].quantity_received, 1);
    }

    #[test]
    fn a_number_that_cannot_be_is_a_fault_of_master_data() {
        let mut wrong = papers(&[]);
        wrong.lines[0].product.gtin = "09506000134353".into();
        let mut name = || Ok::<String, ()>("item".into());
        let found = compared(&wrong, &Counted::default(), &mut name).unwrap();
        let errors = found.master_data_errors.unwrap().gtin_errors.unwrap();
        assert_eq!(errors[0].invalid_gtin, "09506000134353");
    }
}
