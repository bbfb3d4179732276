import { loadLibrary } from './libc.ts';

/**
 * Runs a text of nft commands (nft(8)) as one transaction through libnftables. Returns its complaint, undefined when
 * it is done. The library leaks and may abort the process: to be called in a child process only.
 */
export function runNftables(commands: string): string | undefined {
  const library = loadLibrary('libnftables.so.1');
  const create = library('void *nft_ctx_new(uint32_t flags)');
  const bufferOutput = library('int nft_ctx_buffer_output(void *context)');
  const bufferError = library('int nft_ctx_buffer_error(void *context)');
  const run = library('int nft_run_cmd_from_buffer(void *context, const char *commands)');
  const complaint = library('const char *nft_ctx_get_error_buffer(void *context)');
  const context = create(0);
  if (!context) return 'libnftables gave no context';
  bufferOutput(context);
  bufferError(context);
  return run(context, commands) === 0 ? undefined : String(complaint(context)) || 'nft failed without a word';
}
