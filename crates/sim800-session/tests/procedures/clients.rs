//! Many who use one client: what waits is bounded, what was taken is carried out, and what is there counts.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::{BoxFuture, Either, join, join_all, select};
use futures::{AsyncReadExt, FutureExt, StreamExt};
use sim800_command::{At, HttpInit};
use sim800_emulator::{Config as ModuleConfig, Fault, Place};
use sim800_session::{
    Bearer, Config, Direction, Disconnected, Driver, Failure, Fs, Ftp, Misuse, Notice, Profile, Retries,
    Runtime, connect,
};
use sim800_simulation::{Clock, Port, Resource, World};

use crate::lab::{Lab, hostile, paced, server};

/// How many command lines `AT` were sent.
fn counted(driver: Driver<Port>) -> (Driver<Port>, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let driver = driver.with_trace(move |_now, direction, octets: &[u8]| {
        if direction == Direction::Sent {
            counter.fetch_add(octets.iter().filter(|octet| **octet == b'\r').count(), Ordering::Relaxed);
        }
    });
    (driver, count)
}

fn is_full(failure: &Failure) -> bool {
    *failure == Failure::Misuse(Misuse::QueueFull)
}

#[test]
fn of_many_commands_those_that_were_taken_are_carried_out_and_the_others_refused() {
    const TASKS: usize = 400;
    const EACH: usize = 50;
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let (driver, sent) = counted(driver);
    world.spawn(driver.map(drop));
    world.run(client.execute(&At)).expect("found");
    let before = sent.load(Ordering::Relaxed);

    // Each task has all of its commands waiting at once.
    let tasks = (0..TASKS).map(|_| {
        let client = client.clone();
        async move { join_all((0..EACH).map(|_| client.execute(&At))).await }
    });
    let results: Vec<_> = world.run(join_all(tasks)).into_iter().flatten().collect();
    assert_eq!(results.len(), 20_000);
    let (done, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert!(refused.iter().all(|result| is_full(result.as_ref().expect_err("refused").failure())));
    // As many as may wait.
    assert_eq!(done.len(), Config::default().queue);
    assert_eq!(sent.load(Ordering::Relaxed) - before, done.len(), "what was taken, and nothing else");

    // One after the other, none has to be refused.
    let tasks = (0..64).map(|_| {
        let client = client.clone();
        async move {
            for _ in 0..20_000 / 64 {
                client.execute(&At).await.expect("taken");
            }
        }
    });
    let before = sent.load(Ordering::Relaxed);
    world.run(join_all(tasks));
    assert_eq!(sent.load(Ordering::Relaxed) - before, 64 * (20_000 / 64));
}

#[test]
fn what_was_given_up_makes_room_and_is_never_sent() {
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let (driver, sent) = counted(driver);
    for _ in 0..1_000 {
        assert!(client.execute(&At).now_or_never().is_none(), "taken");
    }
    world.spawn(driver.map(drop));
    world.run(client.execute(&At)).expect("taken");
    // The first command finds the line.
    assert!(sent.load(Ordering::Relaxed) <= 4, "{sent:?}");
}

#[test]
fn what_transfers_leave_is_put_back_however_many_commands_wait() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("http://example.com/file", Resource::new(hostile(100_000)));
    let request = ::http::Request::get("http://example.com/file").body(bytes::Bytes::new()).expect("request");
    let http = sim800_session::Http::new(&bearer);
    let response = lab.world.run(async move { http.send(request).await }).expect("response");
    let client = lab.client.clone();
    let init = lab.world.run(async move {
        let waiting = (0..200).map(|_| client.execute(&At)).collect::<Vec<_>>();
        let mut waiting = join_all(waiting);
        // All of them ask, and as many as may do wait.
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(response);
        waiting.await;
        client.execute(&HttpInit).await
    });
    assert!(init.is_ok(), "the service is still started: {init:?}");
}

