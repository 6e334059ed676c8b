//! The name of a request: a trace id (W3C Trace Context §3.2.2.3). It stands in the log, on error pages, in the header `x-trace-id` and in the
//! audit record, so that one finds the other.

use std::fmt;

/// The name of a request: 16 bytes, not all of them zero, shown as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// The name with these bytes. All zeros would be no name: the last bit is set then.
    pub const fn of(bytes: [u8; 16]) -> Self {
        let mut any = 0;
        let mut at = 0;
        while at < bytes.len() {
            any |= bytes[at];
            at += 1;
        }
        let mut bytes = bytes;
        if any == 0 {
            bytes[15] = 1;
        }
        Self(bytes)
    }

    /// Reads 32 lower-case hexadecimal digits that are not all zero; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = u128::from_str_radix(text, 16).ok().filter(|number| is_hex && *number != 0)?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::TraceId;

    #[test]
    fn a_trace_id_is_written_as_it_is_read() {
        let text = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(TraceId::parse(text).unwrap().to_string(), text);
        assert_eq!(TraceId::of([0; 16]).to_string(), "00000000000000000000000000000001");
        let zeros = "0".repeat(32);
        for wrong in
            [zeros.as_str(), "4BF92F3577B34DA6A3CE929D0E0E4736", "4bf9", "+bf92f3577b34da6a3ce929d0e0e4736", ""]
        {
            assert_eq!(TraceId::parse(wrong), None, "{wrong}");
        }
    }
}
