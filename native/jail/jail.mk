# gantry-jail: drops what a jailed process must not have, then becomes it.
all: jail

jail: $(OUT)/gantry-jail

$(OUT)/gantry-jail: $(ROOT)/native/jail/main.c
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) $(WARNINGS) -std=gnu11 -o $@ $<

.PHONY: jail
