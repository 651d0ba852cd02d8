//! Session tickets and resumption (RFC 8446 sections 2.2 and 4.6.1).

use keystorm::association::{
    Config, Failure, Kind, Offer, Output, Received, Rejection, ServerSecrets, Ticket,
};
use keystorm::sim::time::{Duration, Time};

use crate::pair::*;

fn with_tickets(tickets: u8) -> Config {
    Config { tickets, ..config() }
}

fn ticket() -> Ticket {
    let mut pair = Pair::new(with_tickets(1));
    pair.handshake();
    pair.client.tickets().remove(0)
}

/// A later handshake with the ticket, `after` the beginning of the first.
fn resume(ticket: &Ticket, after: Duration, edit: impl FnOnce(&mut Pair<'_>)) -> Pair<'static> {
    let mut pair = Pair::seeded(1, with_tickets(1));
    pair.now = Time::ZERO + after;
    edit(&mut pair);
    pair.connect_with(Offer::Ticket(ticket));
    pair.run(LONG);
    pair
}

#[test]
fn tickets_come_with_the_acknowledgement_of_the_finished_and_are_acknowledged() {
    let mut pair = Pair::new(with_tickets(2));
    pair.handshake();
    pair.assert_agreement();
    assert_eq!(pair.client.tickets().len(), 2);
    assert_ne!(pair.client.tickets()[0].psk, pair.client.tickets()[1].psk);
    assert_eq!(pair.kinds(Server), [Kind::Handshake, Kind::Ticket]);
    assert_eq!(pair.kinds(Client), [Kind::Handshake, Kind::Handshake, Kind::Ack]);
    assert_eq!(pair.client.received[1], Received::Ticket);
    assert_eq!(pair.server.association().next_timeout(), None);
    assert!(matches!(pair.client.outputs[0], Output::Established { .. }));
}

#[test]
fn a_ticket_that_is_lost_is_sent_again_and_its_repetition_is_acknowledged_again() {
    for (side, n) in [(Server, 1), (Client, 2)] {
        let mut pair = Pair::new(with_tickets(1));
        pair.network(move |sent, m| if (sent.from, m) == (side, n) { Lose } else { Deliver });
        pair.handshake();
        pair.assert_agreement();
        assert_eq!(pair.client.tickets().len(), 1);
        assert_eq!(pair.server.association().next_timeout(), None);
    }
}

#[test]
fn a_ticket_that_is_never_acknowledged_does_not_end_the_association() {
    let mut pair = Pair::new(with_tickets(1));
    pair.network(|sent, n| if sent.from == Client && n >= 2 { Lose } else { Deliver });
    pair.handshake();
    pair.calm();
    assert_eq!(pair.server.failure(), None);
    pair.assert_talks();
}

#[test]
fn a_ticket_resumes_the_association_and_carries_the_identity() {
    let ticket = ticket();
    // The external key plays no part.
    let pair = resume(&ticket, Duration::from_secs(3_600), |pair| {
        pair.client.keys = Keys(vec![]);
        pair.server.keys = Keys(vec![]);
    });
    pair.assert_agreement();
    assert_eq!(pair.client.outputs[0], Output::Established { resumed: true });
    assert_eq!(pair.server.outputs[0], Output::Established { resumed: true });
    assert_eq!(pair.server.association().peer_identity(), Some(&b"d"[..]));
    assert!(pair.client.tickets().is_empty(), "only full handshakes are given tickets");
}

#[test]
fn resumption_goes_through_cookies_and_in_both_modes() {
    let ticket = ticket();
    for key_exchange in
        [keystorm::association::KeyExchange::Psk, keystorm::association::KeyExchange::PskDhe]
    {
        let pair = resume(&ticket, Duration::from_secs(60), |pair| {
            for side in [Client, Server] {
                let config = &mut pair.end(side).config;
                config.cookie = true;
                config.key_exchange = key_exchange;
            }
        });
        pair.assert_agreement();
    }
}

#[track_caller]
fn assert_refused(pair: &Pair<'_>, rejection: Rejection) {
    assert!(pair.server.association.is_none());
    assert_eq!(pair.server.rejections()[0], rejection);
    assert!(pair.sent(Server).is_empty());
    assert_eq!(pair.client.failure(), Some(Failure::Unanswered));
}

#[test]
fn an_expired_ticket_is_refused() {
    let pair = resume(&ticket(), Duration::from_secs(7 * 24 * 3_600 + 1), |_| {});
    assert_refused(&pair, Rejection::ExpiredTicket);
}

#[test]
fn a_ticket_of_another_server_is_refused() {
    let pair = resume(&ticket(), Duration::from_secs(60), |pair| {
        pair.server.config.server = Some(ServerSecrets { cookie: [1; 32], ticket: [1; 16] });
    });
    assert_refused(&pair, Rejection::BadTicket);
}

#[test]
fn an_altered_ticket_is_refused() {
    let good = ticket();
    for at in 0..good.identity.len() {
        let mut bad = good.clone();
        bad.identity[at] ^= 1;
        let pair = resume(&bad, Duration::from_secs(60), |_| {});
        assert_refused(&pair, Rejection::BadTicket);
    }
}

#[test]
fn a_ticket_without_its_key_is_useless() {
    let stolen = Ticket { psk: [0; 32], ..ticket() };
    let pair = resume(&stolen, Duration::from_secs(60), |_| {});
    assert_refused(&pair, Rejection::BadBinder);
}

#[test]
fn a_client_that_does_not_know_the_age_of_its_ticket_is_refused() {
    let ticket = ticket();
    let replayed = Ticket { age_add: ticket.age_add.wrapping_add(200_000), ..ticket };
    let pair = resume(&replayed, Duration::from_secs(60), |_| {});
    assert_refused(&pair, Rejection::BadTicketAge);
}

#[test]
fn the_life_of_a_ticket_is_a_setting_but_at_most_seven_days() {
    for (set, got) in [(60, 60), (30 * 24 * 3_600, 7 * 24 * 3_600)] {
        let ticket_lifetime = Duration::from_secs(set);
        let mut pair = Pair::new(Config { ticket_lifetime, ..with_tickets(1) });
        pair.handshake();
        assert_eq!(pair.client.tickets()[0].lifetime, Duration::from_secs(got));
    }
}

#[test]
fn a_key_update_right_after_the_tickets_waits_for_both_acknowledgements() {
    let mut pair = Pair::new(with_tickets(2));
    pair.network(|sent, n| if (sent.from, n) == (Server, 1) { Lose } else { Deliver });
    pair.connect();
    pair.run(Duration::from_millis(50));
    pair.at(Server, |a, config, env| a.update_keys(config, true, env)).unwrap();
    pair.run(LONG);
    assert_eq!(pair.client.tickets().len(), 2);
    assert_eq!(pair.server.association().send_epoch(), 4);
    pair.assert_talks();
}
