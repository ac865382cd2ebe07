fuzz_target(fuzz_tcp capture_tcp)
