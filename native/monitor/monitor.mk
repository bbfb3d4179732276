MONITOR_DIR := $(CURDIR_)monitor
MONITOR_SOURCES := $(filter-out $(MONITOR_DIR)/fuzz_% $(MONITOR_DIR)/test_%,$(wildcard $(MONITOR_DIR)/*.c))
MONITOR_HEADERS := $(wildcard $(MONITOR_DIR)/*.h)
# Static: nothing of the host's libraries, and a small process. Relocation-free, so that forks share their pages.
MONITOR_LINK := -static -no-pie -Wl,--gc-sections -Wl,-z,norelro

monitor: $(OUT)/gantry-monitor

$(OUT)/gantry-monitor: $(MONITOR_SOURCES) $(MONITOR_HEADERS)
	@mkdir -p $(OUT)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -fno-pie -ffunction-sections $(MONITOR_LINK) -o $@ $(MONITOR_SOURCES)

# The same under AddressSanitizer and UBSan, for the black-box tests.
monitor-sanitized: $(OUT)/gantry-monitor-sanitized
$(OUT)/gantry-monitor-sanitized: $(MONITOR_SOURCES) $(MONITOR_HEADERS)
	@mkdir -p $(OUT)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(SANITIZE) -o $@ $(MONITOR_SOURCES)

.PHONY: monitor-sanitized

# Needs clang. SECONDS of fuzzing; the seeds are the examples of PROTOCOL.md.
SECONDS ?= 20
FUZZ_CORPUS := $(OUT)/fuzz-corpus
$(OUT)/fuzz-monitor: $(MONITOR_DIR)/fuzz_protocol.c $(MONITOR_DIR)/protocol.c $(MONITOR_DIR)/jsonlog.c $(MONITOR_HEADERS)
	@mkdir -p $(OUT)
	clang -std=gnu17 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $(filter %.c,$^)

monitor-fuzz: $(OUT)/fuzz-monitor
	@mkdir -p $(FUZZ_CORPUS)
	@grep -oE '^    [0-9]+:.*,$$' $(MONITOR_DIR)/PROTOCOL.md | sed 's/^    //' | split -l 1 - $(FUZZ_CORPUS)/seed-
	$(OUT)/fuzz-monitor -max_total_time=$(SECONDS) -max_len=4096 -print_final_stats=0 -verbosity=0 $(FUZZ_CORPUS)

# The black-box tests with the sanitizer build; any finding ends the monitor and so the test.
monitor-test: monitor monitor-sanitized
	cd $(ROOT) && ASAN_OPTIONS=detect_leaks=1 GANTRY_MONITOR=$(OUT)/gantry-monitor-sanitized \
		node_modules/.bin/node --test --test-concurrency=1 --test-timeout=60000 \
		test/integration/runtime/life.test.ts test/integration/runtime/streams.test.ts test/integration/runtime/direct.test.ts test/integration/runtime/prepared-exec.test.ts \
		test/integration/runtime/ports.test.ts test/integration/runtime/recovery.test.ts \
		test/integration/runtime/hostile.test.ts

.PHONY: monitor-fuzz monitor-test
