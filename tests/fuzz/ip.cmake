fuzz_target(fuzz_ip capture_ip)
