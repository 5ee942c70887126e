//! The pages for contact and privacy: as they come with the software, or as whoever runs the installation wrote them.

use entities::{Millis, disclosure::pages as rows};

use super::{Disclosure, DisclosureSettings};
use crate::{
    fault::{Fault, Invalid},
    knowledge::answer::safe::{Rules, clean},
    text::parse_text,
};

const MOST_OF_PAGE: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageName {
    Contact,
    Privacy,
}

impl PageName {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Privacy => "privacy",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Contact, Self::Privacy].into_iter().find(|page| page.as_str() == text)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Privacy => "Privacy",
        }
    }
}

/// A page as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub sections: Vec<Section>,
    /// When it was written; never for one that came with the software.
    pub written_at: Option<Millis>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// None before the first heading.
    pub heading: Option<String>,
    /// In the marks that answers are written with: never HTML, and no picture.
    pub text: String,
}

/// # Errors
/// `Invalid` when there is nothing, or too much.
pub(super) fn check(text: &str) -> Result<String, Fault> {
    let text = parse_text(text, "text", MOST_OF_PAGE)?;
    match text.is_empty() {
        true => Err(Fault::invalid(Invalid::TextEmpty, "text", "Write something, or set the page back.")),
        false => Ok(text),
    }
}

/// Takes Markdown apart: the first heading of the first rank is the title, those below part it.
fn parts(name: PageName, text: &str, written_at: Option<Millis>) -> Page {
    let mut title = None;
    let mut raw: Vec<(Option<String>, String)> = vec![(None, String::new())];
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim() == "```";
        let heading = line.trim_start_matches('#');
        let rank = line.len() - heading.len();
        if in_code || !(1..=6).contains(&rank) || !heading.starts_with(' ') {
            if let Some((_, body)) = raw.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
            continue;
        }
        let heading = heading.trim().to_owned();
        match title {
            None if rank == 1 => title = Some(heading),
            _ => raw.push((Some(heading), String::new())),
        }
    }
    let rules = Rules::of_team(0);
    let sections = raw.into_iter().map(|(heading, body)| Section {
        heading,
        text: clean(&body, &rules),
    });
    Page {
        title: title.unwrap_or_else(|| name.title().to_owned()),
        sections: sections
            .filter(|section| section.heading.is_some() || !section.text.is_empty())
            .collect(),
        written_at,
    }
}

/// What is true of this software, wherever it runs.
fn default_text(name: PageName, settings: &DisclosureSettings, origin: &str) -> String {
    let reach = match &settings.contact {
        Some(contact) => format!("write to {contact}, or use the [report form]({origin}/security/report)"),
        None => format!("use the [report form]({origin}/security/report)"),
    };
    match name {
        PageName::Contact => format!(
            "# Contact\n\n\
             This is an installation of Pernoex, software that answers questions from a product's documentation. Whoever runs it can say here who they \
             are and how to reach them; they have not yet.\n\n\
             ## Security\n\nTo report a vulnerability, {reach}. No account is needed, and you may stay anonymous. Others who did so are thanked on \
             [a page of their own]({origin}/security/thanks).\n\n\
             ## Answers\n\nIf you asked an assistant on a website and have a question about its answer, or about what it keeps of yours, turn to the \
             company whose website it is: it decides what its assistant knows, and how long conversations are kept.\n\n\
             ## Your account\n\nIf you lost the way into your account, begin at [Forgot your password?]({origin}/forgot-password). In a workspace, its \
             owners can help with invitations and roles.\n"
        ),
        PageName::Privacy => format!(
            "# Privacy\n\n\
             What this installation of Pernoex stores, as the software does it by itself. Whoever runs it may have more to say, and can say it here.\n\n\
             ## When you ask an assistant\n\n\
             - Your questions and its answers are stored, encrypted with a key of the project that they belong to. They are kept until the company whose \
             assistant it is deletes them, or for as many days as it has set.\n\
             - E-mail addresses, phone numbers, card and account numbers and secrets are replaced before anything is stored, unless that company \
             has switched it off.\n\
             - On a website, the assistant keeps a random id in your browser, so that you find your conversation again. Your network address is \
             counted for some minutes against misuse, and not stored with what you ask.\n\
             - The website may tell who you are if you are signed in there. It is stored then, encrypted.\n\n\
             ## When you have an account\n\n\
             - Your e-mail address, and your password as a bcrypt hash from which it cannot be read.\n\
             - Where you are signed in: the network address and what your browser calls itself, until the session ends.\n\
             - What you change in a workspace, with your network address, in its audit log, which its owners and admins can read.\n\
             - One cookie, which keeps you signed in. There is none for anything else.\n\n\
             ## When you report a vulnerability\n\n\
             Your report and its files are stored encrypted, and read by those who run the installation. Your name and address only if you give \
             them; your network address is counted for an hour against misuse, and neither stored nor logged.\n\n\
             ## Where it goes\n\n\
             - Nothing trains a model, here or elsewhere.\n\
             - No page of this server loads anything from another.\n\
             - Questions, and the passages that answer them, go to a language model only if whoever runs the installation has set one up.\n\
             - What a company connects, such as Slack or a knowledge source, is sent what that is for.\n\n\
             ## To see or to erase what is stored of you\n\n\
             Of conversations, ask the company whose assistant it was: it can hand out and erase what a visitor wrote. Of your account, ask \
             whoever runs this installation: [contact]({origin}/contact).\n"
        ),
    }
}

