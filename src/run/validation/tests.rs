//! The closed forms against their published tables; all scenarios load; a wrong figure is seen.

use super::formulas::{
    Timer, erlang_c, mean_wait, mean_wait_of_many, periodic_wait_above, wait_quantile,
    wait_quantile_of_many,
};
use super::{FILES, TABLES, aws, experiments, validate};
use crate::scenario::{Source, load};

fn close(value: f64, due: f64, share: f64) {
    assert!((value - due).abs() <= share * due.abs(), "{value} instead of {due}");
}

#[test]
fn closed_forms_are_those_of_the_published_tables() {
    close(mean_wait(0.7, 1.0), 2.333_333, 1e-6);
    close(mean_wait(0.9, 0.0), 4.5, 1e-6);
    close(mean_wait(0.8, 4.0), 10.0, 1e-6);
    close(wait_quantile(0.95, 0.99), 91.0775, 1e-5);
    close(erlang_c(4, 0.7), 0.428_654, 1e-5);
    close(mean_wait_of_many(16, 0.7), 0.027_016, 1e-4);
    close(wait_quantile_of_many(64, 0.95, 0.99), 1.2732, 1e-4);
    close(periodic_wait_above(100, 125.0, 1.0), 5.422e-1, 1e-3);
    close(periodic_wait_above(1000, 1100.0, 10.0), 1.184e-1, 1e-3);
    let coap = Timer { first: 2.5, cap: f64::INFINITY, repetitions: 4 };
    let (flights, given_up, delay) = coap.exchange(0.2);
    close(flights, 1.553_052, 1e-6);
    close(given_up, 6.047e-3, 1e-3);
    close(delay, 2.136_655, 1e-6);
    let dtls = Timer { first: 9.0, cap: 60.0, repetitions: 4 };
    let (flights, failed, delay) = dtls.handshake(0.3);
    close(flights, 3.872_82, 1e-5);
    close(failed, 6.781e-2, 1e-3);
    close(delay, 28.715_86, 1e-5);
    let timer = |first| Timer { first, cap: 60.0, repetitions: 20 };
    assert_eq!([1.0, 2.0, 9.0].map(|first| timer(first).transmissions(70.0)), [7, 6, 4]);
}

#[test]
fn every_experiment_loads_and_belongs_to_a_table() {
    let all = experiments::all();
    for experiment in &all {
        let (path, text) = FILES.iter().find(|(path, _)| *path == experiment.path).unwrap();
        let loaded = load(&Source::new(*path, (*text).to_owned()), &experiment.overrides, Some(1));
        assert!(loaded.is_ok(), "{}: {}", experiment.case, loaded.err().unwrap().render(false));
        assert!(TABLES.iter().any(|(table, _)| *table == experiment.table));
    }
    for (table, _) in TABLES {
        let is_there = all.iter().any(|experiment| experiment.table == table);
        assert!(is_there || table == aws::TABLE, "{table} has no experiment");
    }
}

#[test]
fn quick_tables_hold_and_a_wrong_reference_does_not() {
    let tables = ["T6", "PT1", "PT3", "PT4"].map(ToOwned::to_owned);
    let validation = validate(&tables, 2, &|| true);
    assert!(!validation.is_partial);
    assert_eq!(validation.rows.len(), 30 + 4 + 16 + 2);
    for row in &validation.rows {
        assert!(row.holds, "{row:?}");
    }
    let mut wrong = experiments::all();
    let experiment = wrong.iter_mut().find(|experiment| experiment.table == "PT1").unwrap();
    experiment.quantities[0].reference += 1.0;
    let values = experiment.values(1, &|| true).unwrap();
    assert!(!experiment.rows(&[values])[0].holds);
}

#[test]
fn what_is_stopped_is_partial() {
    let validation = validate(&["T6".to_owned()], 1, &|| false);
    assert!(validation.is_partial && validation.rows.len() < 30);
}
