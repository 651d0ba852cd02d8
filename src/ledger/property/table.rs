//! The table of properties: what each says, how it is measured, where it comes from.

/// A property, by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum PropertyId {
    S1,
    S2,
    S3,
    A1,
    A2,
    A3,
    A4,
    A5,
    A6,
    I1,
    Z1,
    K1,
    V1,
    E1,
    X1,
    X2,
    X3,
    U1,
    D1,
    B1,
}

/// What a property says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Property {
    /// Its short name, such as `A4`.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// It holds if and only if this is so.
    pub holds_iff: &'static str,
    /// What is measured.
    pub metric: &'static str,
    /// Where it comes from: TR-0008, literature, or this project.
    pub source: &'static str,
}

/// One row of the table for each variant, so that none can be forgotten.
macro_rules! properties {
    ($($id:ident $name:literal, $holds_iff:literal, $metric:literal, $source:literal;)*) => {
        impl PropertyId {
            /// All, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// Its row of the table.
            #[must_use]
            pub const fn property(self) -> Property {
                match self {
                    $(Self::$id => Property {
                        code: stringify!($id),
                        name: $name,
                        holds_iff: $holds_iff,
                        metric: $metric,
                        source: $source,
                    },)*
                }
            }
        }
    };
}

properties! {
    S1 "key secrecy",
        "for every key, nobody but its holders knows its bytes, keys that the scenario hands over \
         excepted",
        "keys lost, time of the first loss",
        "TR-0008 clauses 6.3.1 and 6.3.2; Secret and Reveal facts as in Tamarin and ProVerif";
    S2 "data secrecy",
        "for every sensitive field of a message, only its author, its recipient and permitted readers \
         know its bytes",
        "leaked fields of authored fields, by source",
        "TR-0008 clauses 5.2 and 6.3.3";
    S3 "forward secrecy and exposure",
        "a long-term key that is revealed after an association was made opens no key of that \
         association, and what any revealed key opens stays within its bound",
        "bytes, records and seconds opened by each revealed key",
        "TR-0008 clauses 6.6.10 and 6.6.12 (exposure window)";
    A1 "aliveness",
        "each association that A finished with an honest B has an earlier act of B",
        "violating associations",
        "Lowe, A hierarchy of authentication specifications, 1997";
    A2 "weak agreement",
        "each association that A finished with an honest B has an earlier run of B with A, so that \
         no key is shared with an unknown peer",
        "violating associations",
        "Lowe 1997";
    A3 "non-injective agreement",
        "that run of B has the other role and the same roles, identities, suite, version, keys and \
         early content",
        "violating associations",
        "Lowe 1997; TR-0008 clause 6.3.3 (mutual authentication)";
    A4 "injective agreement",
        "A3, and no run of B answers for two associations of A; and each message that was authored \
         has at most one effect",
        "associations and effects too many",
        "Lowe 1997; TR-0008 clause 6.6.11";
    A5 "recentness",
        "what is accepted was authored no longer ago than the policy allows, and the run of the peer \
         lies within one's own",
        "distribution of ages, violations",
        "Lowe 1997; TR-0008 clause 6.6.11";
    A6 "resistance to key compromise impersonation",
        "A3 holds for A even after somebody else knows a long-term key of A. A key that both ends \
         share cannot give this",
        "violating associations",
        "this project, after Blake-Wilson, Johnson and Menezes, 1997";
    I1 "integrity of effects",
        "each change of state has one message as its cause, authored once with equal content, by an \
         actor whom the policy permits it",
        "bad changes",
        "TR-0008 clauses 6.3.3 and 6.4.4";
    Z1 "soundness of authorisation",
        "an independent evaluation of the policy, told who truly acts, permits each change and each \
         reading",
        "bad changes and readings",
        "TR-0008 clauses 6.3.2 and 6.4.2";
    K1 "credentials: availability and accountability",
        "rightful holders can authenticate, slots hold what was provisioned, and each association \
         under an identity was made by the actor that the identity was given to",
        "failures of each of the three",
        "TR-0008 clauses 6.1.3, 6.1.4, 6.1.6 and 6.1.16";
    V1 "availability",
        "for each class of service, requests served in time of requests offered are at least the bound",
        "ratio, time below the bound",
        "TR-0008 clauses 6.3.3 and 6.4.5";
    E1 "integrity of execution",
        "each image that a node runs is authorised for it, and is no older than one that it ran before",
        "time to detect, damage until then",
        "TR-0008 clauses 6.6.13 and 6.6.14";
    X1 "integrity of interpreters",
        "each untrusted value stays at L0 in each interpreter: the same result as for the bound value, \
         or refused before",
        "highest level, by interpreter",
        "TR-0008 clause 6.6.22; this project (levels L0 to L4)";
    X2 "safety of memory and resources",
        "nothing panics, no byte outside a buffer changes, memory, stack and steps stay within bounds",
        "which bounds were broken",
        "TR-0008 clauses 6.1.17 and 6.6.21";
    X3 "integrity of pages",
        "each page that is shown has the skeleton and the text that were meant",
        "highest level",
        "TR-0008 clause 6.6.27; this project (levels L0 to L4)";
    U1 "unlinkability",
        "who watches tells messages of one actor from messages of two no better than the bound allows \
         over guessing",
        "advantage, with its interval",
        "TR-0008 clause 6.5; ISO/IEC 15408 (class FPR)";
    D1 "blast radius",
        "services lost and assets reached after one failure or breach are within their bounds",
        "both counts",
        "TR-0008 clauses 6.1.12 and 6.6.24";
    B1 "budget",
        "batteries last as long as they should, and a useful message costs no more energy than it may",
        "years, joules per message",
        "TR-0008 clause 6.1.13";
}

impl PropertyId {
    /// The property of this short name; upper and lower case are the same.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|id| id.property().code.eq_ignore_ascii_case(code.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_their_properties() {
        assert_eq!(PropertyId::ALL.len(), 20);
        for id in PropertyId::ALL {
            let code = id.property().code;
            assert_eq!(format!("{id:?}"), code);
            assert_eq!(PropertyId::from_code(&code.to_lowercase()), Some(*id));
        }
        assert_eq!(PropertyId::from_code("A7"), None);
    }
}
