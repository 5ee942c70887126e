//! No message names a tenant, in itself or in anything that it is made of: an actor is born with its tenant, and "another tenant's row"
//! cannot be said. Read out of the source, because no type can say "does not contain".

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Fields, File, GenericArgument, Ident, Item, PathArguments, ReturnType, Token, Type, UseTree,
    parse::{Parse, ParseStream},
    visit::{self, Visit},
};

/// Replies that are not data but a way to something of the same tenant: their fields are private and tell nothing. May only shrink.
const WAYS: &[(&str, &str)] = &[
    ("ProjectRef", "leads to an actor of the tenant that was asked"),
    ("ContentKey", "a project's key: bound to its tenant, so that it opens nothing else"),
];

/// What a sender could name another tenant by.
const TENANTS: &[&str] = &[
    "TenantId",
    "TenantDb",
    "TenantTx",
    "Tenant",
    "TenantSeed",
    "Store",
    "PlatformDb",
    "Registry",
];

pub(super) fn parsed(folder: &Path) -> Vec<(PathBuf, File)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(parsed(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push((path, file));
        }
    }
    found
}

/// Every name that a `use` brings in.
pub(super) fn names(tree: &UseTree) -> BTreeSet<String> {
    match tree {
        UseTree::Path(path) => names(&path.tree),
        UseTree::Name(name) => BTreeSet::from([name.ident.to_string()]),
        UseTree::Rename(name) => BTreeSet::from([name.ident.to_string(), name.rename.to_string()]),
        UseTree::Glob(_) => BTreeSet::from(["*".to_owned()]),
        UseTree::Group(group) => group.items.iter().flat_map(names).collect(),
    }
}

/// `Message => Reply, needs Role, key = value;`
struct Declared {
    message: Type,
    reply: Type,
    role: Ident,
}

struct Declarations(Vec<Declared>);

impl Parse for Declarations {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut found = Vec::new();
        while !input.is_empty() {
            let message = input.parse()?;
            input.parse::<Token![=>]>()?;
            let reply = input.parse()?;
            input.parse::<Token![,]>()?;
            input.parse::<Ident>()?;
            let role = input.parse()?;
            while !input.peek(Token![;]) {
                input.parse::<proc_macro2::TokenTree>()?;
            }
            input.parse::<Token![;]>()?;
            found.push(Declared { message, reply, role });
        }
        Ok(Self(found))
    }
}

/// What the source says: messages with their replies, and what each named type is made of.
#[derive(Default)]
struct Source {
    messages: Vec<Declared>,
    by_hand: Vec<String>,
    parts: BTreeMap<String, Vec<(String, Type)>>,
}

impl Source {
    fn add(&mut self, name: &Ident, fields: &Fields) {
        let parts = self.parts.entry(name.to_string()).or_default();
        for (at, field) in fields.iter().enumerate() {
            let label = field.ident.as_ref().map_or_else(|| at.to_string(), Ident::to_string);
            parts.push((label, field.ty.clone()));
        }
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) if module.ident == "tests" => return,
            Item::Struct(one) => self.add(&one.ident, &one.fields),
            Item::Enum(one) => {
                for variant in &one.variants {
                    self.add(&one.ident, &variant.fields);
                }
            }
            Item::Type(alias) => {
                let parts = self.parts.entry(alias.ident.to_string()).or_default();
                parts.push((String::new(), (*alias.ty).clone()));
            }
            Item::Macro(call) if call.mac.path.segments.last().is_some_and(|last| last.ident == "request") => {
                self.messages.extend(call.mac.parse_body::<Declarations>().unwrap().0);
            }
            Item::Impl(one) => {
                if let Some((_, path, _)) = &one.trait_
                    && path.segments.last().is_some_and(|last| last.ident == "Request")
                {
                    let mut of = Names::default();
                    of.visit_type(&one.self_ty);
                    self.by_hand.push(of.0.into_iter().collect::<Vec<_>>().join(" "));
                }
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }
}

