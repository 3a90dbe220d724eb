//! What does a command line cost to encode?
//!
//! Into a buffer that is there, for all of them; `anew` makes a line of ours each time, which zeroes room for the longest command
//! and moves it to where it is wanted. What is written has to be there afterwards: encoders that are inlined would otherwise write
//! nothing.

mod clock;

use std::hint::black_box;

use at_commands::builder::CommandBuilder;
use atat::AtatCmd;
use atat::atat_derive::{AtatCmd, AtatResp};
use criterion::{Criterion, criterion_group, criterion_main};
use sim800_command::{CommandLine, FtpGetRead, HttpPara, HttpParameter, Number, Text};

use clock::CpuTime;

const URL: &str = "http://www.example.com/files/firmware-1.2.3.bin";

#[derive(Clone, AtatResp)]
struct NoResponse;

#[derive(Clone, AtatCmd)]
#[at_cmd("+FTPGET", NoResponse, termination = "\r")]
struct AtatFtpGet {
    mode: u8,
    length: u32,
}

fn commands(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("FTPGET=2,<n>");
    let command = FtpGetRead { length: Number::new(1460).expect("a length") };
    let line = CommandLine::new(&command).expect("short enough");
    assert_eq!(line.as_bytes(), b"AT+FTPGET=2,1460\r");
    group.bench_function("sim800", |bencher| {
        let mut line = CommandLine::empty();
        bencher.iter(|| {
            let made = line.encode(black_box(&command));
            black_box(&line);
            made.is_ok()
        });
    });
    group.bench_function("sim800, anew", |bencher| {
        bencher.iter(|| {
            let line = CommandLine::new(black_box(&command));
            black_box(&line).is_ok()
        });
    });

    let mut buffer = [0; 556];
    let built = |buffer: &mut [u8], length: i32| -> usize {
        let set = CommandBuilder::create_set(buffer, true).named("+FTPGET");
        let line = set.with_int_parameter(2).with_int_parameter(length).finish_with(b"\r");
        line.map_or(0, <[u8]>::len)
    };
    let len = built(&mut buffer, 1460);
    assert_eq!(&buffer[..len], line.as_bytes());
    group.bench_function("at-commands", |bencher| {
        bencher.iter(|| {
            let len = built(&mut buffer, black_box(1460));
            black_box(&buffer);
            len
        });
    });

    let atat = AtatFtpGet { mode: 2, length: 1460 };
    let len = atat.write(&mut buffer);
    assert_eq!(&buffer[..len], line.as_bytes());
    group.bench_function("atat", |bencher| {
        bencher.iter(|| {
            let len = black_box(&atat).write(&mut buffer);
            black_box(&buffer);
            len
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("HTTPPARA=\"URL\",<url>");
    let command = HttpPara { parameter: HttpParameter::Url(Text::new(URL).expect("a URL")) };
    let line = CommandLine::new(&command).expect("short enough");
    assert_eq!(line.as_bytes(), format!("AT+HTTPPARA=\"URL\",\"{URL}\"\r").as_bytes());
    group.bench_function("sim800", |bencher| {
        let mut line = CommandLine::empty();
        bencher.iter(|| {
            let made = line.encode(black_box(&command));
            black_box(&line);
            made.is_ok()
        });
    });

    let built = |buffer: &mut [u8], url: &str| -> usize {
        let set = CommandBuilder::create_set(buffer, true).named("+HTTPPARA");
        let line = set.with_string_parameter("URL").with_string_parameter(url).finish_with(b"\r");
        line.map_or(0, <[u8]>::len)
    };
    let len = built(&mut buffer, URL);
    assert_eq!(&buffer[..len], line.as_bytes());
    group.bench_function("at-commands", |bencher| {
        bencher.iter(|| {
            let len = built(&mut buffer, black_box(URL));
            black_box(&buffer);
            len
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = clock::criterion();
    targets = commands
}
criterion_main!(benches);
