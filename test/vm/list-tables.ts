import { createRequire } from 'node:module';

/** Prints the nft tables of this host, as `nft list tables` does on hosts that have that program. */
const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi').default;
const nft = koffi.load('libnftables.so.1');
const context: unknown = nft.func('void *nft_ctx_new(uint32_t)')(0);
nft.func('int nft_ctx_buffer_output(void *)')(context);
nft.func('int nft_run_cmd_from_buffer(void *, const char *)')(context, 'list tables');
process.stdout.write(nft.func('const char *nft_ctx_get_output_buffer(void *)')(context) as string);
