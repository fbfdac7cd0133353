//! The rustls error inside another error.

use std::error::Error as StdError;
use std::io;

use rustls::Error;

/// Finds the rustls error that an error carries, however deep.
///
/// An `io::Error` hides its payload from `source()`, so payloads are walked too.
#[must_use]
pub fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<Error>() {
            return Some(tls);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(payload) => Some(payload),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_inside_nested_io_errors() {
        let nested = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, Error::DecryptError));
        assert_eq!(rustls_error(&nested), Some(&Error::DecryptError));
        assert_eq!(rustls_error(&io::Error::from(io::ErrorKind::UnexpectedEof)), None);
    }
}
