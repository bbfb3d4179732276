import type { SearchResult } from '#api';
import type { Command } from '../command.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import type { ListFormat } from '../format/list.ts';
import { renderList } from '../format/list.ts';
import { ellipsis } from '../format/text.ts';
import { registryAuth } from './credentials.ts';

/** Searches a registry. */
export const command: Command = {
  usage: '[OPTIONS] TERM',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'filter', short: 'f', kind: 'filter', usage: 'Filter output based on conditions provided' },
    { name: 'format', kind: 'string', usage: 'Pretty-print search using a Go template' },
    { name: 'limit', kind: 'int', usage: 'Max number of search results' },
    { name: 'no-trunc', kind: 'bool', usage: "Don't truncate output" },
  ],
  run: async (session, { flags, operands: [term = ''] }) => {
    const query = { term, limit: flags.number('limit') || undefined, filters: encodeFilters(flags.filters()) };
    const found = await session.client.registries.search(query, registryAuth(session, `${term.split('/')[0]}/x`));
    const format = flags.text('format');
    const isJson = format === 'json' || format.includes('json .}');
    session.out(await renderList(searchList(!flags.bool('no-trunc'), isJson), found, format));
    return 0;
  },
};

// Docker: JSON says what the table only marks.
function searchList(trunc: boolean, isJson: boolean): ListFormat<SearchResult> {
  const description = (text: string) => {
    const line = text.replaceAll('\n', ' ').replaceAll('\r', ' ');
    return trunc ? ellipsis(line, 45) : line;
  };
  return {
    type: 'formatter.searchContext',
    fields: {
      Name: { header: 'NAME', get: ({ name }) => name },
      Description: { header: 'DESCRIPTION', get: (result) => description(result.description) },
      StarCount: { header: 'STARS', get: ({ star_count }) => String(star_count) },
      IsOfficial: {
        header: 'OFFICIAL',
        get: ({ is_official }) => (isJson ? String(is_official) : is_official ? '[OK]' : ''),
      },
    },
    columns: ['Name', 'Description', 'StarCount', 'IsOfficial'],
  };
}
