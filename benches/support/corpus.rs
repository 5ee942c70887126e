//! Documentation of a product that does not exist: the same at each run, of any size, with questions that it answers.

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    /// 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const VERBS: [&str; 16] = [
    "export", "rename", "share", "archive", "restore", "delete", "import", "schedule", "copy", "print", "lock", "merge", "publish", "sort",
    "filter", "approve",
];
const KINDS: [&str; 12] = [
    "monthly",
    "shared",
    "encrypted",
    "public",
    "draft",
    "signed",
    "recurring",
    "imported",
    "private",
    "global",
    "nested",
    "pinned",
];
const THINGS: [&str; 20] = [
    "invoice",
    "report",
    "dashboard",
    "calendar",
    "ticket",
    "contract",
    "mailbox",
    "backup",
    "template",
    "webhook",
    "form",
    "folder",
    "contact",
    "budget",
    "survey",
    "timeline",
    "checklist",
    "receipt",
    "campaign",
    "inventory",
];
const PLACES: [&str; 10] = [
    "Settings",
    "the sidebar",
    "the account menu",
    "the toolbar",
    "Billing",
    "the project page",
    "the mobile app",
    "Security",
    "the inbox",
    "Integrations",
];
const WORDS: [&str; 96] = [
    "the",
    "a",
    "of",
    "to",
    "and",
    "in",
    "is",
    "it",
    "for",
    "on",
    "with",
    "as",
    "by",
    "when",
    "that",
    "can",
    "are",
    "from",
    "this",
    "or",
    "user",
    "account",
    "page",
    "team",
    "member",
    "email",
    "password",
    "button",
    "list",
    "file",
    "name",
    "date",
    "time",
    "number",
    "value",
    "change",
    "select",
    "open",
    "close",
    "save",
    "cancel",
    "confirm",
    "enter",
    "choose",
    "click",
    "view",
    "edit",
    "create",
    "remove",
    "add",
    "new",
    "old",
    "first",
    "last",
    "next",
    "previous",
    "default",
    "custom",
    "required",
    "optional",
    "limit",
    "plan",
    "price",
    "payment",
    "card",
    "order",
    "customer",
    "support",
    "message",
    "notification",
    "alert",
    "error",
    "warning",
    "status",
    "progress",
    "history",
    "version",
    "update",
    "release",
    "feature",
    "permission",
    "role",
    "owner",
    "admin",
    "guest",
    "network",
    "server",
    "device",
    "browser",
    "language",
    "region",
    "currency",
    "format",
    "column",
    "row",
    "chart",
];

/// A word of its own for each number.
fn name(mut n: usize) -> String {
    const STARTS: [&str; 16] = [
        "ba", "ce", "do", "fi", "gu", "la", "me", "no", "pi", "ru", "sa", "te", "vo", "wi", "za", "ki",
    ];
    let mut name = String::new();
    for _ in 0..4 {
        name.push_str(STARTS[n % 16]);
        n /= 16;
    }
    name.push('x');
    name
}

struct Topic {
    verb: &'static str,
    kind: &'static str,
    thing: &'static str,
    name: String,
}

fn topic(n: usize) -> Topic {
    let mut dice = Dice::new(n as u64);
    Topic {
        verb: dice.pick(&VERBS),
        kind: dice.pick(&KINDS),
        thing: dice.pick(&THINGS),
        name: name(n),
    }
}

/// What section `n` answers.
pub fn question(n: usize) -> String {
    let Topic { verb, kind, thing, name } = topic(n);
    format!("How do I {verb} the {kind} {thing} {name}?")
}

/// A passage: what it is about and how to do it, then `sentences` of twelve words. Five make some eighty words in all.
pub fn section(n: usize, sentences: usize) -> String {
    let Topic { verb, kind, thing, name } = topic(n);
    let mut dice = Dice::new(n as u64 ^ 0x5eed);
    let place = dice.pick(&PLACES);
    let mut text = format!(
        "## The {kind} {thing} {name}\n\nTo {verb} the {kind} {thing} {name}, open {place} and choose {verb}. It takes {} minutes.",
        2 + dice.below(58)
    );
    for _ in 0..sentences {
        let words = (0..12).map(|_| {
            // Few words are everywhere, most are rare.
            if dice.share() < 0.92 {
                let at = (dice.share() * dice.share() * WORDS.len() as f64) as usize;
                WORDS[at].to_owned()
            } else {
                self::name((dice.share() * dice.share() * 20_000.0) as usize)
            }
        });
        let sentence = words.collect::<Vec<_>>().join(" ");
        text.push(' ');
        text.push_str(&sentence[..1].to_uppercase());
        text.push_str(&sentence[1..]);
        text.push('.');
    }
    text.push_str("\n\n");
    text
}

/// A Markdown document of the sections from `first` on.
pub fn document(first: usize, sections: usize, sentences: usize) -> String {
    let mut text = format!("# Lantern handbook {first}\n\n");
    for n in first..first + sections {
        text.push_str(&section(n, sentences));
    }
    text
}
