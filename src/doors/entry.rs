//! How somebody comes to have a session: sign-up, sign-in, an invitation, another of their workspaces.

use actix_session::Session;
use actix_web::{HttpRequest, http::header::USER_AGENT};
use actors::{
    AccountId, Fault, Rule, TenantId,
    identity::{
        LinkToken, Password, Proven, SignUp, SignedIn, SignedUp,
        second_factor::{Admission, Admitted, Challenge, Given, Ticket},
    },
    sessions::{Proof, Proofs},
    team::invitations::{AcceptInvitation, InvitationToken, Joiner, Preview, PreviewInvitation},
};

use super::{
    Gate, Pass, Who,
    proxies::address_of,
    sessions::{begin, renew_if_changed},
};
use crate::error::{Missing, Problem};

/// What someone brings to be let in.
pub enum Credentials<'a> {
    /// By the link that a sign-up mailed, with the password that was chosen then.
    SignUp { token: &'a LinkToken, password: &'a Password },
    SignIn {
        email: &'a str,
        password: &'a Password,
        opening: Opening<'a>,
    },
    /// The second step, of who was asked for a second factor.
    SecondFactor {
        ticket: &'a Ticket,
        given: Given<'a>,
        opening: Opening<'a>,
    },
    /// By a passkey that verified its user, which is both factors.
    Passkey {
        ticket: &'a Ticket,
        credential: &'a serde_json::Value,
        opening: Opening<'a>,
    },
    /// By someone without an account, whose address the invitation names.
    Invitation {
        token: &'a InvitationToken,
        password: &'a Password,
    },
}

