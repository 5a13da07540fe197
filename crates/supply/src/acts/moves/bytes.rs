//! The bytes of moves (`docs/reference/supply.md`).

use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{Commissioned, Handed, ITEMS_MAX, Moves, Presented, Units};
use crate::acts::{Finding, Reason};
use crate::ids::{ContainerId, Facts, ID_BYTES, Lock, LotId, Opening, PackId, UnitId};

/// A count from 1 to `ITEMS_MAX`, and that many items.
fn write_items<T: Canonical>(writer: &mut Writer, items: &[T]) {
    // A longer list is no body, and this makes it one that no reader takes.
    writer.u16(u16::try_from(items.len()).unwrap_or_default());
    for item in items {
        item.write(writer);
    }
}

fn read_items<T: Canonical>(reader: &mut Reader<'_>) -> Result<Vec<T>, CodecError> {
    let count = usize::from(reader.u16()?);
    if !(1..=ITEMS_MAX).contains(&count) {
        return Err(reader.malformed("count from 1 to 10,000"));
    }
    // No more than the bytes that are there can hold: the count is a claim of the sender.
    let mut items = Vec::with_capacity(count.min(reader.remaining() / ID_BYTES));
    for _ in 0..count {
        items.push(T::read(reader)?);
    }
    Ok(items)
}

impl Canonical for Moves {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Commission { lot, items } => {
                writer.u8(1);
                lot.write(writer);
                write_items(writer, items);
            }
            Self::Contain {
                container,
                opening,
                units,
                items,
            } => {
                writer.u8(2);
                container.write(writer);
                opening.write(writer);
                units.write(writer);
                write_items(writer, items);
            }
            Self::Release {
                container,
                opening,
                units,
                items,
            } => {
                writer.u8(3);
                container.write(writer);
                opening.write(writer);
                units.write(writer);
                write_items(writer, items);
            }
            Self::Hand { units, items } => {
                writer.u8(4);
                units.write(writer);
                write_items(writer, items);
            }
            Self::Take { units, items } => write_units(writer, 5, *units, items),
            Self::TakeBack { units, items } => write_units(writer, 6, *units, items),
            Self::Dispense { items } => {
                writer.u8(7);
                write_items(writer, items);
            }
            Self::Decommission { reason, items } => {
                writer.u8(8);
                reason.write(writer);
                write_items(writer, items);
            }
            Self::Undo { items } => {
                writer.u8(9);
                write_items(writer, items);
            }
            Self::Mark { finding, items } => {
                writer.u8(10);
                finding.write(writer);
                write_items(writer, items);
            }
            Self::Recall { items } => {
                writer.u8(11);
                write_items(writer, items);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match reader.u8()? {
            1 => Self::Commission {
                lot: LotId::read(reader)?,
                items: read_items(reader)?,
            },
            2 => Self::Contain {
                container: ContainerId::read(reader)?,
                opening: Opening::read(reader)?,
                units: Units::read(reader)?,
                items: read_items(reader)?,
            },
            3 => Self::Release {
                container: ContainerId::read(reader)?,
                opening: Opening::read(reader)?,
                units: Units::read(reader)?,
                items: read_items(reader)?,
            },
            4 => Self::Hand {
                units: Units::read(reader)?,
                items: read_items(reader)?,
            },
            5 => Self::Take {
                units: Units::read(reader)?,
                items: read_items(reader)?,
            },
            6 => Self::TakeBack {
                units: Units::read(reader)?,
                items: read_items(reader)?,
            },
            7 => Self::Dispense {
                items: read_items(reader)?,
            },
            8 => Self::Decommission {
                reason: Reason::read(reader)?,
                items: read_items(reader)?,
            },
            9 => Self::Undo {
                items: read_items(reader)?,
            },
            10 => Self::Mark {
                finding: Finding::read(reader)?,
                items: read_items(reader)?,
            },
            11 => Self::Recall {
                items: read_items(reader)?,
            },
            _ => return Err(reader.malformed("act")),
        })
    }
}

fn write_units(writer: &mut Writer, act: u8, units: Units, items: &[Presented]) {
    writer.u8(act);
    units.write(writer);
    write_items(writer, items);
}

impl Canonical for Units {
    fn write(&self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Packs => 1,
            Self::Containers => 2,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Packs),
            2 => Ok(Self::Containers),
            _ => Err(reader.malformed("kind of unit")),
        }
    }
}

impl Canonical for Commissioned {
    fn write(&self, writer: &mut Writer) {
        self.pack.write(writer);
        self.facts.write(writer);
        self.opening.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            pack: PackId::read(reader)?,
            facts: Facts::read(reader)?,
            opening: Opening::read(reader)?,
        })
    }
}

impl Canonical for Presented {
    fn write(&self, writer: &mut Writer) {
        self.unit.write(writer);
        self.opening.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            unit: UnitId::read(reader)?,
            opening: Opening::read(reader)?,
        })
    }
}

impl Canonical for Handed {
    fn write(&self, writer: &mut Writer) {
        self.unit.write(writer);
        self.opening.write(writer);
        self.next.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            unit: UnitId::read(reader)?,
            opening: Opening::read(reader)?,
            next: Lock::read(reader)?,
        })
    }
}
