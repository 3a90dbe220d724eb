//! HTTP and FTP over SSL.
//!
//! The AT command manual leaves these out; SIMCom's SSL application note has them. What stands here is what drivers in
//! the field send. Firmware without SSL refuses them, and much firmware with it knows nothing newer than TLS 1.0.

commands! {
    HttpSsl "SSL application note" {
        /// Switches SSL of the HTTP service, after `AT+HTTPINIT` and before `AT+HTTPACTION`. A URL that begins with
        /// `https://` does not do so by itself.
        Write HttpSsl {
            /// Whether requests go over SSL.
            on: bool,
        };
        read HttpSsl;
        test HttpSsl;
    }

    FtpSsl "SSL application note" {
        /// Chooses how FTP sessions are secured.
        Write FtpSsl {
            /// How.
            mode: FtpSecurity,
        };
        read FtpSsl;
        test FtpSsl;
    }

    SslOpt "SSL application note" {
        /// Sets an option of SSL, for HTTP and FTP alike.
        Write SslOpt {
            /// Which one.
            option: SslOption,
            /// Whether it is on.
            on: bool,
        };
        test SslOpt;
    }
}

choice! {
    /// How an FTP session is secured, where the firmware has SSL at all; most knows nothing newer than TLS 1.0.
    pub enum FtpSecurity {
        /// Not at all.
        None = "0",
        /// By SSL from the first octet on; the control port is one that expects that, mostly 990.
        Implicit = "1",
        /// By SSL once the server was asked for it.
        Explicit = "2",
    }
}

/// Not at all.
impl Default for FtpSecurity {
    fn default() -> Self {
        Self::None
    }
}

choice! {
    /// An option of SSL.
    pub enum SslOption {
        /// Accepts an invalid certificate of the server.
        IgnoreInvalidCertificate = "0",
        /// The module shows a certificate of its own.
        ClientAuthentication = "1",
    }
}
