use crate::error::Error;

/// Longest message that is sent: a hostile value in it is cut, not echoed at length.
const MAX_CHARS: usize = 600;

/// What a client may read of an error: its message, but for the operator's own errors, whose
/// paths and causes belong in the log.
pub fn public_message(error: &Error) -> String {
    let message = match error {
        Error::Data { .. } | Error::Io { .. } => {
            "the data of a layer can't be read at the moment; the server's log says why".to_owned()
        }
        Error::Config { .. } | Error::Internal { .. } => {
            "the server failed to answer; its log says why".to_owned()
        }
        Error::InvalidParameter { .. }
        | Error::MissingParameter { .. }
        | Error::OperationNotSupported { .. }
        | Error::VersionNotNegotiated { .. }
        | Error::LayerNotDefined { .. }
        | Error::StyleNotDefined { .. }
        | Error::LayerNotQueryable { .. }
        | Error::FieldNotDefined { .. }
        | Error::InvalidCrs { .. }
        | Error::InvalidFormat { .. }
        | Error::TileMatrixSetNotDefined { .. }
        | Error::TileMatrixNotDefined { .. }
        | Error::TileOutOfRange { .. }
        | Error::InvalidPoint { .. }
        | Error::SnapshotGone { .. }
        | Error::CurrentUpdateSequence { .. }
        | Error::InvalidUpdateSequence { .. }
        | Error::InvalidDimensionValue { .. }
        | Error::InvalidStyle { .. }
        | Error::InvalidFilter { .. }
        | Error::Syntax { .. }
        | Error::NotFound { .. }
        | Error::Unauthorized { .. }
        | Error::Forbidden { .. }
        | Error::LimitExceeded { .. }
        | Error::DeadlineExceeded { .. }
        | Error::Cancelled
        | Error::Busy { .. }
        | Error::Transform { .. } => error.to_string(),
    };
    match message.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_machine_is_never_told() {
        let error = Error::data("/srv/secret/communes.fgb", "the header is cut short");
        assert!(!public_message(&error).contains("secret"));
    }

    #[test]
    fn a_long_hostile_value_is_cut() {
        let error = Error::LayerNotDefined {
            layer: "é".repeat(100_000),
            nearest: None,
        };
        assert!(public_message(&error).chars().count() <= MAX_CHARS + 1);
    }
}
