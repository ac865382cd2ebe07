fuzz_target(fuzz_recording capture_transcript)
fuzz_target(fuzz_sealed capture_transcript)
target_sources(fuzz_recording PRIVATE walk_session.c)
target_sources(fuzz_sealed PRIVATE walk_session.c)
