import assert from 'node:assert/strict';
import { invalid } from '#errdefs';
import { isAnyDigest } from '#oci';
import { registryConfig } from '#registry';
import { parseHtpasswd } from '../../src/registry/access/htpasswd.ts';
import { RegistryError } from '../../src/registry/errors.ts';
import { isMatch, parseContentRange, parseRange } from '../../src/registry/http/range.ts';
import { isName, targetOf } from '../../src/registry/http/route.ts';
import { manifestFacts } from '../../src/registry/manifest.ts';
import type { Target } from './targets.ts';

const text = (...seeds: string[]) => seeds.map((seed) => Buffer.from(seed));
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const LONG = `sha512:${'0123456789abcdef'.repeat(8)}`;

/** A refusal of the registry, with a status below 500, counts as one. */
function refusing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof RegistryError && error.status < 500) throw invalid(error.message, error);
    throw error;
  }
}

/** What a registry is sent by whoever can reach it, and what its operator writes. */
export const REGISTRY_TARGETS: Readonly<Record<string, Target>> = {
  'manifests that are pushed': {
    seeds: text(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"c","digest":"${DIGEST}","size":1},"layers":[{"mediaType":"l","digest":"${LONG}","size":2}],"subject":{"mediaType":"m","digest":"${DIGEST}","size":3},"annotations":{"a":"b"}}`,
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"m","digest":"${DIGEST}","size":7}]}`,
      `{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[{"digest":"${DIGEST}"}]}`,
    ),
    words: [
      '"subject":null',
      '"schemaVersion":1',
      '"manifests":',
      'sha512:',
      '__proto__',
      '[[[',
      '-1',
      '"blobs":[null]',
    ],
    run: (input) =>
      refusing(() => {
        const { blobs, manifests, subject } = manifestFacts(input, 'application/vnd.oci.image.manifest.v1+json');
        for (const { digest } of [...blobs, ...manifests]) assert.ok(isAnyDigest(digest), digest);
        assert.ok(subject === undefined || isAnyDigest(subject));
      }),
  },
  'requests to a registry': {
    seeds: text(
      `/v2/team/app/manifests/${DIGEST}`,
      `/v2/a/blobs/uploads/01234567-89ab-4cde-8f01-23456789abcd`,
      '/v2/a/b__c/tags/list',
      'bytes=0-9',
      'bytes 5-9/10',
      `W/"${DIGEST}", "x"`,
    ),
    words: ['/blobs/', '/manifests/', '%2f', '..', '%00', 'bytes=', '-', '/referrers/', LONG, '"*"'],
    run: (input) =>
      refusing(() => {
        const line = input.toString('latin1');
        for (const range of [parseRange(line, 100), parseContentRange(line)]) {
          if (range) assert.ok(range.start >= 0 && range.end >= range.start, line);
        }
        isMatch(line, DIGEST);
        const target = targetOf(line);
        if (!target) throw invalid('no path of the API');
        if ('name' in target) assert.ok(isName(target.name) && !/\.\.|%|\0/.test(target.name), target.name);
        if ('digest' in target) assert.ok(isAnyDigest(target.digest));
      }),
  },
  'settings of a registry': {
    seeds: text(
      '{"http":{"addr":":5000","tls":{"certificate":"a","key":"b"}},"storage":{"delete":{"enabled":true},"maxblob":"10g"},"notifications":{"endpoints":[{"name":"x","url":"http://y","timeout":"1s"}]},"quota":{"total":"1t"}}',
      'alice:$2y$05$abcdefghijklmnopqrstuuK9Z8Y7X6W5V4U3T2S1R0Q9P8O7N6M5L\n# x\nbob:{SHA}x',
    ),
    words: ['"1h30m"', '1e400', '__proto__', 'null', '"-5g"', '":99999"', '"proxy":{"remoteurl":"x"}', '$2b$99$'],
    run: (input) => {
      const given = input.toString('utf8');
      for (const [account] of parseHtpasswd(given)) assert.ok(account.length > 0);
      let document: unknown;
      try {
        document = JSON.parse(given);
      } catch (error) {
        throw invalid((error as Error).message, error);
      }
      registryConfig(document, { REGISTRY_HTTP_ADDR: ':80', REGISTRY_PROXY: given });
    },
  },
};
