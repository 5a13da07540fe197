//! One validator loses its power again and again while all four write.

use crate::consortium::{Consortium, eventually, signal};
use crate::writers::{Writers, all_agree, nothing_is_lost};
use std::time::{Duration, Instant};

const KILLS: u64 = 10;
const VICTIM: usize = 1;
/// Three blocks of three members, the turns of the dead one included.
const STANDSTILL_MAX: Duration = Duration::from_secs(10);

#[test]
fn killed_ten_times_it_catches_up_and_nothing_acknowledged_is_lost() {
    let mut consortium = Consortium::start(2);
    let writers = Writers::start(&consortium, Duration::from_millis(20));
    let told = crate::told::Told::start(&consortium, VICTIM);
    let mut pid = consortium.pid(VICTIM);
    let mut longest = Duration::ZERO;
    for round in 0..KILLS {
        // Moments that do not repeat, and are the same in every run.
        std::thread::sleep(Duration::from_millis(300 + round * 7919 % 1100));
        signal("KILL", pid);
        let before = consortium.height(0);
        let killed = Instant::now();
        eventually("the other three go on", STANDSTILL_MAX, || {
            [0, 2, 3]
                .iter()
                .all(|index| consortium.height(*index) >= before + 3)
        });
        longest = longest.max(killed.elapsed());
        pid = consortium.run_node(VICTIM);
        consortium.wait_ready(VICTIM, Duration::from_secs(30));
        let height = consortium.height(0);
        eventually("it catches up", Duration::from_secs(20), || {
            consortium.height(VICTIM) >= height
        });
    }
    crate::replay::is_refused_after_a_crash(&mut consortium, VICTIM, pid);
    told.a_subscriber_misses_nothing();
    let written: Vec<usize> = (0..4).map(|index| writers.count(index)).collect();
    let acknowledged = writers.finish();
    println!(
        "acknowledged at each: {written:?}; three blocks after a kill took {longest:?} at most"
    );
    assert!(written.iter().all(|count| *count > 20), "{written:?}");
    nothing_is_lost(&consortium, &acknowledged);
    for index in 0..4 {
        let last = acknowledged.iter().rfind(|it| it.index == index).unwrap();
        consortium.receipt(index, &last.version, Duration::from_secs(10));
    }
    all_agree(&consortium);
}
