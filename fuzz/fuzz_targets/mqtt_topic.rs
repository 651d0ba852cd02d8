//! Topics and subscriptions of MQTT.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| keystorm_fuzz::run("mqtt_topic", input));
