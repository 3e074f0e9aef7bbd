/// A function of expressions, by the names that FES, QGIS and MapLibre use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    Lower,
    Upper,
}
