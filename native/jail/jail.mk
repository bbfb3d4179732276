# gantry-jail: drops what a jailed process must not have, then becomes it.
all: jail

jail: $(OUT)/gantry-jail

JAIL_SOURCES := $(addprefix $(ROOT)/native/jail/,main.c tree.c)

$(OUT)/gantry-jail: $(JAIL_SOURCES) $(ROOT)/native/jail/jail.h
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) $(WARNINGS) -std=gnu11 -o $@ $(JAIL_SOURCES)

.PHONY: jail
