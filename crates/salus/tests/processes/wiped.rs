//! A node whose ledger is gone gets it back from its peers; one without a folder, from a backup.

use crate::backed_up;
use crate::consortium::{Consortium, eventually, signal};
use crate::writers::{Writers, all_agree, nothing_is_lost};
use std::time::Duration;

const WIPED: usize = 2;

#[test]
fn a_node_rejoins_without_its_ledger_and_another_from_a_backup() {
    let mut consortium = Consortium::start(2);
    let writers = Writers::start(&consortium, Duration::from_millis(20));
    std::thread::sleep(Duration::from_secs(5));
    signal("KILL", consortium.pid(WIPED));
    let ledger = consortium.org_dir(WIPED).join("ledger");
    eventually(
        "the ledger's folder is removed",
        Duration::from_secs(5),
        || std::fs::remove_dir_all(&ledger).is_ok() || !ledger.exists(),
    );
    std::thread::sleep(Duration::from_secs(2));
    consortium.run_node(WIPED);
    consortium.wait_ready(WIPED, Duration::from_mins(1));
    let height = consortium.height(0);
    eventually("it has every block again", Duration::from_secs(30), || {
        consortium.height(WIPED) >= height
    });
    let before = writers.count(WIPED);
    eventually("it takes writes again", Duration::from_secs(20), || {
        writers.count(WIPED) > before + 5
    });
    let restored = backed_up::loses_its_folder(&mut consortium, &writers);
    let mut acknowledged = writers.finish();
    acknowledged.retain(|it| !restored.is_lost(it));
    nothing_is_lost(&consortium, &acknowledged);
    restored.is_whole(&consortium, &acknowledged);
    let own: Vec<_> = acknowledged.iter().filter(|it| it.index == WIPED).collect();
    // One from before the loss, one from after it.
    for it in [own.first().unwrap(), own.last().unwrap()] {
        consortium.receipt(WIPED, &it.version, Duration::from_secs(20));
    }
    all_agree(&consortium);
    consortium.stop();
    restored.is_clean(&consortium);
}
