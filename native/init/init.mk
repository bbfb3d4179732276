# gantry-init: static, so that it runs in any image.
init: $(OUT)/gantry-init

$(OUT)/gantry-init: $(ROOT)/native/init/main.c
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) $(WARNINGS) -std=gnu11 -static -s -o $@ $<

.PHONY: init