impl Disclosure {
    pub(super) async fn page_text(&self, name: PageName) -> Result<(String, Option<Millis>), Fault> {
        let written = self.platform.read(async |tx| rows::find(tx, name.as_str()).await).await?;
        Ok(match written {
            Some((text, at)) => (text, Some(at)),
            None => (default_text(name, &self.settings, &self.origin), None),
        })
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn page(&self, name: PageName) -> Result<Page, Fault> {
        let (text, written_at) = self.page_text(name).await?;
        Ok(parts(name, &text, written_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::answer::safe::{read, write};

    #[test]
    fn a_page_is_made_of_headings_and_harmless_text() {
        let text = "# Who *we* are\n\nHello.\n\n## Reach us\n\n<script>alert(1)</script>**Call** <b>us</b>: [here](javascript:alert(1)), \
                    [there](https://example.com/a_b)\n![pixel](https://evil.example/p.gif)\n\n```\n# no heading\n```\n";
        let page = parts(PageName::Contact, text, Some(7));
        assert_eq!((page.title.as_str(), page.written_at), ("Who *we* are", Some(7)));
        assert_eq!(page.sections.len(), 2, "{page:?}");
        assert_eq!(
            (page.sections[0].heading.as_deref(), page.sections[0].text.as_str()),
            (None, "Hello.")
        );
        let reach = &page.sections[1];
        assert_eq!(reach.heading.as_deref(), Some("Reach us"));
        assert!(
            reach.text.contains("**Call**") && reach.text.contains("[there](https://example.com/a_b)"),
            "{reach:?}"
        );
        for wrong in ["<script", "<b>", "javascript:alert(1))", "!["] {
            assert!(!reach.text.contains(wrong), "{wrong} in {reach:?}");
        }
        assert!(reach.text.contains("# no heading"));
    }

    #[test]
    fn whatever_is_written_becomes_a_page_that_stays_what_it_is() {
        for _ in 0..300 {
            let marks = [
                "# ",
                "## ",
                "<a href=x>",
                "[",
                "](",
                ")",
                "**",
                "```\n",
                "- ",
                "\n",
                "word ",
                "https://a.example",
                "![",
                "\\",
                "<!--",
            ];
            let text: String = (0..40).map(|_| marks[rand::random_range(0..marks.len())]).collect();
            for section in parts(PageName::Privacy, &text, None).sections {
                // As browsers read it.
                assert_eq!(write(&read(&section.text)), section.text, "of {text:?}");
            }
        }
    }

    #[test]
    fn what_comes_with_the_software_says_where_to_turn() {
        let settings = DisclosureSettings {
            contact: Some("security@example.com".into()),
            ..DisclosureSettings::default()
        };
        for name in [PageName::Contact, PageName::Privacy] {
            let page = parts(name, &default_text(name, &settings, "https://support.example.com"), None);
            assert!(page.sections.len() >= 4 && page.title == name.title(), "{page:?}");
            assert_eq!(PageName::parse(name.as_str()), Some(name));
        }
        let contact = default_text(PageName::Contact, &settings, "https://support.example.com");
        assert!(contact.contains("security@example.com") && contact.contains("https://support.example.com/security/report"));
        assert_eq!(PageName::parse("imprint"), None);
    }
}
