//! Words by which a question leans on what was said before, by language.

use crate::knowledge::language::Language;

pub(super) struct Leaning {
    /// How it goes on: its first words. The longer ones first.
    openers: &'static [&'static [&'static str]],
    /// Point at something named before.
    pronouns: &'static [&'static str],
    /// Point only as a question's last word: elsewhere they join.
    last: &'static [&'static str],
    /// Ask, and say nothing else.
    asking: &'static [&'static str],
    pub(super) prepositions: &'static [&'static str],
}

impl Leaning {
    /// How many words open the question as one that goes on; 0 when it begins anew.
    pub(super) fn opener(&self, words: &[String]) -> usize {
        let opens = |opener: &&&[&str]| words.len() > opener.len() && words.iter().zip(**opener).all(|(word, own)| word == own);
        self.openers.iter().find(opens).map_or(0, |opener| opener.len())
    }

    pub(super) fn points(&self, words: &[String]) -> bool {
        let last = words.last().is_some_and(|word| self.last.contains(&word.as_str()));
        last || words.iter().any(|word| self.pronouns.contains(&word.as_str()))
    }

    pub(super) fn asks(&self, word: &str) -> bool {
        self.asking.contains(&word)
    }
}

pub(super) fn leaning(language: Language) -> &'static Leaning {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Spanish => &SPANISH,
        Language::Portuguese => &PORTUGUESE,
        Language::Italian => &ITALIAN,
        Language::Dutch => &DUTCH,
    }
}

static ENGLISH: Leaning = Leaning {
    openers: &[
        &["and", "what", "about"],
        &["and", "how", "about"],
        &["what", "about"],
        &["how", "about"],
        &["what", "if"],
        &["and"],
        &["but"],
        &["or"],
        &["also"],
    ],
    pronouns: &["it", "its", "they", "them", "their", "this", "these", "those"],
    last: &["that", "one", "ones", "there", "so", "same", "then"],
    asking: &["why", "how", "when", "where", "who", "which", "what", "and", "really"],
    prepositions: &[
        "on", "in", "for", "with", "from", "to", "at", "by", "via", "without", "under", "using",
    ],
};

static GERMAN: Leaning = Leaning {
    openers: &[
        &["und", "was", "ist", "mit"],
        &["was", "ist", "mit"],
        &["wie", "sieht", "es", "mit"],
        &["und"],
        &["aber"],
        &["oder"],
        &["auch"],
    ],
    pronouns: &[
        "es", "dies", "diese", "dieser", "dieses", "sie", "ihn", "ihm", "dafür", "damit", "davon", "dabei", "dazu", "darin", "dort",
    ],
    last: &["das", "die", "den", "der", "so", "dann"],
    asking: &["warum", "wieso", "weshalb", "wie", "wann", "wo", "wer", "welche", "was", "und"],
    prepositions: &[
        "auf", "unter", "für", "mit", "in", "im", "aus", "von", "bei", "ohne", "per", "über", "am", "an",
    ],
};

static FRENCH: Leaning = Leaning {
    openers: &[&["qu", "en", "est", "il"], &["et"], &["mais"], &["ou"], &["aussi"]],
    pronouns: &[
        "ça", "cela", "ceci", "elle", "elles", "ils", "celui", "celle", "ceux", "celles", "lui",
    ],
    last: &["là", "en", "y"],
    asking: &[
        "pourquoi", "comment", "quand", "où", "qui", "lequel", "laquelle", "quoi", "combien", "et",
    ],
    prepositions: &[
        "sur", "sous", "pour", "avec", "dans", "en", "chez", "sans", "par", "depuis", "à", "au",
    ],
};

static SPANISH: Leaning = Leaning {
    openers: &[
        &["y", "qué", "pasa", "con"],
        &["qué", "pasa", "con"],
        &["qué", "tal"],
        &["y"],
        &["pero"],
        &["o"],
        &["también"],
    ],
    pronouns: &[
        "eso", "esto", "ello", "ellos", "ellas", "lo", "ese", "esa", "este", "esta", "esos", "esas",
    ],
    last: &["ahí", "allí"],
    asking: &["por", "cómo", "cuándo", "dónde", "quién", "cuál", "qué", "cuánto", "y"],
    prepositions: &["en", "para", "con", "por", "desde", "sin", "sobre", "bajo", "a"],
};

static PORTUGUESE: Leaning = Leaning {
    openers: &[&["e", "quanto", "a"], &["e"], &["mas"], &["ou"], &["também"]],
    pronouns: &["isso", "isto", "ele", "ela", "eles", "elas", "esse", "essa", "este", "esta"],
    last: &["lá", "aí"],
    asking: &["por", "porque", "como", "quando", "onde", "quem", "qual", "que", "quanto", "e"],
    prepositions: &["em", "no", "na", "para", "com", "por", "sem", "sob", "desde", "ao"],
};

static ITALIAN: Leaning = Leaning {
    openers: &[&["e", "per", "quanto", "riguarda"], &["e"], &["ma"], &["o"], &["anche"]],
    pronouns: &["questo", "questa", "quello", "quella", "ciò", "esso", "essa", "essi", "lo"],
    last: &["lì", "là"],
    asking: &["perché", "come", "quando", "dove", "chi", "quale", "cosa", "quanto", "e"],
    prepositions: &["su", "in", "per", "con", "da", "senza", "sotto", "a", "sul", "nel"],
};

static DUTCH: Leaning = Leaning {
    openers: &[
        &["en", "hoe", "zit", "het", "met"],
        &["hoe", "zit", "het", "met"],
        &["en"],
        &["maar"],
        &["of"],
        &["ook"],
    ],
    pronouns: &["dit", "deze", "die", "ervan", "daarmee", "daarvoor", "ze"],
    last: &["dat", "het", "daar", "zo"],
    asking: &["waarom", "hoe", "wanneer", "waar", "wie", "welke", "wat", "en"],
    prepositions: &["op", "in", "voor", "met", "van", "bij", "zonder", "via", "onder", "aan"],
};
