# The whole way, from the bytes of a file to verdicts.
fuzz_target(fuzz_pcap analyzer_report capture_scrub capture_log capture_dialogue capture_tls capture_detect capture_tcp capture_source)
target_sources(fuzz_pcap PRIVATE ${PROJECT_SOURCE_DIR}/cli/keylogs.c ${PROJECT_SOURCE_DIR}/cli/pipeline.c ${PROJECT_SOURCE_DIR}/cli/pipeline_connections.c
    ${PROJECT_SOURCE_DIR}/cli/pipeline_tell.c ${PROJECT_SOURCE_DIR}/cli/progress.c
    ${PROJECT_SOURCE_DIR}/cli/logs.c ${PROJECT_SOURCE_DIR}/cli/messages.c ${PROJECT_SOURCE_DIR}/cli/twins.c)
