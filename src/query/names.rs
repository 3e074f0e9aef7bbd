//! The operators' names, as CQL2 JSON has them (OGC 21-065r2 annex C). Each kind has its prefix in
//! CQL2: `s_`, `t_`, `a_`.

use super::{ArithmeticOp, ArrayOp, CompareOp, SpatialOp, TemporalOp};

macro_rules! names {
    ($type:ident: $($variant:ident $name:literal),* $(,)?) => {
        impl $type {
            /// The name in CQL2, without the prefix of its kind.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }

            /// The operator of that name; case does not matter.
            pub fn named(name: &str) -> Option<$type> {
                const ALL: &[($type, &str)] = &[$(($type::$variant, $name)),*];
                let found = ALL.iter().find(|(_, n)| n.eq_ignore_ascii_case(name));
                found.map(|(op, _)| *op)
            }
        }
    };
}

names!(CompareOp:
    Equal "=",
    NotEqual "<>",
    Less "<",
    LessOrEqual "<=",
    Greater ">",
    GreaterOrEqual ">=",
);

names!(ArithmeticOp:
    Add "+",
    Subtract "-",
    Multiply "*",
    Divide "/",
    IntegerDivide "div",
    Modulo "%",
    Power "^",
);

// dWithin and beyond are not CQL2's: its standard leaves them to extensions
names!(SpatialOp:
    Contains "contains",
    Crosses "crosses",
    Disjoint "disjoint",
    Equals "equals",
    Intersects "intersects",
    Overlaps "overlaps",
    Touches "touches",
    Within "within",
    DWithin "dWithin",
    Beyond "beyond",
);

names!(TemporalOp:
    After "after",
    Before "before",
    Contains "contains",
    Disjoint "disjoint",
    During "during",
    Equals "equals",
    FinishedBy "finishedBy",
    Finishes "finishes",
    Intersects "intersects",
    Meets "meets",
    MetBy "metBy",
    OverlappedBy "overlappedBy",
    Overlaps "overlaps",
    StartedBy "startedBy",
    Starts "starts",
);

names!(ArrayOp:
    ContainedBy "containedBy",
    Contains "contains",
    Equals "equals",
    Overlaps "overlaps",
);

impl TemporalOp {
    /// True for the relations that CQL2 has between intervals only.
    pub fn is_between_intervals(self) -> bool {
        !matches!(
            self,
            TemporalOp::After
                | TemporalOp::Before
                | TemporalOp::Disjoint
                | TemporalOp::Equals
                | TemporalOp::Intersects
        )
    }
}
