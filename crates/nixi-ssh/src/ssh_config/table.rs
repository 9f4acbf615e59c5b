//! Every word that ssh knows: what Nixi makes of it, what may stand behind it, and since when ssh knows it.
//!
//! The words are those of the client of OpenSSH 9.2 to 10.5, the deprecated ones included, and those that distributions
//! add. A test compares them with the ssh at hand.

use super::algorithms::Kind;
use super::shape::Shape;

/// A word that begins a line.
#[derive(Debug)]
pub(super) struct Word {
    /// In small letters.
    pub(super) name: &'static str,
    pub(super) means: Means,
    pub(super) shape: Shape,
    /// Not needed to read a file: ssh versions differ in the words they know.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test that asks ssh needs it"))]
    pub(super) since: Since,
}

/// Which ssh knows the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// All that are in use.
    Ever,
    /// OpenSSH from this version on.
    Version(u8, u8),
    /// Only ssh as some distributions build it.
    Vendor,
}

/// What Nixi makes of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// What follows is for some hosts.
    Host,
    Match,
    /// Other files stand here.
    Include,
    /// Something that is honoured, refused or told.
    Setting(Setting),
    /// Nothing that matters here: neither where nor as whom Nixi connects. How ssh checks host keys beside known_hosts
    /// is no concern of Nixi either.
    Nothing,
}

/// A setting that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Setting {
    // Honoured.
    AddressFamily,
    CheckHostIp,
    GlobalKnownHostsFile,
    HostKeyAlias,
    HostName,
    IdentitiesOnly,
    IdentityAgent,
    IdentityFile,
    IgnoreUnknown,
    Port,
    ProxyJump,
    RequiredRsaSize,
    StrictHostKeyChecking,
    Tag,
    User,
    UserKnownHostsFile,
    // Refused for the hosts it is for.
    BindAddress,
    BindInterface,
    CanonicalizeHostname,
    KnownHostsCommand,
    ProxyCommand,
    RefuseConnection,
    RevokedHostKeys,
    // Told when a login fails.
    CertificateFile,
    Pkcs11Provider,
    PreferredAuthentications,
    PubkeyAuthentication,
    SecurityKeyProvider,
}

/// The word, if ssh knows it.
pub(super) fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

const fn word(name: &'static str, means: Means, shape: Shape) -> Word {
    Word { name, means, shape, since: Since::Ever }
}

const fn set(name: &'static str, setting: Setting, shape: Shape) -> Word {
    word(name, Means::Setting(setting), shape)
}

const fn idle(name: &'static str, shape: Shape) -> Word {
    word(name, Means::Nothing, shape)
}

impl Word {
    const fn since(self, major: u8, minor: u8) -> Self {
        Self { since: Since::Version(major, minor), ..self }
    }

    const fn vendor(self) -> Self {
        Self { since: Since::Vendor, ..self }
    }
}

