use crate::error::{Error, Result, nearest};
use crate::protocol::ows::Kvp;

/// Refuses parameters that a resource does not declare (OGC 19-072 requirement 6, OGC 17-069r4
/// requirement 8). Empty pairs are none.
///
/// `declared` are names in capitals, as [`Kvp`] has them.
///
/// # Errors
/// `InvalidParameter`, with the nearest name that is known.
pub fn check(kvp: &Kvp, declared: &[&str]) -> Result<()> {
    for name in kvp.names() {
        if name.is_empty() || declared.contains(&name) {
            continue;
        }
        let name = name.to_lowercase();
        let known: Vec<String> = declared.iter().map(|d| d.to_lowercase()).collect();
        let meant = match nearest(&name, known.iter().map(String::as_str)) {
            Some(meant) => format!(", did you mean {meant:?}?"),
            None => String::new(),
        };
        return Err(Error::parameter(
            name.chars().take(80).collect::<String>(),
            format!(
                "is no parameter of this address: expected one of {}{meant}",
                known.join(", ")
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameters_are_refused_and_empty_pairs_are_none() {
        let known = ["F", "BBOX-CRS"];
        let check = |query: &str| check(&Kvp::parse(query).unwrap(), &known);
        assert_eq!(check("f=json&&bbox-crs=a&"), Ok(()));
        assert_eq!(check("&=x"), Ok(()));
        let error = check("bbox_crs=a").unwrap_err().to_string();
        assert!(error.contains("did you mean \"bbox-crs\"?"), "{error}");
    }
}
