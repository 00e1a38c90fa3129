//! The time in which a certificate is valid: the account's host's, a proxy's that opens TLS, or this server's own.
//!
//! Only this one field is read, so there is no need for a parser of certificates: it lies at a fixed place near the
//! beginning (RFC 5280, 4.1).

/// Tags of DER elements.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub begins: i64,
    /// The last one.
    pub ends: i64,
}

/// The end of a certificate's validity, in seconds since 1970; `None` if the bytes are not a certificate.
#[must_use]
pub fn end_of(certificate: &[u8]) -> Option<i64> {
    validity_of(certificate).map(|validity| validity.ends)
}

/// A certificate's validity; `None` if the bytes are not a certificate.
#[must_use]
pub fn validity_of(certificate: &[u8]) -> Option<Validity> {
    // Certificate → TBSCertificate → version, serial, algorithm, issuer, validity (RFC 5280, 4.1).
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    // The version is left out in certificates of version 1.
    if rest.first() == Some(&VERSION) {
        rest = element(rest, VERSION)?.1;
    }
    // Skips the serial number, the algorithm and the issuer.
    for _ in 0..3 {
        rest = element(rest, *rest.first()?)?.1;
    }
    let (validity, _) = element(rest, SEQUENCE)?;
    let (begins, rest) = moment(validity)?;
    let (ends, _) = moment(rest)?;
    Some(Validity { begins, ends })
}

/// Reads a time, and returns what follows it.
fn moment(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mark = *bytes.first()?;
    let (time, rest) = element(bytes, mark)?;
    let time = std::str::from_utf8(time).ok()?;
    // Two digits of a year mean 1950 to 2049.
    let time = match mark {
        UTC_TIME if time < "50" => format!("20{time}"),
        UTC_TIME => format!("19{time}"),
        GENERALIZED_TIME => time.to_owned(),
        _ => return None,
    };
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", &time).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some((time.timestamp().as_second(), rest))
}

/// The content of the first element, which must have this tag, and what follows it.
fn element(bytes: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&short, rest) = rest.split_first()?;
    // DER: lengths under 128 are one byte; longer ones say first how many bytes they take.
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        // No certificate needs more than four bytes for a length.
        let digits = usize::from(short & 0x7f);
        let (digits, rest) = rest.split_at_checked(digits).filter(|_| digits <= 4)?;
        let length = digits.iter().fold(0, |length: usize, digit| {
            (length << 8) | usize::from(*digit)
        });
        (length, rest)
    };
    (found == mark)
        .then(|| rest.split_at_checked(length))
        .flatten()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Made with `openssl ca -selfsign -enddate 20310506070809Z`; the other ends in 2060.
    const UNTIL_2031: &str = "MIIBBDCBrAIBATAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARzdHViMB4XDTI2MDEwMTAwMDAwMFoXDTMx\
        MDUwNjA3MDgwOVowDzENMAsGA1UEAwwEc3R1YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMFRIJfr\
        VHHHyVZSM9smD699W2zKVxn+DF07TCrLy5Q+juQpXxKR7qnwBCOMCfyi0eo1L6q7vm7sXhHpl91kXW8w\
        CgYIKoZIzj0EAwIDRwAwRAIgPlSSz0k2t/kmNTs8MgepomNpvxvhzipqDhzZ36yq+48CIHZbse9CaaC8\
        8vQRXGKUja65fRy23N2fwnSWCTk7BMtM";
    const UNTIL_2060: &str = "MIIBBzCBrgIBATAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARzdHViMCAXDTI2MDEwMTAwMDAwMFoYDzIw\
        NjAwNTA2MDcwODA5WjAPMQ0wCwYDVQQDDARzdHViMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf/x5\
        J67aEzi7rYn6xfjXy3XUiFjHRbxyVBeBLF70fQkho4nah/paXHcWvTcoW1igavE1P7+F7EaY6gIXHGHz\
        DDAKBggqhkjOPQQDAgNIADBFAiEAnyFtJpnwGelQqm7DQP0zUcyu1DenBEr/qZ6abACdnkwCIAi+RU4Q\
        le6H1OJOC/FENHbF8+wnw1OGOeuSn+zi7WMQ";

    #[test]
    fn the_end_is_read_in_both_forms_of_time() {
        for (certificate, end) in [
            (UNTIL_2031, "2031-05-06T07:08:09Z"),
            (UNTIL_2060, "2060-05-06T07:08:09Z"),
        ] {
            let der = STANDARD.decode(certificate).unwrap();
            let expected: jiff::Timestamp = end.parse().unwrap();
            assert_eq!(end_of(&der), Some(expected.as_second()), "{end}");
            let begin: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let validity = validity_of(&der).unwrap();
            assert_eq!(validity.begins, begin.as_second(), "{end}");
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_no_certificate_or_another_time() {
        let der = STANDARD.decode(UNTIL_2031).unwrap();
        for length in 0..der.len() {
            assert_eq!(end_of(&der[..length]), None, "the first {length} bytes");
        }
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] = 0xff;
            // Whatever comes out, it comes out.
            let _ = end_of(&changed);
        }
    }
}
