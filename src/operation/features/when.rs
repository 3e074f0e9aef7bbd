//! Features by the time that they are at.

use crate::catalogue::{Layer, LayerTime};
use crate::query::{CompareOp, Expr, Filter, Literal, Moment};

/// Lets the features pass whose time touches the one from a first to a last moment, both
/// included; `None` is no end. A feature without a time does not pass. `None` for a layer without
/// times: all of it passes.
pub fn touches(layer: &Layer, from: Option<Moment>, to: Option<Moment>) -> Option<Filter> {
    let fields = &layer.store.schema().fields;
    let property = |column: usize| {
        let field = fields.get(column);
        field.map(|field| Expr::Property(field.name.clone()))
    };
    let is_null = |time: &Expr| Filter::IsNull(time.clone());
    let not = |filter: Filter| Filter::Not(Box::new(filter));
    let parts = match layer.time? {
        LayerTime::Instant(column) => {
            let time = property(column)?;
            let from = from.map(|from| compared(&time, CompareOp::GreaterOrEqual, from));
            let to = to.map(|to| compared(&time, CompareOp::LessOrEqual, to));
            let parts = [not(is_null(&time))].into_iter();
            parts.chain(from).chain(to).collect()
        }
        LayerTime::Interval(start, end) => {
            let (start, end) = (property(start)?, property(end)?);
            let nowhere = Filter::And(vec![is_null(&start), is_null(&end)]);
            // a null end is none
            let or_open = |time: &Expr, filter| Filter::Or(vec![is_null(time), filter]);
            let from = from.map(|from| compared(&end, CompareOp::GreaterOrEqual, from));
            let to = to.map(|to| compared(&start, CompareOp::LessOrEqual, to));
            let from = from.map(|filter| or_open(&end, filter));
            let to = to.map(|filter| or_open(&start, filter));
            let parts = [not(nowhere)].into_iter();
            parts.chain(from).chain(to).collect()
        }
    };
    Some(Filter::And(parts))
}

fn compared(time: &Expr, op: CompareOp, moment: Moment) -> Filter {
    Filter::Compare {
        op,
        left: time.clone(),
        right: Expr::Literal(Literal::Moment(moment)),
        match_case: true,
    }
}
