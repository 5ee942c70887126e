//! Numbers of cards, bank accounts and phones.

use super::mask::Span;

/// Digits in a row, with what parts them from the group before.
#[derive(Clone, Debug)]
pub(super) struct Group {
    start: usize,
    end: usize,
    digits: Vec<u8>,
    /// Between this group and the one before; empty for the first.
    gap: Vec<char>,
}

/// Groups of digits that may be one number.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    groups: Vec<Group>,
    /// A `+` or an opening bracket before it belongs to it.
    start: usize,
    plus: bool,
    /// Part of something longer, such as a part number or a word.
    inside: bool,
}

/// The value of a digit, also of the wide ones of East Asian keyboards.
fn digit(c: char) -> Option<u8> {
    let value = match c {
        '0'..='9' => c as u32 - '0' as u32,
        '０'..='９' => c as u32 - '０' as u32,
        _ => return None,
    };
    u8::try_from(value).ok()
}

fn parts(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-' | '‐' | '‑' | '–' | '.' | '/' | '(' | ')')
}

/// Characters that may stand between two groups of a number: `) `, ` (`, `)-`.
const GAP: usize = 2;
/// Longer than any number of a card, account or phone is.
const DIGITS: usize = 40;

pub(super) fn runs(chars: &[char]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if digit(chars[at]).is_none() {
            at += 1;
            continue;
        }
        let mut run = begin(chars, at);
        loop {
            let start = at;
            let length = chars[start..].iter().take_while(|c| digit(**c).is_some()).count();
            let before = run.groups.last().map_or(start, |group| group.end);
            run.groups.push(Group {
                start,
                end: start + length,
                // A number that is too long is none, and is not read to its end.
                digits: chars[start..start + length].iter().take(DIGITS).filter_map(|c| digit(*c)).collect(),
                gap: chars[before..start].to_vec(),
            });
            at = start + length;
            let gap = chars[at..].iter().take(GAP + 1).take_while(|c| parts(**c)).count();
            if gap > GAP || chars.get(at + gap).is_none_or(|c| digit(*c).is_none()) {
                break;
            }
            at += gap;
        }
        run.inside |= chars.get(at).is_some_and(|c| c.is_alphabetic() || *c == '_');
        runs.push(run);
    }
    runs
}

