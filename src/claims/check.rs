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
        "Tries to connect with TLS 1.0 and 1.1, which must fail, and then with a current version, which must work and show a certificate that is valid for this name.";
    TlsOnly = Outside, "tls.only",
        "Connects without TLS, which must lead to TLS or nowhere, and looks whether browsers are told to keep to TLS.";
    SessionNeeded = Outside, "doors.session",
        "Calls every address for members and operators without being signed in: those for members must ask for a sign-in, and those for operators must not be there.";
    PublicKey = Outside, "doors.public-key",
        "Tries to use a website's public key to sign in to management and billing: each address must refuse it.";
    Origins = Outside, "doors.origin",
        "Asks the widget from a website that is on no list: it must refuse, and not let that website's browser read the answer.";
    WebhookSignatures = Outside, "webhooks.signature",
        "Sends unsigned and wrongly signed messages in the name of each provider that is connected: each must be refused for its signature.";
    WebhookReplay = Outside, "webhooks.replay",
        "Sends messages in the name of providers that claim to be six minutes old: each must be refused for its age.";
    Services = Outside, "outside.services",
        "Tries to connect, from another network, to the ports where databases, caches and operating figures usually listen: none may answer.";
    Metrics = Outside, "outside.metrics",
        "Asks for the figures that the operator's monitoring reads: they must not be public.";
    Providers = Outside, "sign-in.providers",
        "Asks which ways to sign in are offered here.";
    SecurityTxt = Outside, "disclosure.security-txt",
        "Reads this site's security.txt file, which must say whom to contact, for which site it is, and must not have expired.";
    SecurityAddress = Outside, "disclosure.address",
        "Looks whether security.txt names an e-mail address besides the form.";
    ReportForm = Outside, "disclosure.form",
        "Opens the form for reports of vulnerabilities and the page of thanks: both must be there.";
    Pages = Outside, "pages.public",
        "Opens the pages on contact and privacy: both must be there, and not be empty.";
    SignIn = Account, "sign-in.password",
        "Signs in with an e-mail address and a password.";
    Cookies = Account, "session.cookie",
        "Looks at the cookie that keeps somebody signed in: scripts must not be able to read it, and it must be sent by TLS and to this host alone.";
    Csrf = Account, "session.csrf",
        "Asks for a change without the token that this site's own pages have, and from another site: both must be refused.";
    Foreign = Account, "isolation.foreign",
        "Asks, signed in, for a project of another customer: the answer must be the same as for a project that does not exist.";
    SecondFactor = Account, "second-factor.offered",
        "Asks, signed in, whether a second factor can be set up.";
    SignOut = Account, "session.sign-out",
        "Signs out and comes back with the old cookie: it must open nothing.";
    Passwords = Inside, "rows.passwords",
        "Looks at how every password is stored: as a bcrypt hash that is slow to guess.";
    Sessions = Inside, "rows.sessions",
        "Looks at how sessions are stored: by a hash, so that who steals the table is not signed in.";
    Links = Inside, "rows.links",
        "Looks at how links that work once and backup codes are stored: by a hash alone.";
    Invitations = Inside, "rows.invitations",
        "Looks whether every invitation ends by itself.";
    Members = Inside, "rows.members",
        "Looks whether every member and every invitation has one of the three roles, every workspace an Owner, and every assignment a member and a project of the same workspace.";
    Sealed = Inside, "rows.sealed",
        "Reads a sample of everything that is to be encrypted, as it lies in the database, another one each time: each value must be encrypted and show no words.";
    Credentials = Inside, "rows.credentials",
        "Reads passwords and tokens for other services, as they lie in the database: each must be encrypted.";
    Connected = Inside, "rows.connected",
        "Reads the tokens of connected services, as they lie in the database: each must be encrypted.";
    StoreFile = Inside, "store.file",
        "Tries to open the database file without its key: it must not open.";
    StoreLinks = Inside, "store.links",
        "Looks whether every connection to databases, caches and models stays on the machine, or goes by TLS to a server that proves who it is.";
    KeyFiles = Inside, "store.key-files",
        "Looks whether nobody but their owner can read the files and folders of keys.";
    Walls = Inside, "store.walls",
        "Looks whether the database itself keeps the rows of customers apart, and shows none to a program that does not say whose it asks for.";
    AuditChain = Inside, "rows.audit",
        "Follows every audit log from its first entry to its last, verifies what was signed of it, and looks for what keeps it from being rewritten.";
    Backups = Inside, "store.backups",
        "Looks when the last backup succeeded, whether it was made without anybody's doing, and whether its file is still there as it was written.";
    KeptTokens = Inside, "rows.tokens",
        "Looks for tokens that are left of services that were disconnected: there must be none.";
    Promises = Inside, "disclosure.promises",
        "Looks for reports of vulnerabilities that have waited to be acknowledged for longer than is promised.";
    Timelines = Inside, "disclosure.timelines",
        "Looks for confirmed reports of vulnerabilities whose reporters have waited to learn when it is mended for longer than is promised.";
    Outward = Inside, "settings.outward",
        "Looks whether anything is set up that sends questions and passages to a language model or an embedding model elsewhere.";
    Roles = Build, "build.roles",
        "Compares the program's one table of what each role may do with what is said here.";
    Window = Build, "build.window",
        "Compares for how long the program takes a signed message with the five minutes that are said here.";
    Toolchain = Build, "build.toolchain",
        "Compares the compiler that built this program with the oldest that is allowed.";
    Lockfile = Build, "build.lockfile",
        "Reads the list of dependencies that this program was built from: each must be pinned to one version and its checksum.";
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
