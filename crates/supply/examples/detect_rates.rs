//! How often the rules of detection are right on a seeded trade with lost reads and scanner faults:
//! `cargo run --release -p supply --example detect_rates -- [SEED] [PACKS]`.
//!
//! A model of one pack at a time, to choose the tolerances by; it knows nothing of documents,
//! nodes or bar codes.
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement speaks, and rounds"
)]

use std::collections::BTreeMap;

use supply::Roles;
use supply::acts::{Finding, Reason, Status};
use supply::detect::{
    Act, Case, DAY_MS, HOUR_MS, Identity, Known, MINUTE_MS, Observation, Place, Printed, Reading,
    Rule, Tolerance, judge,
};

const START_MS: u64 = 1_790_000_000_000;
const LOST_PER_MILLE: u64 = 20;
const FAULTS_PER_MILLE: u64 = 5;

struct Dice(u64);

impl Dice {
    fn draw(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }
}

/// A life, and what the ledger says from each observation on.
struct Life {
    seen: Vec<(Observation, Option<Known>)>,
    last_day: u32,
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse::<u64>().ok());
    let seed = arguments.next().unwrap_or(7);
    let packs = arguments.next().unwrap_or(100_000);
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..16 {
        dice.draw(2);
    }
    let partners = partners();
    let (mut scans, mut hints) = (0_u64, 0_u64);
    let mut alarms: BTreeMap<Rule, u64> = BTreeMap::new();
    for _ in 0..packs {
        let life = honest(&mut dice);
        scan_all(&life, &partners, |found| {
            scans += 1;
            hints += u64::from(found.iter().any(|one| !one.certainty.is_alarm()));
            for one in found.iter().filter(|one| one.certainty.is_alarm()) {
                *alarms.entry(one.rule).or_default() += 1;
            }
        });
    }
    println!("seed {seed}: {packs} honest packs, {scans} scans, {hints} of them with a hint");
    let all: u64 = alarms.values().sum();
    println!(
        "  false alarms: {} in 10,000 scans",
        interval(all, scans, 10_000.0)
    );
    for (rule, count) in &alarms {
        println!("  {rule}: {}", interval(*count, scans, 10_000.0));
    }
    for (name, attack) in ATTACKS {
        let tries = packs / 20;
        let mut caught = 0;
        for _ in 0..tries {
            let life = attack(&mut dice);
            let mut is_caught = false;
            scan_all(&life, &partners, |found| {
                is_caught |= found.iter().any(|one| one.certainty.is_alarm());
            });
            caught += u64::from(is_caught);
        }
        println!("  caught, {name}: {} %", interval(caught, tries, 100.0));
    }
}

/// Wilson's interval for a share, 95 %.
fn interval(count: u64, of: u64, unit: f64) -> String {
    let (n, z) = (of.max(1) as f64, 1.96_f64);
    let share = count as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = unit / (1.0 + z * z / n);
    let (low, high) = ((middle - half).max(0.0) * scale, (middle + half) * scale);
    format!("{:.3} ({low:.3} to {high:.3})", share * unit)
}

/// Scans in order; of those before, some were lost.
fn scan_all(
    life: &Life,
    partners: &BTreeMap<String, Roles>,
    mut each: impl FnMut(&[supply::detect::Suspicion]),
) {
    let mut history: Vec<Observation> = Vec::new();
    for (now, ledger) in &life.seen {
        let case = Case {
            now,
            history: &history,
            ledger: ledger.as_ref(),
            partners,
            last_day: Some(life.last_day),
            identity: Identity {
                product: "09506000134352",
                serial: "QX7M2K9P4T",
            },
            fakes: &[],
        };
        each(&judge(&case, &Tolerance::default()));
        // The dice of the loss are in the observation: the same life loses the same reads.
        if now.time_ms % 1_000 >= LOST_PER_MILLE {
            history.push(now.clone());
        }
    }
}

