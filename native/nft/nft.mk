# gantry-nft: hands the firewall's table to libnftables, which is looked for when it runs.
all: nft

nft: $(OUT)/gantry-nft

$(OUT)/gantry-nft: $(ROOT)/native/nft/main.c
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) $(WARNINGS) -std=gnu11 -o $@ $< -ldl

.PHONY: nft
