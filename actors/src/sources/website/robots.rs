//! What a site asks of robots: RFC 9309, and `Crawl-delay`, which is older than that.

use std::time::Duration;

/// As whom the site is asked.
const AGENT: &str = "pernoex";
/// The longest delay that is kept to.
const LONGEST_DELAY_MS: i64 = 10_000;
/// Rules of one file.
const MOST: usize = 5_000;
/// Looks at characters for one path, of all rules: a rule of many stars costs more than it is long.
const LOOKS: usize = 1_000_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    pub(super) delay_ms: i64,
    pub(super) sitemaps: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    allows: bool,
    pattern: String,
}

/// Lines of one group.
#[derive(Default)]
struct Group {
    rules: Vec<Rule>,
    delay_ms: i64,
    found: bool,
}

impl Robots {
    /// Reads a file. What it does not understand it leaves out.
    pub(super) fn parse(text: &str) -> Self {
        let (mut own, mut any, mut sitemaps) = (Group::default(), Group::default(), Vec::new());
        // Whom the group is for whose lines are read, and whether its agents are all named.
        let (mut is_own, mut is_any, mut named) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            match name.as_str() {
                "user-agent" => {
                    if named {
                        (is_own, is_any, named) = (false, false, false);
                    }
                    let agent: String = value
                        .chars()
                        .take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
                        .collect();
                    is_any |= value == "*";
                    is_own |= agent.eq_ignore_ascii_case(AGENT);
                    own.found |= is_own;
                    continue;
                }
                "sitemap" if sitemaps.len() < 50 => {
                    sitemaps.push(value.to_owned());
                    continue;
                }
                "allow" | "disallow" | "crawl-delay" => named = true,
                _ => continue,
            }
            for group in [(is_own, &mut own), (is_any, &mut any)]
                .into_iter()
                .filter_map(|(is, group)| is.then_some(group))
            {
                if name == "crawl-delay" {
                    let delay = value
                        .parse()
                        .ok()
                        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                        .unwrap_or_default();
                    group.delay_ms = i64::try_from(delay.as_millis()).map_or(LONGEST_DELAY_MS, |delay| delay.min(LONGEST_DELAY_MS));
                } else if !value.is_empty() && group.rules.len() < MOST {
                    group.rules.push(Rule {
                        allows: name == "allow",
                        pattern: value.to_owned(),
                    });
                }
            }
        }
        let group = if own.found { own } else { any };
        Self {
            rules: group.rules,
            delay_ms: group.delay_ms,
            sitemaps,
        }
    }

    /// Nothing may be read.
    pub(super) fn closed() -> Self {
        Self {
            rules: vec![Rule {
                allows: false,
                pattern: "/".into(),
            }],
            ..Self::default()
        }
    }

    /// Whether `path`, with its query, may be read: the longest rule that fits decides, and of two that are as long the kinder one.
    pub(super) fn allow(&self, path: &str) -> bool {
        let mut looks = LOOKS;
        let fitting = self.rules.iter().filter(|rule| fits(&rule.pattern, path, &mut looks));
        let decides = fitting.max_by_key(|rule| (rule.pattern.len(), rule.allows));
        decides.is_none_or(|rule| rule.allows)
    }
}

/// Whether a pattern fits the beginning of a path; `*` stands for anything, and `$` at its end for the path's end. It does when there are no
/// `looks` left to tell.
fn fits(pattern: &str, path: &str, looks: &mut usize) -> bool {
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    // The last star, and how much of the path it stands for.
    let (mut at, mut on, mut star) = (0, 0, None);
    loop {
        if *looks == 0 {
            return true;
        }
        *looks -= 1;
        if at == pattern.len() && (!whole || on == path.len()) {
            return true;
        }
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, on));
                at += 1;
            }
            Some(byte) if path.get(on) == Some(byte) => {
                at += 1;
                on += 1;
            }
            _ => match star {
                Some((after, from)) if from < path.len() => {
                    star = Some((after, from + 1));
                    at = after;
                    on = from + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_hold() {
        let robots = Robots::parse(
            "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
             User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
             User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n",
        );
        assert!(!robots.allow("/a.gif") && robots.allow("/a.gif?x") && !robots.allow("/example/a") && robots.allow("/publications/x"));
        assert!(robots.allow("/"));
        let longest = Robots::parse("User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif");
        assert!(longest.allow("/example/page/") && !longest.allow("/example/page/disallowed.gif"));
    }

    #[test]
    fn a_group_of_our_own_takes_the_place_of_everybodys() {
        let robots =
            Robots::parse("user-agent: *\ndisallow: /\nUser-Agent: a\nUser-agent: PERNOEX/1.0\nDisallow: /private # x\nCrawl-delay: 2.5\n");
        assert!(robots.allow("/docs") && !robots.allow("/private/x"));
        assert_eq!(robots.delay_ms, 2_500);
        let open = Robots::parse("User-agent: *\nDisallow: /\n\nUser-agent: pernoex\nDisallow:\n");
        assert!(open.allow("/anything"), "an empty rule forbids nothing");
        assert_eq!(Robots::parse("User-agent: *\nCrawl-delay: 3600").delay_ms, LONGEST_DELAY_MS);
    }

    #[test]
    fn groups_for_the_same_robot_are_one() {
        let robots = Robots::parse(
            "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: *\nDisallow: /c\nSitemap: https://e.com/s.xml",
        );
        assert!(!robots.allow("/a") && robots.allow("/b") && !robots.allow("/c"));
        assert_eq!(robots.sitemaps, ["https://e.com/s.xml"]);
    }

    #[test]
    fn stars_and_ends_are_read_as_the_standard_says() {
        for (pattern, path, fit) in [
            ("/fish", "/fish.html", true),
            ("/fish*", "/fishheads/yummy.html", true),
            ("/fish/", "/fish", false),
            ("/*.php$", "/folder/any.php.file.php", true),
            ("/*.php$", "/filename.php?parameters", false),
            ("/fish*.php", "/fishheads/catfish.php?parameters", true),
            ("*", "/", true),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("/a**b$", "/axxb", true),
        ] {
            assert_eq!(fits(pattern, path, &mut { LOOKS }), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn a_rule_that_would_take_for_ever_is_taken_to_fit() {
        let hostile = format!("/{}x$", "*ab".repeat(1_000));
        let mut looks = 10_000;
        assert!(fits(&hostile, &format!("/{}", "a".repeat(1_000_000)), &mut looks));
        assert_eq!(looks, 0);
    }

    #[test]
    fn a_site_that_is_closed_is_closed() {
        assert!(!Robots::closed().allow("/"));
        assert!(Robots::default().allow("/"));
    }
}
