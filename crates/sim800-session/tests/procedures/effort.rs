//! What one request may take, other than the others.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sim800_emulator::Fault;
use sim800_session::{Ftp, FtpOptions, Http, HttpOptions, Retries};
use sim800_simulation::Resource;

use crate::lab::{Lab, hostile, server};

fn get(url: &str) -> ::http::Request<Bytes> {
    ::http::Request::get(url).body(Bytes::new()).expect("a request")
}

#[test]
fn windows_and_retries_of_one_are_not_those_of_another() {
    let (mut lab, bearer) = Lab::ready();
    let url = "http://example.com/file";
    lab.network().put_resource(url, Resource::new(hostile(40_000)));
    lab.network().put_file("/file", hostile(4_000));
    let mut options = HttpOptions::default();
    options.effort.window = Some(1_000);
    options.effort.retries = Some(Retries::NONE);
    let careful = Http::new(&bearer).with_options(options);
    for (http, pieces, is_patient) in [(careful, 40, false), (Http::new(&bearer), 3, true)] {
        let other = http.clone();
        let body =
            lab.world.run(async move { other.send(get(url)).await.expect("sent").into_body().count().await });
        assert_eq!(body, pieces);
        lab.world.fault(Fault::BearerLost { cid: 1 });
        let response = lab.world.run(async move { http.send(get(url)).await.map(drop) });
        assert_eq!(response.is_ok(), is_patient, "{response:?}");
    }

    let mut options = FtpOptions::default();
    options.effort.window = Some(1_000);
    let ftp = Ftp::new(&bearer, server()).with_options(options);
    let pieces = lab.world.run(async move {
        let file = ftp.get_extended("/file", |_| {}).await?;
        file.into_download().try_collect::<Vec<_>>().await
    });
    assert_eq!(pieces.expect("read").len(), 4);
}
