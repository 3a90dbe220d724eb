//! How long the module may take to answer, from the "max response time" of the manual.

use core::time::Duration;

/// For commands whose maximum the manual leaves out ("-").
///
/// They touch nothing beyond the module and answer within a fraction of a second in published logs, a busy module
/// within two; the drivers of others wait from one to five seconds.
pub const UNSTATED: Duration = Duration::from_secs(5);

/// `AT+CPIN?` (manual 3.2.28).
pub const SIM: Duration = Duration::from_secs(5);

/// `AT+CFUN=` (manual 3.2.42).
pub const FUNCTIONALITY: Duration = Duration::from_secs(10);

/// `AT+CGATT=` (manual 7.2.1, since V1.10).
pub const ATTACH: Duration = Duration::from_secs(75);

/// `AT+SAPBR=1` (manual 9.2.1).
pub const BEARER_OPEN: Duration = Duration::from_secs(85);

/// `AT+SAPBR=0` (manual 9.2.1).
pub const BEARER_CLOSE: Duration = Duration::from_secs(65);

/// `AT+CIICR` (manual 8.2.10).
pub const CONTEXT_OPEN: Duration = Duration::from_secs(85);

/// `AT+CIPSHUT` (manual 8.2.7).
pub const CONTEXT_CLOSE: Duration = Duration::from_secs(65);

/// `AT+CIPSEND=`: a connection whose server acknowledges nothing for that long is closed (manual 8.2.3).
pub const SOCKET_SEND: Duration = Duration::from_secs(645);

/// `AT+CIPCLOSE=`: the manual states none; modules were seen to take ten seconds.
pub const SOCKET_CLOSE: Duration = Duration::from_secs(20);

/// `AT+CIPGSMLOC=` (manual V1.10, chapter 13).
pub const LOCATION: Duration = Duration::from_secs(60);

/// Commands that begin, feed or end an FTP session, "if the server does not respond" (manual 12.2.14 and others; 60 s
/// before V1.06).
pub const FTP_SESSION: Duration = Duration::from_secs(75);

/// Commands that move octets between the DTE and the module's own memory, or switch that memory on and off.
///
/// The manual's 75 s are for a server that does not respond, and these ask no server: published logs have them answered at
/// once.
pub const FTP_MEMORY: Duration = Duration::from_secs(10);

/// Commands that move up to 300,000 octets between the module's memory and its file system.
///
/// These ask no server either; what they take is not documented. It is a good second for 10,240 octets where drivers write
/// them.
pub const FTP_FILE: Duration = Duration::from_secs(60);

/// Commands of the file system.
///
/// No document at hand states a maximum. The drivers of others wait from one to five seconds, for a listing ten; what
/// was not answered by then is lost, so the longest counts for all.
pub const FILE_SYSTEM: Duration = Duration::from_secs(10);
