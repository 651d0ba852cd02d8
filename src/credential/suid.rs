//! `m2m:suid`: what a symmetric key or certificate is for, and how it came (TS-0004 clause 6.3.4).

macro_rules! suids {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// Security usage identifier.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Suid {
            $($(#[$doc])* $variant = $code,)*
        }

        impl Suid {
            /// Every value, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The usage with this code.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

suids! {
    /// Pre-provisioned key for use with a MEF (Kpm).
    ProvisionedMef = 10,
    /// Pre-provisioned key for use with a MAF (Km).
    ProvisionedMaf = 11,
    /// Pre-provisioned key for a security association (Kpsa).
    ProvisionedSaef = 12,
    /// Pre-provisioned key for end-to-end security of primitives.
    ProvisionedEsprim = 13,
    /// Pre-provisioned key that encrypts end-to-end data.
    ProvisionedEsdataEncryption = 14,
    /// Pre-provisioned key that authenticates end-to-end data.
    ProvisionedEsdataSignature = 15,
    /// Key from remote provisioning, for use with a MAF (Km).
    RspfMaf = 21,
    /// Key from remote provisioning, for a security association (Kpsa).
    RspfSaef = 22,
    /// Key from remote provisioning, for end-to-end security of primitives.
    RspfEsprim = 23,
    /// Key from remote provisioning that encrypts end-to-end data.
    RspfEsdataEncryption = 24,
    /// Key from remote provisioning that authenticates end-to-end data.
    RspfEsdataSignature = 25,
    /// Key from a MAF for a security association (Kc).
    MafSaef = 32,
    /// Key from a MAF for end-to-end security of primitives.
    MafEsprim = 33,
    /// Key from a MAF that encrypts end-to-end data.
    MafEsdataEncryption = 34,
    /// Key from a MAF that authenticates end-to-end data.
    MafEsdataSignature = 35,
    /// Certificate for use with a MEF.
    CertificateMef = 40,
    /// Certificate for use with a MAF.
    CertificateMaf = 41,
    /// Certificate for a security association.
    CertificateSaef = 42,
    /// Certificate for end-to-end security of primitives.
    CertificateEsprim = 43,
    /// Certificate that encrypts end-to-end data.
    CertificateEsdataEncryption = 44,
    /// Certificate that authenticates end-to-end data.
    CertificateEsdataSignature = 45,
}

impl Suid {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// A MAF hands out keys of this usage.
    #[must_use]
    pub const fn is_from_maf(self) -> bool {
        matches!(self.code(), 32..=35)
    }

    /// Remote provisioning hands out keys of this usage.
    #[must_use]
    pub const fn is_from_rspf(self) -> bool {
        matches!(self.code(), 21..=25)
    }

    /// A key of this usage has exactly one target (TS-0003 clause 8.8.2.7).
    #[must_use]
    pub const fn has_one_target(self) -> bool {
        matches!(self, Self::MafSaef | Self::MafEsprim)
    }
}
