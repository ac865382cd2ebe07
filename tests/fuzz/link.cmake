fuzz_target(fuzz_link capture_link)
