use super::request::{Asked, AskedQuery, Incoming, Operation};
use super::scope::Scope;
use super::{Service, Version, capabilities, exception, features, schema, stored};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::protocol::{Answer, Request, ows};

/// Answers a WFS request: plain data in and out, never a panic, every error in WFS's words.
pub fn answer(service: &Service<'_>, request: &Request<'_>, budget: &Budget) -> Answer {
    let incoming = match Incoming::read(request, service.limits) {
        Ok(incoming) => incoming,
        Err(error) => return exception::report(&error, Version::V200),
    };
    let version = incoming.version();
    let mut scope = match Scope::new(service, request.collection, request.base) {
        Ok(scope) => scope,
        // the address itself is wrong, not a parameter
        Err(error) => return exception::report(&error, version).with_status(404),
    };
    if let Some(language) = incoming.parameter("LANGUAGE") {
        scope.language = ows::language(service.catalogue, Some(language));
    }
    incoming
        .asked()
        .and_then(|asked| perform(service, &scope, &asked, &incoming, budget))
        .unwrap_or_else(|error| exception::report(&error, version))
}

/// The answer to a request that could not be worked on.
pub fn refuse(service: &Service<'_>, request: &Request<'_>, error: &Error) -> Answer {
    let incoming = Incoming::read(request, service.limits);
    let version = incoming.map_or(Version::V200, |incoming| incoming.version());
    exception::report(error, version)
}

fn perform(
    service: &Service<'_>,
    scope: &Scope<'_>,
    asked: &Asked,
    incoming: &Incoming,
    budget: &Budget,
) -> Result<Answer> {
    let is_of_20 = matches!(
        asked.operation,
        Operation::GetPropertyValue
            | Operation::ListStoredQueries
            | Operation::DescribeStoredQueries
    );
    if is_of_20 && asked.version != Version::V200 {
        return Err(Error::OperationNotSupported {
            request: asked.operation.name().to_owned(),
            expected: "GetCapabilities, DescribeFeatureType, GetFeature".into(),
        });
    }
    match asked.operation {
        Operation::GetCapabilities => capabilities::get(service, scope, asked),
        Operation::DescribeFeatureType => schema::describe(scope, asked),
        Operation::GetFeature | Operation::GetPropertyValue => {
            features::get(service, scope, asked, incoming, budget)
        }
        Operation::ListStoredQueries => Ok(stored::list(scope)),
        Operation::DescribeStoredQueries => stored::describe(scope, &asked.stored_query_ids),
        Operation::GetGmlObject => {
            let feature = by_id(asked)?;
            features::get(service, scope, &feature, incoming, budget)
        }
    }
}

/// GetGmlObject of 1.1.0 (OGC 04-094 §10), for features: what `GetFeatureById` is in 2.0.
fn by_id(asked: &Asked) -> Result<Asked> {
    let id = asked
        .object_id
        .clone()
        .ok_or_else(|| Error::MissingParameter {
            name: "GmlObjectId".into(),
            expected: "the gml:id of a feature".into(),
        })?;
    Ok(Asked {
        operation: Operation::GetFeature,
        queries: vec![AskedQuery::Stored {
            id: "GetFeatureById".into(),
            parameters: vec![("ID".into(), id)],
        }],
        ..asked.clone()
    })
}
