/// Who may see a layer or a map. What somebody may not see does not exist for them: it is left
/// out of the catalogue that answers them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Access {
    #[default]
    Public,
    /// Whoever has one of these roles; nobody where there are none.
    Roles(Vec<String>),
}

impl Access {
    pub fn is_public(&self) -> bool {
        *self == Access::Public
    }
}
