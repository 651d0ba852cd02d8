//! Every bound on what primitives and their bindings may hold; CoAP and DTLS keep their own beside them.

/// Bytes of one serialised primitive or content.
pub const MAX_INPUT: usize = 262_144;
/// Objects and lists inside each other, the outermost included.
pub const MAX_DEPTH: usize = 64;
/// Elements of one list.
pub const MAX_ITEMS: usize = 16_384;
/// Members of one object.
pub const MAX_MEMBERS: usize = 1_024;
/// Bytes of a member's name.
pub const MAX_NAME: usize = 255;
/// Bytes of an identifier in a parameter: fr, rqi, and each segment of to (TS-0008 gives 255).
pub const MAX_IDENTIFIER: usize = 255;
/// Bytes of a target, all segments together.
pub const MAX_TARGET: usize = 512;
/// Entries of a parameter that is a list.
pub const MAX_ENTRIES: usize = 256;
/// Bytes of any other text in a parameter, such as a token, an expression or vendor information.
pub const MAX_PARAMETER: usize = 8_192;

/// Bytes of an HTTP request or status line.
pub const MAX_HTTP_LINE: usize = 8_192;
/// Bytes of an HTTP message before its body.
pub const MAX_HTTP_HEAD: usize = 16_384;
/// Header fields of an HTTP message.
pub const MAX_HTTP_HEADERS: usize = 64;
/// Bytes of an MQTT topic (MQTT's own limit is 65,535).
pub const MAX_TOPIC: usize = 1_024;
/// Bytes of a body that CoAP carries in blocks.
pub const MAX_BLOCK_BODY: usize = 65_536;
/// Block-wise transfers under way at one receiver.
pub const MAX_BLOCK_TRANSFERS: usize = 64;
