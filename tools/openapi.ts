import { readFileSync, writeFileSync } from 'node:fs';
import { API_VERSION } from '#api';
import type { JsonSchema } from '#schema';
import { toJsonSchema } from '#schema';
import type { Route } from '#server';
import { routes } from '#server';

/** Where the document is kept. */
export const OPENAPI_FILE = 'docs/openapi.json';

/** The route table as an OpenAPI 3.1 document: what is called, with which arguments and which body. */
export function openApi(): object {
  const named = new Map<string, JsonSchema>();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(route, named);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Gantry Engine API, as Docker', version: API_VERSION },
    paths,
    components: { schemas: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))) },
  };
}

function operation({ path, query = [], body, since, until }: Route, named: Map<string, JsonSchema>): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter(name!, 'path'));
  const parameters = [...inPath, ...query.map((name) => parameter(name, 'query'))];
  const schema = body && toJsonSchema(body, named);
  return {
    ...(since || until ? { 'x-api-versions': { since, until } } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(schema ? { requestBody: { content: { 'application/json': { schema } } } } : {}),
    responses: { default: { description: 'An answer, or an error as {"message": …}' } },
  };
}

function parameter(name: string, place: 'path' | 'query'): object {
  return { name, in: place, required: place === 'path', schema: { type: 'string' } };
}

/** The file's text. */
export const openApiText = (): string => `${JSON.stringify(openApi(), undefined, 2)}\n`;

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const isCurrent = readFileSync(OPENAPI_FILE, 'utf8') === openApiText();
    if (!isCurrent) console.error(`${OPENAPI_FILE} is out of date: run node tools/openapi.ts`);
    process.exitCode = isCurrent ? 0 : 1;
  } else writeFileSync(OPENAPI_FILE, openApiText());
}