/// Which workspace a sign-in opens.
pub enum Opening<'a> {
    /// The last used, or the oldest.
    Usual,
    /// A new one of this name, if the account belongs to none any more.
    Found(&'a str),
    /// The one that an invitation is into.
    Join(&'a InvitationToken),
}

/// What credentials lead to.
pub enum Entered {
    In(Who),
    /// No session yet: a second factor is asked for.
    SecondFactor(Challenge),
}

/// Where a request comes from, as a session remembers it.
pub struct Caller {
    /// The network address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

impl Caller {
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let agent = request
            .headers()
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default();
        Self {
            address: address_of(request),
            agent: agent.chars().take(MOST_OF_AGENT).collect(),
        }
    }

    /// That somebody proved who they are, from here.
    pub(super) fn proof(&self, who: SignedIn, proofs: Proofs) -> Proof {
        Proof {
            epoch: who.epoch,
            proofs,
            agent: self.agent.clone(),
            address: self.address.clone(),
            ends_at: None,
        }
    }
}

/// Longer than what browsers call themselves.
const MOST_OF_AGENT: usize = 300;

/// Lets someone in and begins their session, or asks for a second factor.
///
/// # Errors
/// What [`Identity`](actors::identity::Identity) refuses; `SignUpClosed`; what is wrong with an invitation.
pub async fn begin_session(gate: &Gate, session: &Session, credentials: Credentials<'_>, from: &Caller) -> Result<Entered, Problem> {
    let address = from.address.as_str();
    let anew = Proofs::of_first(gate.identity.now());
    let (signed_in, proofs) = match credentials {
        Credentials::SignUp { token, password } => {
            refuse_closed(gate)?;
            (gate.identity.confirm_sign_up(token, password, address).await?, anew)
        }
        Credentials::SignIn { email, password, opening } => {
            let proven = gate.identity.sign_in(email, password, address).await?;
            return admit(gate, session, proven, opening, from).await;
        }
        Credentials::SecondFactor { ticket, given, opening } => {
            look_ahead(gate, ticket, &opening).await?;
            let admitted = gate.identity.second_factor(ticket, given, address).await?;
            open(gate, admitted, opening, address).await?
        }
        Credentials::Passkey {
            ticket,
            credential,
            opening,
        } => {
            let admitted = gate.identity.sign_in_by_passkey(ticket, credential, address).await?;
            open(gate, admitted, opening, address).await?
        }
        Credentials::Invitation { token, password } => (join_anew(gate, token, password, address).await?, anew),
    };
    Ok(Entered::In(settle(gate, session, signed_in, &from.proof(signed_in, proofs)).await?))
}

/// The one place that every sign-in passes after its first proof: lets in, or asks for a second factor.
///
/// # Errors
/// What is wrong with the opening.
pub(super) async fn admit(gate: &Gate, session: &Session, proven: Proven, opening: Opening<'_>, from: &Caller) -> Result<Entered, Problem> {
    let admitted = match gate.identity.admit(proven).await? {
        Admission::In(admitted) => admitted,
        Admission::SecondFactor(challenge) => return Ok(Entered::SecondFactor(challenge)),
    };
    let (signed_in, proofs) = open(gate, admitted, opening, &from.address).await?;
    Ok(Entered::In(settle(gate, session, signed_in, &from.proof(signed_in, proofs)).await?))
}

/// Refuses before a code is used up what would be refused after it.
async fn look_ahead(gate: &Gate, ticket: &Ticket, opening: &Opening<'_>) -> Result<(), Problem> {
    match opening {
        Opening::Usual => {
            if let Some((account, epoch)) = gate.identity.behind(ticket).await? {
                gate.identity.usual_workspace(account, epoch).await?;
            }
        }
        Opening::Found(_) => {}
        Opening::Join(token) => {
            gate.registry.by_invitation(token).await?;
        }
    }
    Ok(())
}

/// Creates an account and its workspace, and begins a session of its Owner: `None` when that needs a link that was mailed, whether or
/// not one was.
///
/// # Errors
/// `SignUpClosed`; what [`Identity`](actors::identity::Identity) refuses.
pub async fn sign_up(
    gate: &Gate,
    session: &Session,
    (email, password): (&str, &Password),
    workspace: &str,
    from: &Caller,
) -> Result<Option<Who>, Problem> {
    let at_once = match gate.sign_up {
        SignUp::Open => true,
        // Whoever comes first sets the server up. There is nobody yet whose address could be told of.
        _ if gate.identity.is_empty().await? => true,
        SignUp::Verified => false,
        SignUp::Closed => return Err(Problem::SignUpClosed),
    };
    let signed_up = gate.identity.sign_up((email, password), workspace, &from.address, at_once).await?;
    match signed_up {
        SignedUp::Mailed => Ok(None),
        SignedUp::Begun(signed_in) => {
            let proof = from.proof(signed_in, Proofs::of_first(gate.identity.now()));
            Ok(Some(settle(gate, session, signed_in, &proof).await?))
        }
    }
}

pub(super) fn refuse_closed(gate: &Gate) -> Result<(), Problem> {
    match gate.sign_up {
        SignUp::Closed => Err(Problem::SignUpClosed),
        SignUp::Open | SignUp::Verified => Ok(()),
    }
}

async fn open(gate: &Gate, admitted: Admitted, opening: Opening<'_>, address: &str) -> Result<(SignedIn, Proofs), Problem> {
    let Admitted {
        account,
        email,
        epoch,
        proofs,
        ..
    } = admitted;
    let signed_in = match opening {
        Opening::Join(token) => join(gate, token, (account, email, epoch), address).await?,
        Opening::Usual => gate.identity.usual_workspace(account, epoch).await?,
        Opening::Found(name) => match gate.identity.usual_workspace(account, epoch).await {
            Err(Fault::NoWorkspace) => {
                refuse_closed(gate)?;
                gate.identity.found_workspace(account, epoch, name, address).await?
            }
            found => found?,
        },
    };
    Ok((signed_in, proofs))
}

pub(super) async fn settle(gate: &Gate, session: &Session, signed_in: SignedIn, proof: &Proof) -> Result<Who, Problem> {
    let who = look(gate, signed_in).await?;
    // An Owner ended their sessions since they proved themselves, which was elsewhere: this one would be over as it begins.
    if proof.proofs.last < who.proofs_from {
        return Err(Problem::SignInTooOld);
    }
    enter(gate, session, signed_in, proof, &who).await?;
    Ok(who)
}

/// Asked before a session begins: someone who is no member there gets none.
async fn look(gate: &Gate, signed_in: SignedIn) -> Result<Who, Problem> {
    let tenant = gate.registry.tenant(signed_in.tenant).await?;
    Who::find(gate, &tenant, signed_in).await
}

async fn enter(gate: &Gate, session: &Session, signed_in: SignedIn, proof: &Proof, who: &Who) -> Result<(), Problem> {
    begin(session, signed_in, proof)?;
    renew_if_changed(session, who.role)?;
    Ok(gate.identity.opened(signed_in).await?)
}

/// Accepts for someone who proved who they are.
async fn join(
    gate: &Gate,
    token: &InvitationToken,
    (account, email, epoch): (AccountId, String, i64),
    address: &str,
) -> Result<SignedIn, Problem> {
    let (id, tenant, invitation) = gate.registry.by_invitation(token).await?;
    tenant
        .supervisor(AcceptInvitation {
            invitation,
            token: token.hash(),
            joiner: Joiner::Known { account, email },
            address: address.to_owned(),
        })
        .await?;
    Ok(SignedIn {
        account,
        tenant: id,
        epoch,
    })
}

/// Accepts for someone who gets their account by it. Works while sign-up is closed: that is what invitations are for.
async fn join_anew(gate: &Gate, token: &InvitationToken, password: &Password, address: &str) -> Result<SignedIn, Problem> {
    gate.limits.check(Rule::INVITATION_LOOK, address).await?;
    let (id, tenant, invitation) = gate.registry.by_invitation(token).await?;
    let preview = tenant.supervisor(PreviewInvitation(invitation)).await?;
    if gate.identity.has_account(&preview.email).await? {
        return Err(Problem::Fault(Fault::EmailTaken));
    }
    let new = {
        let demands = (preview.workspace.as_str(), preview.password_length);
        gate.identity.prepare_account(&preview.email, password, demands, address).await?
    };
    let account = new.account;
    tenant
        .supervisor(AcceptInvitation {
            invitation,
            token: token.hash(),
            joiner: Joiner::New(new),
            address: address.to_owned(),
        })
        .await?;
    // The link may have come from the Owner's own hands: the address is not proved by it.
    gate.identity.welcome(account).await;
    Ok(SignedIn {
        account,
        tenant: id,
        epoch: 0,
    })
}

/// What an invitation says, for whoever holds its link, and whether its address has an account to sign in with.
///
/// # Errors
/// `InvitationInvalid`, `TooMany`.
pub async fn preview_invitation(gate: &Gate, token: &InvitationToken, address: &str) -> Result<(Preview, bool), Problem> {
    gate.limits.check(Rule::INVITATION_LOOK, address).await?;
    let (_, tenant, invitation) = gate.registry.by_invitation(token).await?;
    let preview = tenant.supervisor(PreviewInvitation(invitation)).await?;
    let has_account = gate.identity.has_account(&preview.email).await?;
    Ok((preview, has_account))
}

impl Pass<actors::role::OwnAccount> {
    /// Goes on in another session, which takes the place of this one.
    async fn go_on(&self, session: &Session, signed_in: SignedIn) -> Result<Who, Problem> {
        let who = look(self.gate(), signed_in).await?;
        // As this session would not live there, it stays where it is until they prove themselves anew.
        if self.proof().proofs.last < who.proofs_from {
            return Err(Problem::StepUpNeeded(Missing::Any));
        }
        self.give_up().await?;
        enter(self.gate(), session, signed_in, self.proof(), &who).await?;
        Ok(who)
    }

    /// Ends this session and begins one in another workspace of the same person.
    ///
    /// # Errors
    /// `NotFound` for a workspace that they do not belong to.
    pub async fn switch(&self, session: &Session, to: TenantId) -> Result<Who, Problem> {
        self.still(None).await?;
        let signed_in = SignedIn {
            tenant: to,
            ..self.signed_in()
        };
        self.go_on(session, signed_in).await
    }

    /// Accepts an invitation as who is signed in, and opens its workspace.
    ///
    /// # Errors
    /// What is wrong with the invitation; `InvitationForAnother`.
    pub async fn join(&self, session: &Session, token: &InvitationToken) -> Result<Who, Problem> {
        self.still(None).await?;
        self.count(Rule::INVITATION_LOOK).await?;
        let account = self.account();
        let email = self.gate().identity.email_of(account).await?;
        let epoch = self.proof().epoch;
        let signed_in = join(self.gate(), token, (account, email, epoch), &self.by().address).await?;
        self.go_on(session, signed_in).await
    }

    /// Sets another password: every session of theirs ends, and this one begins anew.
    ///
    /// # Errors
    /// `WrongCredentials`, `WeakPassword`, `TooMany`.
    pub async fn change_password(&self, session: &Session, current: &Password, new: &Password, from: &Caller) -> Result<Who, Problem> {
        self.still(None).await?;
        let identity = &self.gate().identity;
        let epoch = identity.change_password(self.account(), current, new, &from.address).await?;
        let proofs = self.proof().proofs.and_first(identity.now());
        self.begin_anew(session, epoch, proofs).await
    }

    /// Sets a first password: every session of theirs ends, and this one begins anew.
    ///
    /// # Errors
    /// `HasPassword`, `WeakPassword`.
    pub async fn set_password(&self, session: &Session, new: &Password, from: &Caller) -> Result<Who, Problem> {
        self.still(None).await?;
        let (identity, epoch) = (&self.gate().identity, self.proof().epoch);
        let epoch = identity.set_first_password(self.account(), epoch, new, &from.address).await?;
        self.begin_anew(session, epoch, self.proof().proofs).await
    }

    /// Goes on after all sessions ended, this one too.
    async fn begin_anew(&self, session: &Session, epoch: i64, proofs: Proofs) -> Result<Who, Problem> {
        let signed_in = SignedIn { epoch, ..self.signed_in() };
        let proof = Proof {
            epoch,
            proofs,
            ..self.proof().clone()
        };
        settle(self.gate(), session, signed_in, &proof).await
    }

    /// Mails a link that proves their address.
    ///
    /// # Errors
    /// `TooMany`.
    pub async fn ask_verification(&self) -> Result<(), Problem> {
        Ok(self.gate().identity.ask_verification(self.account()).await?)
    }

    /// Mails links to their address and to the one that it is to become.
    ///
    /// # Errors
    /// `Invalid`, `TooMany`.
    pub async fn ask_email_change(&self, email: &str, from: &Caller) -> Result<(), Problem> {
        self.still(None).await?;
        let identity = &self.gate().identity;
        Ok(identity.ask_email_change(self.account(), email, &from.address).await?)
    }

    /// Creates another workspace and opens it.
    ///
    /// # Errors
    /// `SignUpClosed`; what [`Identity`](actors::identity::Identity) refuses.
    pub async fn found(&self, session: &Session, name: &str) -> Result<Who, Problem> {
        self.still(None).await?;
        refuse_closed(self.gate())?;
        let SignedIn { account, epoch, .. } = self.signed_in();
        let signed_in = self
            .gate()
            .identity
            .found_workspace(account, epoch, name, &self.by().address)
            .await?;
        self.go_on(session, signed_in).await
    }
}
