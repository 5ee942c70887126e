//! What can be looked at, and from where. Each is a thing that runs: `outside` by requests, `inside` by rows, files and settings.

use serde::Serialize;

/// From where a check looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// By requests, as anybody could make them.
    Outside,
    /// By requests, signed in with an account that was given for it.
    Account,
    /// At rows, files and settings of the installation.
    Inside,
    /// At what the program itself was built from.
    Build,
}

macro_rules! checks {
    ($($name:ident = $place:ident, $id:literal, $how:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check { $($name,)* }

        impl Check {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Stable.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What is done, for people.
            #[must_use]
            pub fn how(self) -> &'static str {
                match self { $(Self::$name => $how,)* }
            }

            #[must_use]
            pub fn place(self) -> Place {
                match self { $(Self::$name => Place::$place,)* }
            }
        }
    };
}

checks! {
    TlsVersions = Outside, "tls.versions",
        "Offers TLS 1.0 and 1.1, which must be refused, and then what is current, which must be taken with a certificate that is valid for the name.";
    TlsOnly = Outside, "tls.only",
        "Asks without TLS, which must lead to TLS or nowhere, and looks whether browsers are told to stay with it.";
    SessionNeeded = Outside, "doors.session",
        "Asks every route for members and operators without a session, the changing ones too: members' must ask for one, operators' must not be there.";
    PublicKey = Outside, "doors.public-key",
        "Brings a project's public key to the routes of management and billing: none may take it for a session.";
    Origins = Outside, "doors.origin",
        "Comes to the widget from an origin that is on no list: it must be refused, and its browser not be let read the answer.";
    WebhookSignatures = Outside, "webhooks.signature",
        "Sends each provider's address a message without a signature, and Slack's and Stripe's one with a wrong one: each that is set up must refuse it for that.";
    WebhookReplay = Outside, "webhooks.replay",
        "Sends Slack's and Stripe's address a message whose time is six minutes ago: it must be refused for its time.";
    Services = Outside, "outside.services",
        "Knocks at the usual ports of databases, caches and metrics, at every address of this name: nobody may open.";
    Metrics = Outside, "outside.metrics",
        "Asks for the figures that the operator's monitoring reads: they must not be there.";
    Providers = Outside, "sign-in.providers",
        "Asks which ways to sign in there are.";
    SecurityTxt = Outside, "disclosure.security-txt",
        "Reads security.txt: it must name a contact, say whose it is, and not have expired.";
    SecurityAddress = Outside, "disclosure.address",
        "Looks whether security.txt names an e-mail address besides the form.";
    ReportForm = Outside, "disclosure.form",
        "Asks for the terms of the form for reports, and for the page of thanks.";
    Pages = Outside, "pages.public",
        "Reads the pages on contact and privacy.";
    SignIn = Account, "sign-in.password",
        "Signs in with an e-mail address and a password.";
    Cookies = Account, "session.cookie",
        "Looks at the cookie that a sign-in sets: HttpOnly, Secure, of this host alone.";
    Csrf = Account, "session.csrf",
        "Asks for a change in a session without its token, and with it from another site: both must be refused.";
    Foreign = Account, "isolation.foreign",
        "Asks, in a session, for a project of another workspace, and for one of nobody's: neither may be there.";
    SecondFactor = Account, "second-factor.offered",
        "Asks whether the account could have a second factor.";
    SignOut = Account, "session.sign-out",
        "Signs out and comes back with the cookie from before: it must open nothing.";
    Passwords = Inside, "rows.passwords",
        "Looks at how each password is stored: as bcrypt, and at no low cost.";
    Sessions = Inside, "rows.sessions",
        "Looks at how sessions are stored: by a SHA-256 of their id, so that a stolen table opens none.";
    Links = Inside, "rows.links",
        "Looks at how links that work once, and backup codes, are stored: by a hash alone.";
    Invitations = Inside, "rows.invitations",
        "Looks whether each invitation ends by itself.";
    Members = Inside, "rows.members",
        "Looks at who is what: each member and each invitation must have one of the three roles, each workspace an Owner, and whoever is assigned to a project must be of its workspace.";
    Sealed = Inside, "rows.sealed",
        "Reads cells of every sealed column as they lie in the database, others each time: each must be in an envelope of AES-256-GCM, with no words in it. Who runs pernoex verify with the keys opens some of them too.";
    Credentials = Inside, "rows.credentials",
        "Reads credentials as they lie in the database: each must be in an envelope of AES-256-GCM.";
    Connected = Inside, "rows.connected",
        "Reads the credentials of connected services as they lie in the database: each must be in an envelope of AES-256-GCM.";
    StoreFile = Inside, "store.file",
        "Opens the database file without a key, before anything else: it must not be a database to who has none.";
    StoreLinks = Inside, "store.links",
        "Looks whether every connection to databases, the cache and models stays on the machine, or goes by TLS to a server that proves who it is.";
    KeyFiles = Inside, "store.key-files",
        "Looks whether files and folders of keys are their owner's alone.";
    Walls = Inside, "store.walls",
        "Looks whether row-level security is forced on every table of customers, by the policies that belong there and no other, whether the program's own role could pass it, and asks each table without a customer: it must show nothing.";
    AuditChain = Inside, "rows.audit",
        "Follows the chain of hashes of every audit log from its first entry to its last, which must not be before what was signed, verifies the signatures, and looks for what keeps it from being rewritten; a server that looks every hour, from where it ended, and once a day from the first.";
    Backups = Inside, "store.backups",
        "Looks when the last backup succeeded, whether it was made without somebody's doing, and whether its file is still there with the size that was written.";
    KeptTokens = Inside, "rows.tokens",
        "Looks for connections that ended and still have a token, and for credentials that nothing refers to.";
    Promises = Inside, "disclosure.promises",
        "Looks for reports of vulnerabilities that wait to be acknowledged for longer than is promised.";
    Timelines = Inside, "disclosure.timelines",
        "Looks for confirmed reports of vulnerabilities whose reporters wait for a day of the mending for longer than is promised.";
    Outward = Inside, "settings.outward",
        "Looks whether any setting lets questions and passages leave for a language model or an embedding model.";
    Roles = Build, "build.roles",
        "Reads the one table of what each role may do, which passes and messages are made from.";
    Window = Build, "build.window",
        "Reads for how long a signed message is good: five minutes.";
    Toolchain = Build, "build.toolchain",
        "Compares the compiler that built this program with the oldest that is allowed.";
    Lockfile = Build, "build.lockfile",
        "Reads the lock file that this program was built by: every dependency must be pinned to a version and, from a registry, to a checksum.";
}

/// What came of a check. Words that are not `'static` may name what is inside: they are for operators alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds(String),
    Broken(String),
    /// It ran, or could have, and shows nothing either way: why.
    Unproven(&'static str),
    /// Something is missing: how to try.
    NotTried(&'static str),
}

/// How a claim or a check stands, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Holds,
    Unproven,
    NotTried,
    Broken,
}

impl Status {
    /// For programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Unproven => "unproven",
            Self::NotTried => "not_tried",
            Self::Broken => "broken",
        }
    }
}

impl Outcome {
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Holds(_) => Status::Holds,
            Self::Broken(_) => Status::Broken,
            Self::Unproven(_) => Status::Unproven,
            Self::NotTried(_) => Status::NotTried,
        }
    }

    /// For operators.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Holds(found) | Self::Broken(found) => found,
            Self::Unproven(why) | Self::NotTried(why) => why,
        }
    }

    /// For everybody: what names nothing of this installation.
    #[must_use]
    pub fn public_words(&self) -> Option<&'static str> {
        match self {
            Self::Holds(_) | Self::Broken(_) => None,
            Self::Unproven(why) | Self::NotTried(why) => Some(why),
        }
    }
}