/// A task that goes on inside of whoever wakes it.
struct Inline {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    polls: AtomicUsize,
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        self.polls.fetch_add(1, Ordering::Relaxed);
        let mut future = match self.future.try_lock() {
            Ok(future) => future,
            // It is being polled, and sees to it itself.
            Err(TryLockError::WouldBlock) => return,
            Err(TryLockError::Poisoned(_)) => panic!("a poll panicked"),
        };
        loop {
            let polls = self.polls.load(Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&self));
            let Some(task) = &mut *future else { return };
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                *future = None;
            } else if self.polls.load(Ordering::Relaxed) == polls {
                return;
            }
        }
    }
}

#[test]
fn a_waker_that_goes_on_at_once_may_do_anything() {
    let mut config = Config::default();
    config.queue = 2;
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), config);
    world.spawn(driver.map(drop));
    let (done, end) = futures::channel::oneshot::channel();
    let task = async move {
        let asked = client.clone();
        let mut given_up = Vec::new();
        for _ in 0..200 {
            client.execute(&At).await.expect("taken");
            // Waits, and is given up while the next one is asked for.
            let mut other = Box::pin(asked.execute(&At));
            assert!(futures::poll!(&mut other).is_pending());
            given_up.push(other);
            client.execute(&At).await.expect("taken");
            given_up.clear();
            drop(client.subscribe(|_| true));
        }
        client.close().await;
        let _ = done.send(());
    };
    Arc::new(Inline { future: Mutex::new(Some(task.boxed())), polls: AtomicUsize::new(0) }).wake();
    assert_eq!(world.run(end), Ok(()));
}

/// A future on an executor that has other things to do, once it is busy.
struct Seldom<F> {
    future: Pin<Box<F>>,
    clock: Clock,
    busy: Arc<AtomicBool>,
    rest: Option<BoxFuture<'static, ()>>,
}

impl<F: Future> Future for Seldom<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            if self.rest.as_mut().is_some_and(|rest| rest.as_mut().poll(context).is_pending()) {
                return Poll::Pending;
            }
            self.rest = None;
            // Whatever there is to do by now; then it is left alone.
            for _ in 0..1_000 {
                if let Poll::Ready(output) = self.future.as_mut().poll(context) {
                    return Poll::Ready(output);
                }
            }
            if !self.busy.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            let clock = self.clock.clone();
            let until = clock.now() + Duration::from_secs(20);
            self.rest = Some(async move { clock.sleep_until(until).await }.boxed());
        }
    }
}

#[test]
fn an_answer_that_is_there_is_in_time_however_late_it_is_read() {
    // An octet a read is the least that a port can give.
    for cuts in [&[][..], &[1]] {
        let mut world = World::on_line(ModuleConfig::default(), paced(115_200));
        world.cut_reads(cuts);
        world.limit_time(Duration::from_secs(100_000));
        let clock = world.clock();
        let (client, future) = connect(world.connect(), Arc::new(clock.clone()), Config::default());
        let busy = Arc::new(AtomicBool::new(false));
        world
            .spawn(Seldom { future: Box::pin(future), clock, busy: Arc::clone(&busy), rest: None }.map(drop));
        world.network().put_file("/file", hostile(3_000));
        world.run(client.start_up()).expect("ready");
        let notices = client.subscribe(|_| false);
        busy.store(true, Ordering::Relaxed);
        let got = world.run(async move {
            for _ in 0..20 {
                client.execute(&At).await.expect("answered");
            }
            client.info().await.expect("answered");
            let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("opened");
            let ftp = Ftp::new(&bearer, server());
            // The time of a transfer goes by as nobody reads what the module says of it.
            let mut octets = Vec::new();
            ftp.get("/file").await.expect("opened").read_to_end(&mut octets).await.expect("read");
            drop((ftp, bearer));
            client.close().await;
            octets
        });
        assert!(got == hostile(3_000));
        let told: Vec<_> = world.run(notices.collect());
        assert_eq!(
            told,
            [Notice::Disconnected(Disconnected::Closed)],
            "nothing was lost and nothing tried again"
        );
    }
}

