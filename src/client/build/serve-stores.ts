import { Content, STORE_HEADER, WRITE } from '#buildkit';
import type { Handler, Metadata } from '#grpc';
import { RpcError, streaming, unary } from '#grpc';
import { LayoutFolder } from './layout-folder.ts';

const PIECE = 1024 * 1024;

/** Serves folders that are image layouts as content stores, by the names that the daemon asks for. */
export function storeHandlers(stores: ReadonlyMap<string, string>): Handler[] {
  if (stores.size === 0) return [];
  const storeOf = (metadata: Metadata): LayoutFolder => {
    const id = metadata.get(STORE_HEADER)?.[0] ?? '';
    const folder = stores.get(id);
    if (folder === undefined) throw new RpcError('not-found', `unknown store ${id}`);
    return new LayoutFolder(folder);
  };
  const sized = (store: LayoutFolder, digest: string): number => {
    const size = store.sizeOf(digest);
    if (size === undefined) throw new RpcError('not-found', `content ${digest}: not found`);
    return size;
  };
  return [
    unary(Content.info, ({ digest }, { metadata }) => ({
      info: { digest, size: sized(storeOf(metadata), digest) },
    })),
    streaming(Content.read, async (call) => {
      const { digest, offset, size } = await call.request();
      const store = storeOf(call.metadata);
      sized(store, digest);
      let at = offset;
      for await (const chunk of store.read(digest, { offset, size })) {
        for (let from = 0; from < chunk.length; from += PIECE) {
          const data = chunk.subarray(from, from + PIECE);
          await call.send({ offset: at, data });
          at += data.length;
        }
      }
    }),
    streaming(Content.write, async (call) => {
      using writer = storeOf(call.metadata).writer();
      for await (const { action, data, expected, total } of call.requests()) {
        if (action === WRITE.stat && expected !== '' && storeOf(call.metadata).sizeOf(expected) !== undefined) {
          throw new RpcError('already-exists', `content ${expected}: already exists`);
        }
        if (data.length > 0) writer.write(data);
        const digest = action === WRITE.commit ? writer.commit(expected) : '';
        await call.send({ action, offset: writer.offset, total, digest });
        if (digest !== '') return;
      }
    }),
  ];
}
