//! Keys: a byte for the table, then its columns, so that keys sort as the columns do.
//!
//! Everything is in one tree, because only a batch within one tree is atomic.

/// A table, or an index of one; the number is on disk, so none is ever used again for something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Table {
    /// What there is one of: format, tally, epoch, the time last heard.
    One = 1,
    /// The last number given out, by what it numbers.
    Last = 2,
    /// Messages by sequence.
    Message = 10,
    /// Sequence by message id.
    MessageId = 11,
    /// Sequence by (source, message key).
    MessageKey = 12,
    /// Messages of a chain.
    Chain = 13,
    /// Messages by the normal form of their number.
    Normal = 14,
    /// The same by the end of it.
    NormalEnd = 9,
    /// Messages by (source, time of receipt).
    Pushed = 15,
    /// Receipts by sequence of the message.
    Receipt = 16,
    /// Messages to be routed.
    Unrouted = 17,
    /// The same by chain.
    UnroutedChain = 18,
    /// Messages that wait for a certificate.
    Parked = 19,
    /// Bodies, without their bytes.
    Body = 20,
    /// Bytes of a body.
    BodyBytes = 21,
    /// Bodies of (message, role).
    BodyOf = 22,
    /// Versions by (agreement, issuer, lineage, version, number).
    Version = 25,
    /// The same by (agreement, issuer, number, version).
    Number = 26,
    /// Parked messages of a chain.
    ParkedChain = 28,
    /// The same by when their time has passed.
    ParkedUntil = 29,
    /// Chain of (agreement, issuer, lineage).
    Lineage = 27,
    /// Messages that nobody addressed.
    Unaddressed = 23,
    /// Parked messages of a source.
    ParkedOf = 24,
    /// Deliveries by sequence.
    Delivery = 30,
    /// Sequence by delivery id.
    DeliveryId = 31,
    /// Deliveries of a message.
    DeliveryOf = 32,
    /// Due heads by (target, rank, retried, due).
    Due = 33,
    /// Open deliveries by (target, chain).
    Open = 34,
    /// Heads by (target, time made).
    Age = 35,
    /// Held ones by (target, time made).
    Held = 36,
    /// Open ones by why they are held, or will be.
    Hold = 37,
    /// What ended without arriving, by (target, time it ended).
    Dead = 38,
    /// The same by (target, chain).
    DeadChain = 44,
    /// Answers awaited, by (message, target).
    Awaited = 45,
    /// What arrived of them, by (target, time it is due).
    AwaitedUntil = 46,
    /// All by (target, time made).
    Sent = 39,
    /// Attempts by (delivery, number).
    Attempt = 40,
    /// Answers by (delivery, message).
    Answer = 41,
    /// When a delivery was asked for again.
    Resend = 42,
    /// The same by (target, time).
    ResendOf = 43,
    /// Leaves by digest.
    Leaf = 50,
    /// Judgements of a message.
    Judged = 51,
    /// Messages a leaf signed, newest first.
    SignedBy = 52,
    /// Attachments by (digest, member), without their bytes.
    Attachment = 55,
    /// Their bytes.
    AttachmentBytes = 56,
    /// Those no message names, by member.
    Loose = 57,
    /// The same by the time they were put last.
    LooseAge = 58,
    /// What a message names, in its order.
    Attached = 59,
    /// Which messages name a digest.
    AttachedTo = 60,
    /// Rejections of a member.
    Rejection = 65,
    /// Refusals counted, by (day, member, reason).
    Refused = 66,
    /// Actions, newest first.
    Action = 70,
    /// The same by what they are about.
    ActionAbout = 71,
    /// Entries of a book, newest first, without their bytes.
    Entry = 72,
    /// Their bytes.
    EntryBytes = 73,
    /// The same by (book, name), newest first.
    EntryOf = 74,
    /// Holds of (target, source).
    LaneHold = 75,
    /// Breakers of (target, source).
    LaneBreaker = 76,
    /// Until when what a target was sent in one piece counts.
    LaneDebt = 77,
    /// News gathered for (source, target, test), by reason.
    News = 85,
    /// Deliveries that a digest will name.
    NewsEntry = 86,
    /// The same by (source, target, test) and reason.
    NewsOf = 87,
    /// What was told to (source, target, test).
    Told = 88,
    /// Members that compared in the epoch.
    Compared = 80,
}

/// A key, or the beginning that the keys of a scan share.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(pub(super) Vec<u8>);

impl Key {
    /// The beginning of every key of a table.
    pub(super) fn of(table: Table) -> Self {
        Self(vec![table as u8])
    }

    /// A text column: ended by what sorts before any other text, and which no text contains.
    pub(super) fn text(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(2);
            }
        }
        self.0.extend([0, 1]);
        self
    }

    /// A number column; negative ones sort before.
    pub(super) fn int(mut self, number: i64) -> Self {
        self.0.extend((number.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        self
    }

    /// A number column that sorts from the highest.
    pub(super) fn down(self, number: i64) -> Self {
        self.int(!number)
    }

    /// A column that is true or false, false first.
    pub(super) fn flag(mut self, flag: bool) -> Self {
        self.0.push(u8::from(flag));
        self
    }

    /// A column of a fixed length.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// The first key after every key that begins so.
    pub(super) fn end(&self) -> Vec<u8> {
        let mut end = self.0.clone();
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                break;
            }
        }
        end
    }

    /// The first key after this one.
    pub(super) fn next(mut self) -> Vec<u8> {
        self.0.push(0);
        self.0
    }
}

/// The number a key ends with: in an index, the sequence of what it points to.
pub(super) fn last_int(key: &[u8]) -> Option<i64> {
    let bytes = key.last_chunk::<8>()?;
    Some((u64::from_be_bytes(*bytes) ^ (1 << 63)).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_columns_do() {
        let key = |text: &str, number: i64| Key::of(Table::Due).text(text).int(number);
        let sorted = [
            key("", 9),
            key("a", i64::MIN),
            key("a", -1),
            key("a", 0),
            key("a", 7),
            key("a", i64::MAX),
            key("a\0", 0),
            key("a\0b", 0),
            key("aa", i64::MIN),
            key("b", 0),
        ];
        assert!(sorted.is_sorted(), "{sorted:?}");
        assert!(Key::of(Table::Action).down(8) < Key::of(Table::Action).down(7));
    }

    #[test]
    fn a_prefix_holds_its_keys_and_no_others() {
        let prefix = Key::of(Table::Due).text("ke");
        let within = |key: &Key| prefix.0 <= key.0 && key.0 < prefix.end();
        assert!(within(&prefix.clone().int(i64::MIN)) && within(&prefix.clone().int(i64::MAX)));
        for other in ["k", "kea", "ke\0", "kf"] {
            assert!(!within(&Key::of(Table::Due).text(other).int(0)), "{other:?}");
        }
        assert_eq!(Key(vec![7, 0xff]).end(), [8]);
    }

    #[test]
    fn the_number_at_the_end_reads_back() {
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(last_int(&Key::of(Table::Open).text("ke").int(number).0), Some(number));
        }
    }
}
