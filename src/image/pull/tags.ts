import type { Remote } from '#distribution';
import { nextPage } from '#distribution';
import { invalid } from '#errdefs';

const PAGE_LIMIT = 4 * 2 ** 20;
const TAGS = 10_000;
const PAGES = 1000;

/** Every tag of a repository, over all pages. */
export async function listTags(remote: Remote, signal: AbortSignal): Promise<string[]> {
  const tags = new Set<string>();
  let at: string | URL | undefined = 'tags/list';
  for (let page = 0; at !== undefined; page++) {
    if (page >= PAGES || tags.size > TAGS) throw invalid(`the repository has more than ${TAGS} tags`);
    const { answer, bytes } = await remote.read({ method: 'GET', at, signal }, PAGE_LIMIT);
    for (const tag of decodeTags(bytes)) tags.add(tag);
    at = nextPage(answer.headers.link, answer.url);
  }
  return [...tags];
}

function decodeTags(bytes: Buffer): string[] {
  const { tags } = JSON.parse(bytes.toString()) as { tags?: unknown };
  if (!Array.isArray(tags)) return [];
  return tags.filter((tag) => typeof tag === 'string' && /^\w[\w.-]{0,127}$/.test(tag));
}