pub(super) const WORDS: &[Word] = &[
    word("host", Means::Host, Shape::Words),
    word("match", Means::Match, Shape::Words),
    word("include", Means::Include, Shape::Paths),
    // Honoured.
    set("addressfamily", Setting::AddressFamily, Shape::OneOf(&["inet", "inet6", "any"])),
    set("checkhostip", Setting::CheckHostIp, Shape::Flag),
    set("globalknownhostsfile", Setting::GlobalKnownHostsFile, Shape::Files),
    set("hostkeyalias", Setting::HostKeyAlias, Shape::Text),
    set("hostname", Setting::HostName, Shape::Text),
    set("identitiesonly", Setting::IdentitiesOnly, Shape::Flag),
    set("identityagent", Setting::IdentityAgent, Shape::Agent),
    set("identityfile", Setting::IdentityFile, Shape::Text),
    set("identityfile2", Setting::IdentityFile, Shape::Text),
    set("ignoreunknown", Setting::IgnoreUnknown, Shape::Text),
    set("port", Setting::Port, Shape::Port),
    set("proxyjump", Setting::ProxyJump, Shape::Jump),
    set("requiredrsasize", Setting::RequiredRsaSize, Shape::Number),
    set("rsaminsize", Setting::RequiredRsaSize, Shape::Number).vendor(),
    set(
        "stricthostkeychecking",
        Setting::StrictHostKeyChecking,
        Shape::OneOf(&["true", "false", "yes", "no", "ask", "off", "accept-new"]),
    ),
    set("tag", Setting::Tag, Shape::Text).since(9, 4),
    set("user", Setting::User, Shape::Text),
    set("userknownhostsfile", Setting::UserKnownHostsFile, Shape::Files),
    // Refused for the hosts they are for.
    set("bindaddress", Setting::BindAddress, Shape::Text),
    set("bindinterface", Setting::BindInterface, Shape::Text),
    set(
        "canonicalizehostname",
        Setting::CanonicalizeHostname,
        Shape::OneOf(&["true", "false", "yes", "no", "always"]),
    ),
    set("knownhostscommand", Setting::KnownHostsCommand, Shape::Command),
    set("proxycommand", Setting::ProxyCommand, Shape::Command),
    set("refuseconnection", Setting::RefuseConnection, Shape::Text).since(10, 1),
    set("revokedhostkeys", Setting::RevokedHostKeys, Shape::SomeFiles),
    // Told when a login fails.
    set("certificatefile", Setting::CertificateFile, Shape::Text),
    set("dsaauthentication", Setting::PubkeyAuthentication, PUBKEY),
    set("pkcs11provider", Setting::Pkcs11Provider, Shape::Text),
    set("preferredauthentications", Setting::PreferredAuthentications, Shape::Text),
    set("pubkeyauthentication", Setting::PubkeyAuthentication, PUBKEY),
    set("securitykeyprovider", Setting::SecurityKeyProvider, Shape::Text),
    set("smartcarddevice", Setting::Pkcs11Provider, Shape::Text),
    // Of no concern: what a session does once it is there, and how ssh itself goes about it.
    idle("addkeystoagent", Shape::AddKeys),
    idle("batchmode", Shape::Flag),
    idle("canonicaldomains", Shape::Domains),
    idle("canonicalizefallbacklocal", Shape::Flag),
    idle("canonicalizemaxdots", Shape::Number),
    idle("canonicalizepermittedcnames", Shape::Cnames),
    idle("casignaturealgorithms", Shape::Algorithms(Kind::Signer)),
    idle("challengeresponseauthentication", Shape::Flag),
    idle("channeltimeout", Shape::Timeouts).since(9, 6),
    idle("ciphers", Shape::Algorithms(Kind::Cipher)),
    idle("clearallforwardings", Shape::Flag),
    idle("compression", Shape::OneOf(&["yes", "no"])),
    idle("connectionattempts", Shape::Number),
    idle("connecttimeout", Shape::Time),
    idle("controlmaster", Shape::OneOf(&["true", "false", "yes", "no", "auto", "ask", "autoask"])),
    idle("controlpath", Shape::Text),
    idle("controlpersist", Shape::Persist),
    idle("dynamicforward", Shape::DynamicForward),
    idle("enableescapecommandline", Shape::Flag),
    idle("enablesshkeysign", Shape::Flag),
    idle("escapechar", Shape::Escape),
    idle("exitonforwardfailure", Shape::Flag),
    idle("fingerprinthash", Shape::OneOf(&["md5", "sha1", "sha256", "sha384", "sha512"])),
    idle("forkafterauthentication", Shape::Flag),
    idle("forwardagent", Shape::FlagOrAgent),
    idle("forwardx11", Shape::Flag),
    idle("forwardx11timeout", Shape::Time),
    idle("forwardx11trusted", Shape::Flag),
    idle("gatewayports", Shape::Flag),
    idle("gssapiauthentication", Shape::Flag),
    idle("gssapidelegatecredentials", Shape::Flag),
    idle("hashknownhosts", Shape::Flag),
    idle("hostbasedacceptedalgorithms", Shape::Algorithms(Kind::Key)),
    idle("hostbasedauthentication", Shape::Flag),
    idle("hostbasedkeytypes", Shape::Algorithms(Kind::Key)),
    idle("hostkeyalgorithms", Shape::Algorithms(Kind::Key)),
    idle("ipqos", Shape::Qos),
    idle("kbdinteractiveauthentication", Shape::Flag),
    idle("kbdinteractivedevices", Shape::Text),
    idle("keepalive", Shape::Flag),
    idle("kexalgorithms", Shape::Algorithms(Kind::Kex)),
    idle("localcommand", Shape::Command),
    idle("localforward", Shape::LocalForward),
    idle(
        "loglevel",
        Shape::OneOf(&["quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3"]),
    ),
    idle("logverbose", Shape::Files),
    idle("macs", Shape::Algorithms(Kind::Mac)),
    idle("nohostauthenticationforlocalhost", Shape::Flag),
    idle("numberofpasswordprompts", Shape::Number),
    idle("obscurekeystroketiming", Shape::Keystrokes).since(9, 5),
    idle("passwordauthentication", Shape::Flag),
    idle("permitlocalcommand", Shape::Flag),
    idle("permitremoteopen", Shape::RemoteOpen),
    idle("proxyusefdpass", Shape::Flag),
    idle("pubkeyacceptedalgorithms", Shape::Algorithms(Kind::Key)),
    idle("pubkeyacceptedkeytypes", Shape::Algorithms(Kind::Key)),
    idle("rekeylimit", Shape::Rekey),
    idle("remotecommand", Shape::Command),
    idle("remoteforward", Shape::RemoteForward),
    idle("requesttty", Shape::OneOf(&["true", "false", "yes", "no", "force", "auto"])),
    idle("sendenv", Shape::SendEnv),
    idle("serveralivecountmax", Shape::Number),
    idle("serveraliveinterval", Shape::Time),
    idle("sessiontype", Shape::OneOf(&["none", "subsystem", "default"])),
    idle("setenv", Shape::SetEnv),
    idle("skeyauthentication", Shape::Flag),
    idle("stdinnull", Shape::Flag),
    idle("streamlocalbindmask", Shape::Mask),
    idle("streamlocalbindunlink", Shape::Flag),
    idle(
        "syslogfacility",
        Shape::OneOf(&[
            "daemon", "user", "auth", "authpriv", "local0", "local1", "local2", "local3", "local4", "local5",
            "local6", "local7",
        ]),
    ),
    idle("tcpkeepalive", Shape::Flag),
    idle("tisauthentication", Shape::Flag),
    idle("tunnel", Shape::OneOf(&["ethernet", "point-to-point", "true", "false", "yes", "no"])),
    idle("tunneldevice", Shape::TunnelDevice),
    idle("updatehostkeys", Shape::OneOf(&["true", "false", "yes", "no", "ask"])),
    idle("verifyhostkeydns", Shape::OneOf(&["true", "false", "yes", "no", "ask"])),
    idle("versionaddendum", Shape::Addendum).since(10, 0),
    idle("visualhostkey", Shape::Flag),
    idle("warnweakcrypto", Shape::OneOf(&["true", "false", "yes", "no", "no-pq-kex"])).since(10, 1),
    idle("xauthlocation", Shape::Text),
    // What ssh knew once, and passes over.
    idle("afstokenpassing", Shape::Words),
    idle("cipher", Shape::Words),
    idle("compressionlevel", Shape::Words),
    idle("fallbacktorsh", Shape::Words),
    idle("globalknownhostsfile2", Shape::Words),
    idle("kerberosauthentication", Shape::Words),
    idle("kerberostgtpassing", Shape::Words),
    idle("protocol", Shape::Words),
    idle("rhostsauthentication", Shape::Words),
    idle("rhostsrsaauthentication", Shape::Words),
    idle("rsaauthentication", Shape::Words),
    idle("useprivilegedport", Shape::Words),
    idle("userknownhostsfile2", Shape::Words),
    idle("useroaming", Shape::Words),
    idle("usersh", Shape::Words),
    // What distributions add: Debian, Fedora and their children.
    idle("gssapiclientidentity", Shape::Text).vendor(),
    idle("gssapikexalgorithms", Shape::Algorithms(Kind::GssKex)).vendor(),
    idle("gssapikeyexchange", Shape::Flag).vendor(),
    idle("gssapirenewalforcesrekey", Shape::Flag).vendor(),
    idle("gssapiserveridentity", Shape::Text).vendor(),
    idle("gssapitrustdns", Shape::Flag).vendor(),
    idle("protocolkeepalives", Shape::Time).vendor(),
    idle("setuptimeout", Shape::Time).vendor(),
    idle("useblacklistedkeys", Shape::Words).vendor(),
];

const PUBKEY: Shape = Shape::OneOf(&["true", "false", "yes", "no", "unbound", "host-bound"]);