#[test]
fn who_does_not_read_is_told_how_much_was_missed() {
    let mut config = Config::default();
    config.notices = 3;
    let mut lab = Lab::with(World::new(ModuleConfig::default()), config);
    lab.start_up().expect("ready");
    let mut notices = lab.client.subscribe(|_| true);
    for n in 1..=10 {
        let text = format!("+CMTI: \"SM\",{n}");
        lab.world.fault(Fault::Inject { place: Place::Now, text });
        lab.world.run_for(Duration::from_secs(1));
    }
    let seen = lab.world.run(async {
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(match notices.next().await.expect("not the end") {
                Notice::Unsolicited(line) => line.line().as_str().expect("text").to_owned(),
                Notice::Missed(lines) => format!("{lines} missed"),
                other => format!("{other:?}"),
            });
        }
        seen
    });
    assert_eq!(seen, ["7 missed", "+CMTI: \"SM\",8", "+CMTI: \"SM\",9", "+CMTI: \"SM\",10"]);
    // It is told once.
    lab.world.fault(Fault::Inject { place: Place::Now, text: "RING".to_owned() });
    assert!(matches!(lab.world.run(notices.next()), Some(Notice::Unsolicited(_))));
}

#[test]
fn a_session_closes_while_others_ask_on_and_on() {
    let mut world = World::new(ModuleConfig::default());
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let others = join_all((0..8).map(|_| {
        let client = client.clone();
        async move {
            loop {
                if let Err(error) = client.execute(&At).await {
                    break error;
                }
            }
        }
    }));
    let close = async {
        client.execute(&At).await.expect("answered");
        client.close().await;
    };
    let ((failed, ()), ended) = world.run(join(join(others, close), driver));
    assert!(ended.is_ok(), "{ended:?}");
    for error in failed {
        assert_eq!(*error.failure(), Failure::Disconnected(Disconnected::Closed));
    }
}

#[test]
fn no_procedure_fails_because_of_what_others_ask_for() {
    let mut config = Config::default();
    config.retries = Retries::NONE;
    config.queue = 8;
    let mut lab = Lab::with(World::on_line(ModuleConfig::default(), paced(115_200)), config);
    let content = hostile(4_000);
    lab.network().put_resource("http://example.com/file", Resource::new(content.clone()));
    lab.network().put_file("/file", content.clone());
    let (client, others) = (lab.client.clone(), lab.client.clone());
    let procedures = async move {
        client.start_up().await.expect("ready");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("open");
        let request = ::http::Request::get("http://example.com/file").body(bytes::Bytes::new());
        let request = request.expect("a request");
        let got = sim800_session::Http::new(&bearer).send(request).await.expect("sent");
        assert_eq!(crate::lab::whole(got.into_body()).await.expect("whole"), content);
        let ftp = Ftp::new(&bearer, server());
        let mut file = Vec::new();
        ftp.get("/file").await.expect("begun").read_to_end(&mut file).await.expect("whole");
        assert!(file == content);
        ftp.put("/up", &content[..]).await.expect("stored");
        let fs = Fs::new(&client);
        fs.write(r"C:\file", &content[..]).await.expect("written");
        let mut file = Vec::new();
        fs.read(r"C:\file").await.expect("begun").read_to_end(&mut file).await.expect("whole");
        assert!(file == content);
        bearer.close().await.expect("closed");
    };
    // As many commands as may wait do, all the time.
    let clock = lab.world.clock();
    let backlog = join_all((0..20).map(|_| async {
        loop {
            if let Err(error) = others.execute(&At).await {
                assert!(is_full(error.failure()), "{error}");
                clock.sleep_until(clock.now() + Duration::from_millis(1)).await;
            }
        }
    }));
    lab.world.run(async move {
        assert!(matches!(select(pin!(procedures), pin!(backlog)).await, Either::Left(_)))
    });
}
