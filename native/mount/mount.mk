# gantry-mount: mounts and unmounts for the daemon, which never waits for a file server itself.
all: mount

mount: $(OUT)/gantry-mount

$(OUT)/gantry-mount: $(ROOT)/native/mount/main.c
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) $(WARNINGS) -std=gnu11 -o $@ $<

.PHONY: mount