fn partners() -> BTreeMap<String, Roles> {
    let mut all = BTreeMap::new();
    for number in 0..10 {
        all.insert(
            format!("maker-{number}"),
            Roles::MAKER.and(Roles::WHOLESALER),
        );
        all.insert(format!("whole-{number}"), Roles::WHOLESALER);
        all.insert(format!("pharmacy-{number}"), Roles::DISPENSER);
    }
    all
}

fn any(kind: &str, dice: &mut Dice) -> String {
    format!("{kind}-{}", dice.draw(10))
}

/// Cities lie where the name of the organisation says, from Lisbon to Warsaw.
fn place(organisation: &str) -> Place {
    let digit = organisation
        .bytes()
        .last()
        .map_or(0, |byte| i32::from(byte % 10));
    let kind = organisation
        .bytes()
        .next()
        .map_or(0, |byte| i32::from(byte % 7));
    Place {
        latitude_e6: 38_000_000 + digit * 1_400_000 + kind * 200_000,
        longitude_e6: -9_000_000 + digit * 3_000_000,
    }
}

struct Writer {
    life: Life,
    known: Option<Known>,
    time_ms: u64,
    printed: Printed,
}

impl Writer {
    fn new(maker: &str) -> Self {
        let printed = Printed {
            lot: Some("LOT7A".to_owned()),
            expiry: Some("281231".to_owned()),
        };
        let known = Known {
            status: Status::Active,
            since_ms: START_MS,
            ended_by: None,
            finding: Finding::Clear,
            recalled_ms: None,
            maker: maker.to_owned(),
            printed: Some(printed.clone()),
            facts_match: Some(true),
            in_hand: Some(true),
        };
        let last_day = u32::try_from(START_MS / DAY_MS).unwrap_or(0) + 800;
        let life = Life {
            seen: Vec::new(),
            last_day,
        };
        Self {
            life,
            known: Some(known),
            time_ms: START_MS,
            printed,
        }
    }

    fn act(&mut self, hours: u64, organisation: &str, act: Act, dice: &mut Dice) {
        self.time_ms += hours * HOUR_MS + dice.draw(HOUR_MS);
        // A clock that is wrong by up to ten minutes.
        let skew_ms = dice.draw(20 * MINUTE_MS);
        let is_fault = dice.draw(1_000) < FAULTS_PER_MILLE;
        let reading = match (is_fault, dice.draw(5)) {
            (false, _) => Reading::Clean,
            (true, 0) => Reading::Doubtful,
            (true, _) => Reading::Repaired,
        };
        let now = Observation {
            time_ms: self.time_ms + skew_ms,
            place: Some(place(organisation)),
            printed: self.printed.clone(),
            organisation: organisation.to_owned(),
            act,
            reading,
        };
        let is_end = now.act == Act::Dispensed;
        self.life.seen.push((now, self.known.clone()));
        if let Some(known) = self.known.as_mut().filter(|_| is_end) {
            known.status = Status::Dispensed;
            known.since_ms = self.time_ms;
            known.ended_by = Some(organisation.to_owned());
        }
    }

    fn send(&mut self, from: &str, to: &str, dice: &mut Dice) {
        let ship = Act::Shipped {
            to: Some(to.to_owned()),
        };
        self.act(12 + dice.draw(72), from, ship, dice);
        self.act(12 + dice.draw(48), to, Act::Received, dice);
    }
}

/// Until a pharmacy has it: one to three wholesalers, in a case at first; some come back.
fn to_pharmacy(dice: &mut Dice) -> (Writer, String) {
    let maker = any("maker", dice);
    let mut writer = Writer::new(&maker);
    let case = || "case".to_owned();
    writer.act(0, &maker, Act::Commissioned, dice);
    writer.act(1, &maker, Act::Packed { container: case() }, dice);
    let mut holder = maker;
    for step in 0..=dice.draw(3) {
        let next = any("whole", dice);
        if next == holder {
            continue;
        }
        writer.send(&holder, &next, dice);
        if step == 0 {
            writer.act(1, &next, Act::Unpacked { container: case() }, dice);
        }
        holder = next;
    }
    let mut pharmacy = any("pharmacy", dice);
    writer.send(&holder, &pharmacy, dice);
    if dice.draw(100) < 3 {
        writer.send(&pharmacy, &holder, dice);
        pharmacy = any("pharmacy", dice);
        writer.send(&holder, &pharmacy, dice);
    }
    (writer, pharmacy)
}

