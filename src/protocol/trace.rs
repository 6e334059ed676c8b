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

    /// The bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads 32 lower-case hexadecimal digits that are not all zero; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = u128::from_str_radix(text, 16).ok().filter(|number| is_hex && *number != 0)?;
        Some(Self(number.to_be_bytes()))
    }
}

/// Whose trace a request belongs to: the header `traceparent` (W3C Trace Context §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The step of it that asks: 8 bytes, not all of them zero.
    pub span: [u8; 8],
    /// Whether whoever asks records it.
    pub sampled: bool,
}

impl TraceParent {
    /// Reads `00-TRACE-SPAN-FLAGS`, and of a later version what begins so; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let (fields, rest) = text.split_at_checked(55)?;
        let mut parts = fields.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_whole = if version == "00" { rest.is_empty() } else { rest.is_empty() || rest.starts_with('-') };
        let lengths = [version, trace, span, flags].map(str::len);
        if !is_whole || version == "ff" || lengths != [2, 32, 16, 2] || ![version, span, flags].into_iter().all(is_hex)
        {
            return None;
        }
        let span = u64::from_str_radix(span, 16).ok().filter(|span| *span != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace: TraceId::parse(trace)?, span: span.to_be_bytes(), sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{:016x}-{:02x}", self.trace, u64::from_be_bytes(self.span), u8::from(self.sampled))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{TraceId, TraceParent};

    #[test]
    fn the_trace_of_whoever_asks_is_read_as_the_standard_has_it() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = TraceParent::parse(text).unwrap();
        assert_eq!((parent.to_string().as_str(), parent.sampled), (text, true));
        assert!(!TraceParent::parse(&text.replace("-01", "-00")).unwrap().sampled);
        assert_eq!(TraceParent::parse(&format!("cc{}-more", &text[2..])).unwrap(), parent);
        for wrong in [
            format!("{text}-more"),
            format!("cc{}more", &text[2..]),
            format!("ff{}", &text[2..]),
            text.to_uppercase(),
            text.replace("00f067aa0ba902b7", "0000000000000000"),
            text.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            text.replace('-', "_"),
            text.replace("00f0", "+0f0"),
            text[..54].to_owned(),
            "é".repeat(40),
            String::new(),
        ] {
            assert_eq!(TraceParent::parse(&wrong), None, "{wrong}");
        }
    }

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
