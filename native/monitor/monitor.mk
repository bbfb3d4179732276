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
