//! What a bearer is opened with.

use sim800_emulator::Config as ModuleConfig;
use sim800_session::command::{BearerParameter, Cid, SapbrSet, SapbrShow, Secret, Text};
use sim800_session::{Bearer, BearerError, Client, Http, Profile};
use sim800_simulation::Resource;

use crate::lab::Lab;

const CID: Cid = Cid::MIN;

/// Access point name, user and password as the module has them.
async fn set_in_module(client: &Client) -> [String; 3] {
    let told = client
        .query(&SapbrShow { cid: CID }, |set| {
            [set.apn, set.user, set.password].map(|value| value.unwrap_or_default().to_owned())
        })
        .await;
    told.expect("the module tells")
}

async fn set(client: &Client, parameters: &[BearerParameter<'_>]) {
    for parameter in parameters {
        client.execute(&SapbrSet { cid: CID, parameter: *parameter }).await.expect("set");
    }
}

/// A module whose network has one access point only, with a session that is ready.
fn lab_with_access_point(apn: &str) -> Lab {
    let mut config = ModuleConfig::default();
    config.apn = Some(apn.into());
    let mut lab = Lab::new(config);
    assert_eq!(lab.start_up(), Ok(()));
    lab
}

#[test]
fn one_that_is_open_with_another_access_point_name_is_opened_anew() {
    let mut lab = lab_with_access_point("first");
    let client = lab.client.clone();
    lab.world.run(async move {
        let first = Bearer::open(&client, &Profile::new("first")).await.expect("the network knows it");
        let refused = Bearer::open(&client, &Profile::new("second")).await;
        assert!(matches!(refused, Err(BearerError::Refused(_))), "the network was not asked: {refused:?}");
        assert_eq!(first.query().await.expect("told").address, None, "it was closed");
    });
}

#[test]
fn one_that_is_open_with_the_same_is_used() {
    let mut lab = lab_with_access_point("first");
    let client = lab.client.clone();
    lab.world.run(async move {
        Bearer::open(&client, &Profile::new("first").with_credentials("me", "sesame")).await.expect("opened");
        for profile in
            [Profile::new("FIRST"), Profile::as_set(), Profile::new("first").with_credentials("me", "other")]
        {
            Bearer::open(&client, &profile).await.expect("used");
            assert_eq!(set_in_module(&client).await, ["first", "me", "sesame"], "nothing was set");
        }
        let anew = Bearer::open(&client, &Profile::new("first").with_credentials("you", "")).await;
        anew.expect("opened anew for another user");
        assert_eq!(set_in_module(&client).await, ["first", "you", ""]);
    });
}

#[test]
fn what_was_set_before_stays_unless_it_is_given() {
    let mut lab = lab_with_access_point("first");
    let client = lab.client.clone();
    lab.world.run(async move {
        let user = BearerParameter::User(Text::new("me").expect("a name"));
        let password = BearerParameter::Password(Secret::new("sesame").expect("a password"));
        set(&client, &[user, password]).await;
        let bearer = Bearer::open(&client, &Profile::new("first")).await.expect("opened");
        assert_eq!(set_in_module(&client).await, ["first", "me", "sesame"]);
        bearer.close().await.expect("closed");
        Bearer::open(&client, &Profile::as_set()).await.expect("opened");
        assert_eq!(set_in_module(&client).await, ["first", "me", "sesame"]);
        Bearer::open(&client, &Profile::new("first").with_credentials("", "")).await.expect("opened");
        assert_eq!(set_in_module(&client).await, ["first", "", ""]);
    });
}

#[test]
fn one_over_which_a_transfer_goes_on_is_not_closed_for_another() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(vec![b'x'; 100_000]));
    let client = lab.client.clone();
    lab.world.run(async move {
        let request =
            ::http::Request::get("http://example.com/file").body(bytes::Bytes::new()).expect("request");
        let response = Http::new(&bearer).send(request).await.expect("a response");
        let refused = Bearer::open(&client, &Profile::new("other")).await;
        assert_eq!(refused.err(), Some(BearerError::InUse { cid: 1 }));
        let body = crate::lab::whole(response.into_body()).await.expect("a body");
        assert_eq!(body.len(), 100_000);
    });
}

#[test]
fn a_bearer_is_found_only_where_it_is_open() {
    let mut lab = lab_with_access_point("first");
    let client = lab.client.clone();
    lab.world.run(async move {
        assert!(Bearer::find(&client, 1).await.expect("asked").is_none());
        Bearer::open(&client, &Profile::new("first")).await.expect("opened");
        let found = Bearer::find(&client, 1).await.expect("asked").expect("it is open");
        found.close().await.expect("closed");
        assert!(Bearer::find(&client, 1).await.expect("asked").is_none());
        assert!(matches!(Bearer::find(&client, 4).await, Err(BearerError::Invalid { .. })));
    });
}
