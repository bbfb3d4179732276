import { isAnyDigest } from '#oci';
import { readBody } from './body.ts';
import type { Call } from './call.ts';
import { answer } from './call.ts';
import { isMatch } from './range.ts';
import { checkTag } from './route.ts';

const TAGS_MOST = 64;

/** GET and HEAD of a manifest. */
export async function getManifest(call: Call, name: string, reference: string): Promise<void> {
  const { request, response, registry, reader } = call;
  const found = await reader.manifest(name, reference);
  const { digest, bytes, facts } = found;
  const entity = { ETag: `"${digest}"`, 'Docker-Content-Digest': digest };
  if (isMatch(request.headers['if-none-match'], digest)) return answer(call, 304, entity);
  response.writeHead(200, { ...entity, 'Content-Type': facts.mediaType, 'Content-Length': bytes.length });
  if (request.method === 'HEAD') return void response.end();
  response.end(bytes);
  registry.told(name, found, reference);
}

export async function putManifest(call: Call, name: string, reference: string): Promise<void> {
  const { request, query, registry } = call;
  const { manifestBytes, pace } = registry.settings;
  const alias = isAnyDigest(reference) ? reference : undefined;
  // Beside a digest tags may be named, as many as there are.
  const tags = alias ? query.getAll('tag').slice(0, TAGS_MOST).map(checkTag) : [reference];
  const bytes = await readBody(request, manifestBytes, pace);
  const contentType = request.headers['content-type'];
  const { digest, subject } = await registry.putManifest(name, bytes, { contentType, alias, tags });
  answer(call, 201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(subject && { 'OCI-Subject': subject }),
    ...(alias && tags.length > 0 && { 'OCI-Tag': tags.join(', ') }),
  });
}

export async function deleteManifest(call: Call, name: string, reference: string): Promise<void> {
  await call.registry.deleteManifest(name, reference);
  answer(call, 202);
}
