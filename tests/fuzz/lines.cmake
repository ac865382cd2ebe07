fuzz_target(fuzz_base64 capture_base)
fuzz_target(fuzz_reply capture_smtp)
