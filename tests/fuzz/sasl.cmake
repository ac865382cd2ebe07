fuzz_target(fuzz_sasl analyzer_sasl)
target_sources(fuzz_sasl PRIVATE "${PROJECT_SOURCE_DIR}/tests/support/session_builder.c")
fuzz_target(fuzz_mechanism analyzer_sasl)
