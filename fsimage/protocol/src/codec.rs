//! Bounded values and their bytes.

use core::fmt;

/// Why a value cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// A text or list is longer than its type allows.
    TooLong {
        /// Its length.
        length: usize,
        /// What its type allows.
        limit: usize,
    },
    /// The whole message is longer than [`crate::MAX_MESSAGE`].
    Message {
        /// Its length in bytes.
        length: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length, limit } => {
                write!(f, "a value of length {length} where at most {limit} is allowed")
            }
            Self::Message { length } => {
                write!(f, "a message of {length} bytes where at most {} is allowed", crate::MAX_MESSAGE)
            }
        }
    }
}

/// Why bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The message ends inside a field.
    Truncated,
    /// Bytes follow the last field.
    Trailing {
        /// How many.
        count: usize,
    },
    /// A length is beyond its bound.
    TooLong {
        /// The length as sent.
        length: usize,
        /// The bound.
        limit: usize,
    },
    /// No variant has this number.
    Variant {
        /// The enumeration.
        name: &'static str,
        /// The number as sent.
        number: u8,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the message ends inside a field"),
            Self::Trailing { count } => write!(f, "{count} bytes follow the message's last field"),
            Self::TooLong { length, limit } => {
                write!(f, "a length of {length} where at most {limit} is allowed")
            }
            Self::Variant { name, number } => write!(f, "{name} has no variant {number}"),
        }
    }
}

/// A message being written.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// The message's bytes.
    ///
    /// # Errors
    /// [`EncodeError::Message`] when they are more than one message may have.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        if self.bytes.len() > crate::MAX_MESSAGE {
            return Err(EncodeError::Message { length: self.bytes.len() });
        }
        Ok(self.bytes)
    }

    /// Bytes written so far: lets a sender stop filling a list before the message is too long.
    #[must_use]
    pub fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// A message being read.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Ends the message.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] when bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.bytes.len() {
            0 => Ok(()),
            count => Err(DecodeError::Trailing { count }),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self.bytes.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.bytes = tail;
        Ok(head)
    }

    fn length(&mut self, limit: usize) -> Result<usize, DecodeError> {
        let length = usize::try_from(u32::take(self)?).unwrap_or(usize::MAX);
        if length > limit {
            return Err(DecodeError::TooLong { length, limit });
        }
        Ok(length)
    }
}

/// A value with bytes.
pub trait Wire: Sized {
    /// Appends the value.
    ///
    /// # Errors
    /// [`EncodeError`] when it breaks a bound.
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError>;

    /// Takes the value from the front.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are not such a value.
    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// The value as a whole message.
    ///
    /// # Errors
    /// [`EncodeError`] when it breaks a bound.
    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::default();
        self.put(&mut writer)?;
        writer.finish()
    }

    /// The value that a whole message is.
    ///
    /// # Errors
    /// [`DecodeError`] when it is not.
    fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(message);
        let value = Self::take(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

macro_rules! wire_integers {
    ($($ty:ident)*) => {$(
        impl Wire for $ty {
            fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
                out.bytes.extend_from_slice(&self.to_le_bytes());
                Ok(())
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let bytes = input.take(size_of::<$ty>())?;
                Ok($ty::from_le_bytes(bytes.try_into().map_err(|_| DecodeError::Truncated)?))
            }
        }
    )*};
}

wire_integers!(u8 u32 u64 i32 i64);

impl Wire for bool {
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
        u8::from(*self).put(out)
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::take(input)? {
            0 => Ok(false),
            1 => Ok(true),
            number => Err(DecodeError::Variant { name: "bool", number }),
        }
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
        self.is_some().put(out)?;
        self.as_ref().map_or(Ok(()), |value| value.put(out))
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(if bool::take(input)? { Some(T::take(input)?) } else { None })
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
        T::put(self, out)
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::take(input).map(Box::new)
    }
}

/// At most `MAX` bytes, often the guest's: never assumed to be UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes<const MAX: usize>(pub Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// The first `MAX` bytes: for texts that lose nothing but length when cut.
    #[must_use]
    pub fn cut(bytes: &[u8]) -> Self {
        Self(bytes.get(..MAX).unwrap_or(bytes).to_vec())
    }

    /// A sentence for people; dots stand for what there is no room for.
    #[must_use]
    pub fn sentence(text: &str) -> Self {
        const DOTS: &str = "...";
        if text.len() <= MAX {
            return Self(text.into());
        }
        let room = MAX.saturating_sub(DOTS.len());
        let end = (0..=room).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        let mut bytes = text.as_bytes().get(..end).unwrap_or_default().to_vec();
        bytes.extend_from_slice(DOTS.as_bytes());
        Self(bytes)
    }
}

impl<const MAX: usize> From<&[u8]> for Bytes<MAX> {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const MAX: usize> Wire for Bytes<MAX> {
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
        put_length(self.0.len(), MAX, out)?;
        out.bytes.extend_from_slice(&self.0);
        Ok(())
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = input.length(MAX)?;
        Ok(Self(input.take(length)?.to_vec()))
    }
}

/// Exactly so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash<const LENGTH: usize>(pub [u8; LENGTH]);

impl<const LENGTH: usize> Wire for Hash<LENGTH> {
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
        out.bytes.extend_from_slice(&self.0);
        Ok(())
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(input.take(LENGTH)?.try_into().map_err(|_| DecodeError::Truncated)?))
    }
}

/// At most `MAX` values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// The first `MAX` values: for lists that lose nothing but length when cut.
    pub fn cut(values: impl IntoIterator<Item = T>) -> Self {
        Self(values.into_iter().take(MAX).collect())
    }
}

impl<T: Wire, const MAX: usize> Wire for List<T, MAX> {
    fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
        put_length(self.0.len(), MAX, out)?;
        self.0.iter().try_for_each(|value| value.put(out))
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = input.length(MAX)?;
        // Each value takes at least a byte of a message of known size: no capacity is reserved on the sender's word.
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(T::take(input)?);
        }
        Ok(Self(values))
    }
}

fn put_length(length: usize, limit: usize, out: &mut Writer) -> Result<(), EncodeError> {
    match u32::try_from(length) {
        Ok(short) if length <= limit => short.put(out),
        _ => Err(EncodeError::TooLong { length, limit }),
    }
}

/// Declares a structure whose bytes are its fields in order.
macro_rules! wire_struct {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $ty,)*
        }

        impl Wire for $name {
            fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
                $(self.$field.put(out)?;)*
                Ok(())
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(Self { $($field: Wire::take(input)?,)* })
            }
        }
    )*};
}

/// Declares an enumeration whose bytes are a variant's number and then its fields in order.
macro_rules! wire_enum {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $number:literal $variant:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* })* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant { $($(#[$fdoc])* $field: $ty,)* },)*
        }

        impl Wire for $name {
            fn put(&self, out: &mut Writer) -> Result<(), EncodeError> {
                match self {
                    $(Self::$variant { $($field,)* } => {
                        let number: u8 = $number;
                        number.put(out)?;
                        $($field.put(out)?;)*
                    })*
                }
                Ok(())
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match u8::take(input)? {
                    $($number => Ok(Self::$variant { $($field: Wire::take(input)?,)* }),)*
                    number => Err(DecodeError::Variant { name: stringify!($name), number }),
                }
            }
        }
    )*};
}

pub(crate) use {wire_enum, wire_struct};
