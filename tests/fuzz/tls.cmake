fuzz_target(fuzz_tls capture_tls)
fuzz_target(fuzz_tls_inside capture_tls)
fuzz_target(fuzz_tls_keylog capture_tls)
