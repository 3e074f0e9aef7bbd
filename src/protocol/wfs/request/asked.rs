use crate::decode::xml::Element;
use crate::error::{Error, Result};
use crate::protocol::wfs::Version;

/// The operations that are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    GetCapabilities,
    DescribeFeatureType,
    GetFeature,
    GetPropertyValue,
    ListStoredQueries,
    DescribeStoredQueries,
    /// 1.1.0 only.
    GetGmlObject,
}

impl Operation {
    /// The operation of a name, in any case.
    ///
    /// # Errors
    /// `OperationNotSupported`.
    pub fn parse(text: &str) -> Result<Operation> {
        let found = Operation::ALL
            .iter()
            .find(|operation| operation.name().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| Error::OperationNotSupported {
            request: text.to_owned(),
            expected: Operation::ALL.map(Operation::name).join(", "),
        })
    }

    const ALL: [Operation; 7] = [
        Operation::GetCapabilities,
        Operation::DescribeFeatureType,
        Operation::GetFeature,
        Operation::GetPropertyValue,
        Operation::ListStoredQueries,
        Operation::DescribeStoredQueries,
        Operation::GetGmlObject,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Operation::GetCapabilities => "GetCapabilities",
            Operation::DescribeFeatureType => "DescribeFeatureType",
            Operation::GetFeature => "GetFeature",
            Operation::GetPropertyValue => "GetPropertyValue",
            Operation::ListStoredQueries => "ListStoredQueries",
            Operation::DescribeStoredQueries => "DescribeStoredQueries",
            Operation::GetGmlObject => "GetGmlObject",
        }
    }
}

/// A request as it was written.
#[derive(Debug, Clone)]
pub struct Asked {
    pub operation: Operation,
    pub version: Version,
    /// Of GetFeature and GetPropertyValue.
    pub queries: Vec<AskedQuery>,
    /// Of DescribeFeatureType.
    pub type_names: Vec<String>,
    /// Of DescribeStoredQueries.
    pub stored_query_ids: Vec<String>,
    pub count: Option<u64>,
    pub start_index: u64,
    /// True: only how many there are.
    pub is_hits: bool,
    pub output_format: Option<String>,
    /// Of GetPropertyValue.
    pub value_reference: Option<String>,
    /// Of GetCapabilities; empty: all.
    pub sections: Vec<String>,
    pub update_sequence: Option<String>,
    /// Of GetGmlObject.
    pub object_id: Option<String>,
}

impl Asked {
    pub fn new(operation: Operation, version: Version) -> Asked {
        Asked {
            operation,
            version,
            queries: Vec::new(),
            type_names: Vec::new(),
            stored_query_ids: Vec::new(),
            count: None,
            start_index: 0,
            is_hits: false,
            output_format: None,
            value_reference: None,
            sections: Vec::new(),
            update_sequence: None,
            object_id: None,
        }
    }
}

/// One query of a request.
#[derive(Debug, Clone)]
pub enum AskedQuery {
    Adhoc(Adhoc),
    Stored {
        id: String,
        /// Names in any case.
        parameters: Vec<(String, String)>,
    },
    Join(AskedJoin),
}

/// A query of two types.
#[derive(Debug, Clone)]
pub struct AskedJoin {
    pub type_names: [String; 2],
    /// What references of the filter begin with; the types' names where there are none.
    pub aliases: Option<Vec<String>>,
    pub filter: Element,
    pub srs_name: Option<String>,
}

impl AskedJoin {
    /// # Errors
    /// `InvalidParameter` for more types than two, or not as many aliases; `MissingParameter`
    /// without a filter.
    pub fn new(
        type_names: &[String],
        aliases: Option<Vec<String>>,
        filter: Option<Element>,
        srs_name: Option<String>,
    ) -> Result<AskedJoin> {
        let [first, second] = type_names else {
            let found = type_names.len();
            return Err(Error::parameter(
                "typeNames",
                format!("joins are of two types: expected at most two, found {found}"),
            ));
        };
        if let Some(aliases) = &aliases
            && aliases.len() != 2
        {
            return Err(Error::parameter(
                "aliases",
                format!(
                    "expected one for each of two types, found {}",
                    aliases.len()
                ),
            ));
        }
        Ok(AskedJoin {
            type_names: [first.clone(), second.clone()],
            aliases,
            filter: filter.ok_or_else(|| Error::MissingParameter {
                name: "filter".into(),
                expected: "a condition that joins the two types".into(),
            })?,
            srs_name,
        })
    }
}

/// A query that says what it wants.
#[derive(Debug, Clone, Default)]
pub struct Adhoc {
    /// `None` where the ids tell it.
    pub type_name: Option<String>,
    /// Empty: all.
    pub properties: Vec<String>,
    pub sort: Vec<SortTerm>,
    pub srs_name: Option<String>,
    /// All of them hold.
    pub conditions: Vec<Condition>,
}

/// A property to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortTerm {
    pub property: String,
    pub is_descending: bool,
}

/// A condition, in its notation.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A `Filter` of any version of FES.
    Filter(Element),
    /// CQL, as GeoServer reads it.
    Cql(String),
    Ids(Vec<String>),
    /// `a,b,c,d` and maybe a CRS.
    Bbox(String),
}

/// A whole number of a parameter.
///
/// # Errors
/// `InvalidParameter`.
pub fn whole(name: &str, text: &str) -> Result<u64> {
    text.trim().parse().map_err(|_| {
        Error::parameter(
            name,
            format!("expected a whole number from 0, found {text:?}"),
        )
    })
}

/// `resultType`.
///
/// # Errors
/// `InvalidParameter`.
pub fn is_hits(text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "hits" => Ok(true),
        "results" | "validate" => Ok(false),
        _ => Err(Error::parameter(
            "resultType",
            format!("expected results or hits, found {text:?}"),
        )),
    }
}

/// `resolve`: there is nothing that features refer to, so what is resolved here is all there is
/// (OGC 09-025r2 §7.6.4).
///
/// # Errors
/// `InvalidParameter` for what would ask other servers, or is no such word.
pub fn check_resolve(text: &str) -> Result<()> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "none" | "local" => Ok(()),
        _ => Err(Error::parameter(
            "resolve",
            format!("expected none or local, for other servers are not asked, found {text:?}"),
        )),
    }
}

/// The properties to give, where none is all of them: `*` is every property.
pub fn all_but_star(names: Vec<String>) -> Vec<String> {
    match names.iter().any(|name| name.trim() == "*") {
        true => Vec::new(),
        false => names,
    }
}