fn begin(chars: &[char], at: usize) -> Run {
    let mut start = at;
    while start > 0 && at - start < 2 && matches!(chars[start - 1], '(' | '+') {
        start -= 1;
    }
    let before = start.checked_sub(1).map(|n| chars[n]);
    let earlier = start.checked_sub(2).map(|n| chars[n]);
    // `AB-123`, `#123`, `x_123`, `v1.2`: a name goes on.
    let tied = before.is_some_and(|c| matches!(c, '-' | '.' | '/' | ':')) && earlier.is_some_and(char::is_alphanumeric);
    Run {
        groups: Vec::new(),
        start,
        plus: chars[start..at].contains(&'+'),
        inside: before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '€' | '£' | '#'))
            || tied && !chars[start..at].contains(&'+'),
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| {
            let digit = u32::from(*digit);
            match n % 2 {
                0 => digit,
                _ if digit > 4 => 2 * digit - 9,
                _ => 2 * digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// By how the networks number their cards.
fn is_card(digits: &[u8]) -> bool {
    let first_two = match digits {
        [a, b, ..] => u32::from(*a) * 10 + u32::from(*b),
        _ => return false,
    };
    let issued = matches!(first_two, 22..=27 | 30 | 34..=39 | 40..=49 | 50..=59 | 60..=69);
    (14..=19).contains(&digits.len()) && issued && luhn(digits)
}

pub(super) fn cards(runs: &[Run]) -> Vec<Span> {
    let mut found = Vec::new();
    for run in runs {
        let mut from = 0;
        while from < run.groups.len() {
            match card_from(&run.groups[from..]) {
                Some(groups) => {
                    found.push(Span {
                        start: run.groups[from].start,
                        end: run.groups[from + groups - 1].end,
                    });
                    from += groups;
                }
                None => from += 1,
            }
        }
    }
    found
}

/// How many groups make up the card's number that they begin with. Groups are parted by one blank or dash, and none is a lone digit.
fn card_from(groups: &[Group]) -> Option<usize> {
    let mut digits = Vec::with_capacity(20);
    let mut fits = None;
    for (n, group) in groups.iter().enumerate() {
        let joined = n == 0 || matches!(group.gap.as_slice(), [' ' | '\u{a0}' | '-' | '‑']);
        if !joined || group.digits.len() < 2 || digits.len() + group.digits.len() > 19 {
            break;
        }
        digits.extend(&group.digits);
        if is_card(&digits) {
            fits = Some(n + 1);
        }
    }
    fits
}

/// How long an account's number is, by country.
const IBANS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("XK", 20),
];

pub(super) fn ibans(chars: &[char]) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + 4 <= chars.len() {
        let begins = at.checked_sub(1).is_none_or(|before| !chars[before].is_alphanumeric());
        match if begins { iban_at(&chars[at..]) } else { None } {
            Some(length) => {
                found.push(Span {
                    start: at,
                    end: at + length,
                });
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// How many characters the account's number takes that `chars` begins with.
fn iban_at(chars: &[char]) -> Option<usize> {
    let country: String = chars.iter().take(2).map(char::to_ascii_uppercase).collect();
    let (_, wanted) = IBANS.iter().find(|(known, _)| *known == country)?;
    let mut number: Vec<u32> = Vec::with_capacity(34);
    let mut end = 0;
    while number.len() < *wanted {
        let c = *chars.get(end)?;
        end += 1;
        match c.to_digit(36) {
            Some(value) => number.push(value),
            // One blank or dash between groups.
            None if matches!(c, ' ' | '\u{a0}' | '-') && chars.get(end).is_some_and(char::is_ascii_alphanumeric) => {}
            None => return None,
        }
    }
    let alone = !chars.get(end).is_some_and(|c| c.is_alphanumeric());
    let checked = number.get(2..4)?.iter().all(|value| *value < 10);
    let turned = number[4..].iter().chain(&number[..4]);
    let rest = turned.fold(0_u32, |rest, value| (if *value < 10 { rest * 10 } else { rest * 100 } + value) % 97);
    (alone && checked && rest == 1).then_some(end)
}

/// Words before a number that say what it is.
const CUES: &[&str] = &[
    "phone",
    "tel",
    "call",
    "mobile",
    "cell",
    "fax",
    "whatsapp",
    "sms",
    "telefon",
    "handy",
    "mobil",
    "anruf",
    "téléphone",
    "telephone",
    "portable",
    "teléfono",
    "telefono",
    "móvil",
    "movil",
    "celular",
    "telefone",
    "cellulare",
    "bel",
    "telefoon",
];
/// How far before a number such a word may end.
const CUE: usize = 12;

fn is_cued(chars: &[char], start: usize) -> bool {
    let before: String = chars[start.saturating_sub(CUE + 10)..start]
        .iter()
        .collect::<String>()
        .to_lowercase();
    let words: Vec<&str> = before.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    words.iter().rev().take(2).any(|word| CUES.contains(word))
}

/// Whether three groups are a day: `1.2.2024`, `2024-02-01`, `12/24/25`.
fn is_day(three: &[Group]) -> bool {
    let [a, b, c] = three else { return false };
    let same = b.gap == c.gap && matches!(b.gap.as_slice(), ['.' | '-' | '/']);
    let lengths = [a.digits.len(), b.digits.len(), c.digits.len()];
    let value = |group: &Group| group.digits.iter().fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    let short = |group: &Group| group.digits.len() <= 2 && (1..=31).contains(&value(group));
    same && match lengths {
        [4, ..] => (1800..2200).contains(&value(a)) && short(b) && short(c),
        [.., 4] => short(a) && short(b) && (1800..2200).contains(&value(c)),
        [.., 2] => short(a) && short(b) && b.gap != ['-'] && a.digits.len() == 2,
        _ => false,
    }
}

pub(super) fn phones(chars: &[char], runs: &[Run]) -> Vec<Span> {
    let found = runs.iter().filter(|run| !run.inside).flat_map(|run| phones_in(chars, run));
    found.collect()
}

fn phones_in(chars: &[char], run: &Run) -> Vec<Span> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < run.groups.len() {
        let rest = &run.groups[from..];
        let first = from == 0;
        let cued = first && is_cued(chars, run.start);
        match phone_from(rest, run.plus && first, cued) {
            Some(groups) => {
                let start = if first { run.start } else { rest[0].start };
                found.push(Span {
                    start: open_bracket(chars, start),
                    end: rest[groups - 1].end,
                });
                from += groups;
            }
            None => from += 1,
        }
    }
    found
}

/// A bracket that opens right before the number's first group is part of it.
fn open_bracket(chars: &[char], start: usize) -> usize {
    match start.checked_sub(1) {
        Some(before) if chars[before] == '(' => before,
        _ => start,
    }
}

fn blank(gap: &[char]) -> bool {
    !gap.contains(&'.') && !gap.contains(&'/')
}

/// How many groups make up the phone's number that they begin with.
fn phone_from(groups: &[Group], plus: bool, cued: bool) -> Option<usize> {
    if groups.windows(3).next().is_some_and(is_day) {
        return None;
    }
    let lengths: Vec<usize> = groups.iter().take(8).map(|group| group.digits.len()).collect();
    let lead = groups[0].digits.as_slice();
    // How many groups, from the first on, come to a number of so many digits: as many as there are, unless that is too many.
    let up_to = |least: usize, most: usize| {
        let (mut digits, mut fits) = (0, None);
        for (n, length) in lengths.iter().enumerate() {
            digits += length;
            if digits > most {
                break;
            }
            if digits >= least && !groups.get(n + 1..n + 4).is_some_and(is_day) {
                fits = Some(n + 1);
            }
        }
        fits
    };
    if plus && lead.first() != Some(&0) {
        return up_to(8, 15);
    }
    if lead.starts_with(&[0, 0]) && lead.get(2) != Some(&0) {
        return up_to(11, 17);
    }
    let even = |groups: &[Group]| groups.iter().skip(1).all(|group| group.gap.len() <= GAP);
    // As in North America: 212 555 0187, (212) 555-0187, 1-800-555-0199.
    let american = |groups: &[Group]| {
        let [area, office, line] = groups else { return false };
        area.digits.len() == 3
            && office.digits.len() == 3
            && line.digits.len() == 4
            && area.digits[0] >= 2
            && office.digits[0] >= 2
            && even(groups)
    };
    if groups.get(..3).is_some_and(american) && groups.get(3).is_none_or(|group| group.digits.len() != 4) {
        return Some(3);
    }
    if lead == [1] && groups.get(1..4).is_some_and(american) {
        return Some(4);
    }
    // With the digit that leads out of town, elsewhere.
    let dotted = groups.iter().skip(1).take(3).filter(|group| !blank(&group.gap)).count();
    if lead.first() == Some(&0)
        && lead.get(1).is_none_or(|digit| *digit != 0)
        && lead.len() >= 2
        && (dotted <= 1 || lengths.iter().all(|n| *n == 2))
    {
        return up_to(9, 12);
    }
    if cued { up_to(7, 15) } else { None }
}
