//! Builds a page's tree in small steps, each within a budget.
//!
//! The tree builder looks through all open elements at nearly every tag, so that depth times tags is what a page costs.
//! Both are bounded here, as are what the builder makes up by itself (it repeats unclosed formatting in every paragraph) and
//! marks that are no elements (each stray "<" is a text of its own).

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;

use html5ever::driver;
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, QualName};
use scraper::{Html, HtmlTreeSink};

use super::{ParseError, Stop};

/// Elements within elements: real pages stay below a hundred.
pub(super) const DEPTH: u32 = 256;
/// Elements of a page: a whole manual on one page has some hundred thousand.
pub(super) const ELEMENTS: usize = 500_000;
/// Texts between marks, and marks that are mistakes: either is below the double of a real page's elements.
const PIECES: usize = 1_000_000;
/// Looks at open elements, in all: some seconds at the very most, even without optimisation. A real page of 300 000 elements
/// needs some 20 million.
const LOOKS: u64 = 30_000_000;
/// Bytes between two looks at the budget.
const STEP: usize = 4 << 10;

type Id = <HtmlTreeSink as TreeSink>::Handle;

/// The tree, or why it would cost too much.
pub(super) fn build(source: &str, stop: &Stop) -> Result<Html, ParseError> {
    let mut parser = driver::parse_document(Counting::new(), driver::ParseOpts::default());
    let mut rest = source;
    while !rest.is_empty() {
        let mut end = rest.len().min(STEP);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (step, after) = rest.split_at(end);
        parser.process(StrTendril::from_slice(step));
        parser.tokenizer.sink.sink.within()?;
        stop.check()?;
        rest = after;
    }
    Ok(parser.finish())
}

struct Counting {
    inner: HtmlTreeSink,
    depths: RefCell<HashMap<Id, u32>>,
    deepest: Cell<u32>,
    elements: Cell<usize>,
    texts: Cell<usize>,
    mistakes: Cell<usize>,
    looks: Cell<u64>,
}

impl Counting {
    fn new() -> Self {
        Self {
            inner: HtmlTreeSink::new(Html::new_document()),
            depths: RefCell::default(),
            deepest: Cell::new(0),
            elements: Cell::new(0),
            texts: Cell::new(0),
            mistakes: Cell::new(0),
            looks: Cell::new(0),
        }
    }

    fn within(&self) -> Result<(), ParseError> {
        if self.deepest.get() > DEPTH {
            return Err(ParseError::TooDeep { limit: DEPTH });
        }
        let pieces = self.texts.get().max(self.mistakes.get());
        if self.elements.get() > ELEMENTS || pieces > PIECES || self.looks.get() > LOOKS {
            return Err(ParseError::TooManyElements { limit: ELEMENTS });
        }
        Ok(())
    }

    fn place(&self, parent: &Id, child: &NodeOrText<Id>) {
        match child {
            NodeOrText::AppendNode(child) => {
                let mut depths = self.depths.borrow_mut();
                let depth = depths.get(parent).copied().unwrap_or(0) + 1;
                depths.insert(*child, depth);
                self.deepest.set(self.deepest.get().max(depth));
            }
            NodeOrText::AppendText(_) => self.texts.set(self.texts.get() + 1),
        }
    }
}

impl TreeSink for Counting {
    type Handle = Id;
    type Output = Html;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.inner.finish()
    }

    fn parse_error(&self, _: Cow<'static, str>) {
        self.mistakes.set(self.mistakes.get() + 1);
    }

    fn get_document(&self) -> Id {
        self.inner.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a Id) -> Ref<'a, QualName> {
        self.looks.set(self.looks.get() + 1);
        self.inner.elem_name(target)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Id {
        self.elements.set(self.elements.get() + 1);
        self.inner.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> Id {
        self.elements.set(self.elements.get() + 1);
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Id {
        self.elements.set(self.elements.get() + 1);
        self.inner.create_pi(target, data)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        self.place(parent, &child);
        self.inner.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &Id, before: &Id, child: NodeOrText<Id>) {
        self.place(before, &child);
        self.inner.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.inner.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &Id) -> Id {
        let contents = self.inner.get_template_contents(target);
        self.place(target, &NodeOrText::AppendNode(contents));
        contents
    }

    fn same_node(&self, one: &Id, other: &Id) -> bool {
        self.looks.set(self.looks.get() + 1);
        one == other
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        self.place(sibling, &child);
        self.inner.append_before_sibling(sibling, child);
    }

    fn add_attrs_if_missing(&self, target: &Id, attributes: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &Id) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &Id, parent: &Id) {
        self.inner.reparent_children(node, parent);
    }
}