/// Every name in a type, arguments and results of closures included.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        for segment in &path.segments {
            match &segment.arguments {
                PathArguments::AngleBracketed(list) => {
                    for argument in &list.args {
                        if let GenericArgument::Type(one) = argument {
                            self.visit_type(one);
                        }
                    }
                }
                PathArguments::Parenthesized(list) => {
                    for one in &list.inputs {
                        self.visit_type(one);
                    }
                    if let ReturnType::Type(_, one) = &list.output {
                        self.visit_type(one);
                    }
                }
                PathArguments::None => {}
            }
        }
        if let Some(last) = path.segments.last() {
            self.0.insert(last.ident.to_string());
        }
    }
}

impl Source {
    fn read(folders: &[PathBuf]) -> Self {
        let mut source = Self::default();
        for folder in folders {
            for (path, file) in parsed(folder) {
                if path.file_stem().is_some_and(|stem| stem != "tests") {
                    source.visit_file(&file);
                }
            }
        }
        source
    }

    /// How `of` leads to a tenant, if it does.
    fn tenant_in(&self, of: &Type, seen: &mut HashSet<String>) -> Option<String> {
        let mut found = Names::default();
        found.visit_type(of);
        for name in found.0 {
            if TENANTS.contains(&name.as_str()) {
                return Some(name);
            }
            if WAYS.iter().any(|(way, _)| *way == name) || !seen.insert(name.clone()) {
                continue;
            }
            for (field, part) in self.parts.get(&name).into_iter().flatten() {
                // The version of a key is a number, and says nothing of whose.
                if (field.contains("tenant") && field != "tenant_version") || field.contains("workspace_id") {
                    return Some(format!("{name}.{field}"));
                }
                if let Some(rest) = self.tenant_in(part, seen) {
                    return Some(format!("{name}.{field}: {rest}"));
                }
            }
        }
        None
    }
}

#[test]
fn no_message_and_no_reply_names_a_tenant() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Source::read(&[root.join("actors/src"), root.join("entities/src")]);
    assert!(source.messages.len() > 25, "the messages are not found: {}", source.messages.len());
    assert_eq!(
        source.by_hand, [""; 0],
        "declare messages with request!, so that they are looked at"
    );
    for Declared { message, reply, role } in &source.messages {
        let mut of = Names::default();
        of.visit_type(message);
        let name = of.0.iter().next().unwrap().clone();
        assert!(
            source.parts.contains_key(&name),
            "the message {name} is not defined where it is looked for"
        );
        for (part, what) in [(message, "names"), (reply, "is answered with")] {
            if let Some(way) = source.tenant_in(part, &mut HashSet::new()) {
                panic!("{name} (needs {role}) {what} a tenant: {way}");
            }
        }
    }
    let replies: BTreeSet<String> = source
        .messages
        .iter()
        .flat_map(|one| {
            let mut of = Names::default();
            of.visit_type(&one.reply);
            of.0
        })
        .collect();
    for (way, _) in WAYS {
        assert!(replies.contains(*way), "{way} is no longer a reply: take it off the list");
    }
}

/// The search itself: it must find what it is there to find.
#[test]
fn a_tenant_is_found_however_deep_a_message_hides_it() {
    let text = "
        struct Plain { name: String }
        struct Direct(TenantId);
        struct Nested { inner: Vec<Option<Inner>> } struct Inner { at: Deep } enum Deep { No, Yes { id: entities::TenantId } }
        type Alias = TenantId; struct Aliased(Alias);
        struct Named { tenant: Uuid }
        struct Closure { run: Box<dyn Fn(TenantId) -> bool> }
        request! { Plain => Vec<Plain>, needs Member, patience = 60; Direct => (), needs Member; }
    ";
    let mut source = Source::default();
    source.visit_file(&syn::parse_file(text).unwrap());
    assert_eq!(source.messages.len(), 2);
    let search = |name: &str| source.tenant_in(&syn::parse_str(name).unwrap(), &mut HashSet::new());
    assert_eq!(search("Plain"), None);
    for hidden in ["Direct", "Nested", "Aliased", "Named", "Closure", "Result<Direct, ()>"] {
        assert!(search(hidden).is_some(), "{hidden}");
    }
}