fn honest(dice: &mut Dice) -> Life {
    let (mut writer, pharmacy) = to_pharmacy(dice);
    writer.act(1 + dice.draw(900), &pharmacy, Act::Verified, dice);
    writer.act(1, &pharmacy, Act::Dispensed, dice);
    if dice.draw(100) < 2 {
        writer.act(0, &pharmacy, Act::Verified, dice);
    }
    writer.life
}

type Attack = fn(&mut Dice) -> Life;

const ATTACKS: [(&str, Attack); 9] = [
    ("an invented serial number", |dice| {
        dispensed(dice, |writer, _| writer.known = None)
    }),
    ("a copy, dispensed after the true one", |dice| {
        let (mut writer, pharmacy) = to_pharmacy(dice);
        writer.act(5, &pharmacy, Act::Dispensed, dice);
        let other = elsewhere("pharmacy", &pharmacy, dice);
        writer.act(24, &other, Act::Dispensed, dice);
        writer.life
    }),
    ("a copy in a second trade, not yet dispensed", |dice| {
        let (mut writer, pharmacy) = to_pharmacy(dice);
        let other = elsewhere("whole", &pharmacy, dice);
        for organisation in [&other, &pharmacy, &other, &pharmacy] {
            writer.act(20, organisation, Act::Verified, dice);
        }
        writer.life
    }),
    ("a later expiry, printed over", |dice| {
        dispensed(dice, |writer, _| {
            writer.printed.expiry = Some("291231".to_owned());
        })
    }),
    ("a stolen pack", |dice| {
        dispensed(dice, |writer, now_ms| {
            if let Some(known) = &mut writer.known {
                known.status = Status::Decommissioned(Reason::Stolen);
                known.since_ms = now_ms;
            }
        })
    }),
    ("a recalled pack", |dice| {
        dispensed(dice, |writer, now_ms| {
            if let Some(known) = &mut writer.known {
                known.recalled_ms = Some(now_ms);
            }
        })
    }),
    ("an expired pack", |dice| {
        dispensed(dice, |writer, now_ms| {
            writer.life.last_day = u32::try_from(now_ms / DAY_MS).unwrap_or(0) - 3;
        })
    }),
    ("a seller who is no partner", |dice| {
        let (mut writer, pharmacy) = to_pharmacy(dice);
        writer.act(24, "internet-shop", Act::Received, dice);
        writer.act(24, &pharmacy, Act::Verified, dice);
        writer.life
    }),
    ("a pack that the ledger has elsewhere", |dice| {
        dispensed(dice, |writer, _| {
            if let Some(known) = &mut writer.known {
                known.in_hand = Some(false);
            }
        })
    }),
];

fn dispensed(dice: &mut Dice, tamper: impl Fn(&mut Writer, u64)) -> Life {
    let (mut writer, pharmacy) = to_pharmacy(dice);
    let now_ms = writer.time_ms;
    tamper(&mut writer, now_ms);
    writer.act(24, &pharmacy, Act::Verified, dice);
    writer.act(24, &pharmacy, Act::Dispensed, dice);
    writer.life
}

/// Another one than `other`.
fn elsewhere(kind: &str, other: &str, dice: &mut Dice) -> String {
    let digit = other.bytes().last().map_or(0, |byte| u64::from(byte % 10));
    // The byte of `0` is 48.
    let number = (digit + 2 + 1 + dice.draw(9)) % 10;
    format!("{kind}-{number}")
}
