use pdf_writer::types::StructRole;
use pdf_writer::{Chunk, Finish, Ref, TextStr};

use super::page::{Page, Role};

/// The elements of a document: each part that is read, in order.
pub(super) struct Structure {
    document: Ref,
    /// Of each page those of its parts, in the order of their marks.
    elements: Vec<Vec<Ref>>,
}

impl Structure {
    pub fn new(pages: &[Page], next: &mut dyn FnMut() -> Ref) -> Structure {
        let document = next();
        let mut of_page = |page: &Page| {
            let read = page.parts.iter().filter(|part| part.role != Role::Artifact);
            read.map(|_| next()).collect()
        };
        Structure {
            document,
            elements: pages.iter().map(&mut of_page).collect(),
        }
    }

    /// The element that holds all others.
    pub fn document(&self) -> Ref {
        self.document
    }

    /// Of each page the elements of its marks: what the parent tree tells (ISO 32000-1, 14.7.4.4).
    pub fn of_pages(&self) -> &[Vec<Ref>] {
        &self.elements
    }

    /// Writes the elements below the root of the structure.
    pub fn write(&self, chunk: &mut Chunk, root: Ref, pages: &[Page], page_refs: &[Ref]) {
        let mut document = chunk.struct_element(self.document);
        document.kind(StructRole::Document).parent(root);
        let mut children = document.children();
        for element in self.elements.iter().flatten() {
            children.struct_element(*element);
        }
        children.finish();
        document.finish();
        for ((page, page_ref), elements) in pages.iter().zip(page_refs).zip(&self.elements) {
            let read = page.parts.iter().filter(|part| part.role != Role::Artifact);
            for ((mark, part), at) in (0..).zip(read).zip(elements) {
                let mut element = chunk.struct_element(*at);
                element
                    .kind(part.role.kind())
                    .parent(self.document)
                    .page(*page_ref);
                if let Role::Figure(words) = &part.role {
                    element.alt(TextStr(words));
                }
                element.children().marked_content_id(mark);
            }
        }
    }
}

impl Role {
    fn kind(&self) -> StructRole {
        match self {
            Role::Title => StructRole::H1,
            Role::Heading(2) => StructRole::H2,
            Role::Heading(_) => StructRole::H3,
            Role::Paragraph => StructRole::P,
            Role::Figure(_) => StructRole::Figure,
            Role::Artifact => StructRole::NonStruct,
        }
    }
}
