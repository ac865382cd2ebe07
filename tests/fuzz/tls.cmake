fuzz_target(fuzz_tls capture_tls)
