//! What a job may hold, and that its schema is the one that is kept.

use sim800_fleet_job::{Action, Failure, Invalid, Job, Place, Put, Source, Target};

fn get(url: &str) -> Job {
    Job::new("a", Action::Get { url: url.into(), headers: Default::default(), target: Target::Object })
}

#[test]
fn the_schema_is_the_one_of_these_types() {
    let made = serde_json::to_string_pretty(&Job::schema()).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/job.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(made, std::fs::read_to_string(path).unwrap(), "BLESS=1 writes it anew");
}

#[test]
fn json_written_by_hand_is_understood() {
    let json = r#"{"version":1,"id":"n-1","action":{"do":"post","url":"http://example.com/in",
        "headers":{"Content-Type":"text/plain"},"source":{"text":"hello"},"target":"nowhere"},
        "place":{"group":"north"},"priority":"high","deadline":1790000000000}"#;
    let job: Job = serde_json::from_str(json).unwrap();
    job.check().unwrap();
    assert_eq!((job.place, job.attempts), (Place::Group("north".into()), 5));
    assert!(!job.action.is_repeatable());
}

#[test]
fn what_nobody_knows_is_refused() {
    for json in [
        r#"{"version":1,"id":"a","action":{"do":"get","url":"http://h/"},"password":"x"}"#,
        r#"{"version":1,"id":"a","action":{"do":"get","url":"http://h/","body":"x"}}"#,
        r#"{"version":1,"id":"a","action":{"do":"trace","url":"http://h/"}}"#,
    ] {
        assert!(serde_json::from_str::<Job>(json).is_err(), "{json}");
    }
    let mut job = get("http://h/");
    job.version = 2;
    assert_eq!(job.check(), Err(Invalid::Version(2)));
}

#[test]
fn no_job_holds_credentials() {
    assert_eq!(get("http://user:secret@h/").check(), Err(Invalid::Login));
    assert_eq!(get("http://user@h/").check(), Err(Invalid::Login));
    for name in ["Authorization", "COOKIE", "proxy-authorization", "X-Api-Key", "X-Auth-Token"] {
        let mut job = get("http://h/");
        if let Action::Get { headers, .. } = &mut job.action {
            headers.insert(name.into(), "secret".into());
        }
        let refused = job.check().unwrap_err();
        assert!(matches!(refused, Invalid::Header { .. }), "{name}");
        assert!(!refused.to_string().contains("secret"));
    }
    let mut job = get("http://h/");
    if let Action::Get { headers, .. } = &mut job.action {
        headers.insert("Idempotency-Key".into(), "7".into());
    }
    assert_eq!(job.check(), Ok(()));
}

#[test]
fn files_stay_below_the_directory() {
    let to = |file: &str| {
        let url = "ftp://h/a".into();
        Job::new("a", Action::FtpGet { url, target: Target::File(file.into()) }).check()
    };
    for file in ["a", "a/b.txt", "a b"] {
        assert_eq!(to(file), Ok(()), "{file}");
    }
    for file in ["", "/a", "../a", "a/../b", "./a", ".a", "a/.b", "a.part", "c:a", "a\\b", "a\nb", "a\0"] {
        assert_eq!(to(file), Err(Invalid::File), "{file}");
    }
}

#[test]
fn names_may_stand_in_a_subject() {
    for id in ["", "a.b", "a b", "*", ">", "ä", "a/b", &"a".repeat(65)] {
        let mut job = get("http://h/");
        job.id = id.into();
        assert_eq!(job.check(), Err(Invalid::Name { what: "id" }), "{id}");
    }
    assert_eq!(Place::operator("T-Mobile D/.*"), Some(Place::Operator("t-mobile-d---".into())));
    assert_eq!(Place::operator(""), None);
}

#[test]
fn addresses_fit_what_is_done() {
    assert!(matches!(get("ftp://h/a").check(), Err(Invalid::Scheme(_))));
    assert!(matches!(get("h/a").check(), Err(Invalid::Url(_))));
    assert!(matches!(get("http://h/a b").check(), Err(Invalid::Path(_))));
    for url in [
        "http:h/",
        "http:/h/",
        "http:///h/",
        "http:\\\\h\\",
        "http://%68/",
        "http://a\\@h/",
        "http://a\u{ad}b/",
    ] {
        assert!(matches!(get(url).check(), Err(Invalid::Url(_))), "{url}");
    }
    for url in
        ["http://h", "HTTP://H:80/", "http://h?q", "http://h:8080#f", "http://[::1]:80/", "http://127.0.0.1/"]
    {
        assert_eq!(get(url).check(), Ok(()), "{url}");
    }
    let put = |put| Action::FtpPut { url: "ftp://h/a".into(), source: Source::Text("x".into()), put };
    let repeatable = [Put::Replace, Put::Append, Put::Unique].map(|how| put(how).is_repeatable());
    assert_eq!(repeatable, [true, false, false]);
}

#[test]
fn a_job_goes_into_one_message() {
    let url = format!("http://h/{}", "a".repeat(2_040));
    assert_eq!(get(&url).check(), Err(Invalid::Long { what: "URL", limit: 2_048 }));
    let to = "a".repeat(1_025);
    let rename = Action::FtpRename { url: "ftp://h/a".into(), to: to.clone() };
    assert_eq!(Job::new("a", rename).check(), Err(Invalid::Long { what: "new path", limit: 1_024 }));
    let fetch = Action::FtpGet { url: "ftp://h/a".into(), target: Target::File(to) };
    assert_eq!(Job::new("a", fetch).check(), Err(Invalid::Long { what: "path of the file", limit: 1_024 }));
    // The longest that there is, whatever is escaped of it, has room in a record.
    let source = Source::Text("\u{1}".repeat(65_536));
    let url = format!("http://h/{}", "\"".repeat(2_030));
    let job =
        Job::new("a", Action::Post { url, headers: Default::default(), source, target: Target::Object });
    assert_eq!(job.check(), Ok(()));
    assert!(serde_json::to_vec(&job).unwrap().len() < 400_000);
    assert_eq!(Failure::new("http", "\u{1}".repeat(5_000)).message.len(), 1_000);
}
