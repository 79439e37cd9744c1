//! Lines and columns of a document.

use apollo_compiler::Node;
use async_graphql::Pos;

/// Where lines begin, so that the place of a node is found without reading the document again: on
/// one long line that would cost its square.
pub(super) struct Places {
    lines: Vec<usize>,
    /// Where each character begins; nothing where each is one byte.
    characters: Option<Vec<usize>>,
}

impl Places {
    pub(super) fn of(text: &str) -> Self {
        let breaks = text.match_indices('\n').map(|(place, _)| place + 1);
        let characters =
            (!text.is_ascii()).then(|| text.char_indices().map(|(place, _)| place).collect());
        Self { lines: std::iter::once(0).chain(breaks).collect(), characters }
    }

    /// Where a node begins.
    pub(super) fn of_node<T>(&self, node: &Node<T>) -> Pos {
        self.at(node.location().map_or(0, |location| location.offset()))
    }

    /// The place of a byte; lines and columns count from 1.
    pub(super) fn at(&self, offset: usize) -> Pos {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Pos { line, column: self.characters_before(offset) - self.characters_before(start) + 1 }
    }

    fn characters_before(&self, offset: usize) -> usize {
        match &self.characters {
            Some(starts) => starts.partition_point(|start| *start < offset),
            None => offset,
        }
    }
}
