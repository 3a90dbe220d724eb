#![cfg_attr(feature = "libfuzzer", no_main)]

sim800_fuzz::shell!(answers);
