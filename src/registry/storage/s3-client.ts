import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import { AwsClient } from 'aws4fetch';
import type { ByteRange } from '../deps.ts';

/** A bucket of a service that speaks S3. */
export interface S3Config {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What all keys begin with. */
  readonly prefix: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
  /** Whether the service keeps it encrypted with a key of its own. */
  readonly isEncrypted?: boolean;
  readonly storageClass?: string | undefined;
  /** Bytes of a part of a large object. */
  readonly partBytes: number;
}

/** What is done with a bucket's objects; keys are without the prefix. */
export class S3Client {
  readonly #config: S3Config;
  readonly #aws: AwsClient;
  readonly #base: string;
  readonly #prefix: string;

  constructor(config: S3Config) {
    this.#config = config;
    const { accessKey, secretKey, sessionToken, region, endpoint, bucket, prefix } = config;
    this.#aws = new AwsClient({
      ...{ accessKeyId: accessKey, secretAccessKey: secretKey, service: 's3', region, retries: RETRIES },
      ...(sessionToken && { sessionToken }),
    });
    this.#base = `${endpoint.replace(/\/+$/, '')}/${encodeURIComponent(bucket)}`;
    this.#prefix = prefix.replace(/^\/+|\/+$/g, '');
  }

  /** Bytes of an object; undefined when there is none. */
  async size(key: string): Promise<number | undefined> {
    const answer = await this.#send('HEAD', this.#url(key), { absent: true });
    return answer && Number(answer.headers.get('content-length'));
  }

  /** The bytes of an object, as they come. Throws when there is none. */
  async open(key: string, range?: ByteRange): Promise<Readable> {
    const headers = range && { Range: `bytes=${range.start}-${range.end}` };
    const answer = await this.#send('GET', this.#url(key), { ...(headers && { headers }), isLong: true });
    return Readable.fromWeb(answer!.body as Parameters<typeof Readable.fromWeb>[0]);
  }

  /** A small object as text. */
  async text(key: string): Promise<string | undefined> {
    return await (await this.#send('GET', this.#url(key), { absent: true }))?.text();
  }

  async put(key: string, text: string): Promise<void> {
    await this.#send('PUT', this.#url(key), { body: text, headers: this.#kept() });
  }

  /** Makes a file an object, in parts where it is large. `sha256` are the hexadecimal digits of all of it. */
  async putFile(key: string, path: string, sha256: string): Promise<void> {
    const blob = await openAsBlob(path);
    const { partBytes } = this.#config;
    if (blob.size > partBytes) return await this.#putParts(key, blob, Math.max(partBytes, blob.size / PARTS_MOST));
    const headers = { ...this.#kept(), 'X-Amz-Content-Sha256': sha256 };
    await this.#send('PUT', this.#url(key), { body: blob, headers, isLong: true });
  }

  async #putParts(key: string, blob: Blob, partBytes: number): Promise<void> {
    const url = this.#url(key);
    const begun = await this.#send('POST', `${url}?uploads=`, { headers: this.#kept() });
    const id = encodeURIComponent(elements(await begun!.text(), 'UploadId')[0] ?? '');
    try {
      const parts: string[] = [];
      const step = Math.ceil(partBytes);
      for (let at = 0, n = 1; at < blob.size; at += step, n++) {
        const body = blob.slice(at, at + step);
        const answer = await this.#send('PUT', `${url}?partNumber=${n}&uploadId=${id}`, { body, isLong: true });
        const tag = answer!.headers.get('etag') ?? '';
        parts.push(`<Part><PartNumber>${n}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`);
      }
      const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
      const done = await this.#send('POST', `${url}?uploadId=${id}`, { body, isLong: true });
      // The service may answer 200 before it knows of a failure.
      const text = await done!.text();
      if (/<Error>/.test(text)) throw new Error(`S3: ${failureOf(text, 200)}`);
    } catch (error) {
      await this.#send('DELETE', `${url}?uploadId=${id}`, { absent: true }).catch(() => undefined);
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.#send('DELETE', this.#url(key), { absent: true });
  }

  /** The next parts of all keys that begin with this folder's, or with `deep` all these keys; without the folder. */
  async list(folder: string, { deep = false } = {}): Promise<string[]> {
    const prefix = this.#key(folder === '' ? '' : `${folder}/`);
    const found: string[] = [];
    for (let token: string | undefined; ; ) {
      const query = new URLSearchParams({ 'list-type': '2', prefix, ...(!deep && { delimiter: '/' }) });
      if (token !== undefined) query.set('continuation-token', token);
      const answer = await this.#send('GET', `${this.#base}?${query}`);
      const text = await answer!.text();
      const blocks = elements(text, deep ? 'Contents' : 'CommonPrefixes');
      const names = blocks.map((block) => elements(block, deep ? 'Key' : 'Prefix')[0] ?? '');
      for (const name of names) found.push(name.slice(prefix.length).replace(/\/$/, ''));
      token = elements(text, 'NextContinuationToken')[0];
      if (token === undefined || elements(text, 'IsTruncated')[0] !== 'true') return found;
    }
  }

  #key(key: string): string {
    return this.#prefix === '' ? key : `${this.#prefix}/${key}`;
  }

  #url(key: string): string {
    return `${this.#base}/${this.#key(key).split('/').map(encodeURIComponent).join('/')}`;
  }

  /** How an object is to be kept. */
  #kept(): Record<string, string> {
    const { isEncrypted, storageClass } = this.#config;
    return {
      ...(isEncrypted && { 'X-Amz-Server-Side-Encryption': 'AES256' }),
      ...(storageClass && { 'X-Amz-Storage-Class': storageClass }),
    };
  }

  async #send(method: string, url: string, { absent = false, isLong = false, ...init }: Sending = {}) {
    const signal = AbortSignal.timeout(isLong ? LONG_MS : SHORT_MS);
    const answer = await this.#aws.fetch(url, { ...init, method, signal }).catch((error: Error) => {
      throw new Error(`S3: ${method} ${new URL(url).pathname}: ${error.message}`, { cause: error });
    });
    if (answer.ok) return answer;
    const text = await answer.text();
    if (answer.status === 404 && absent && !/NoSuchBucket/.test(text)) return undefined;
    throw new Error(`S3: ${method} ${new URL(url).pathname}: ${failureOf(text, answer.status)}`);
  }
}

const RETRIES = 4;
const SHORT_MS = 60_000;
const LONG_MS = 3600_000;
const PARTS_MOST = 9_000;

interface Sending {
  readonly headers?: Record<string, string>;
  readonly body?: string | Blob;
  /** Whether "there is none" is an answer. */
  readonly absent?: boolean;
  readonly isLong?: boolean;
}

function failureOf(text: string, status: number): string {
  return [status, elements(text, 'Code')[0], elements(text, 'Message')[0]].filter(Boolean).join(' ').slice(0, 300);
}

/** The contents of the elements of this name; the documents of S3 have no attributes there and no mixed content. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map((match) => unescaped(match[1]!));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  if (text.includes('<')) return text;
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name ? (ENTITIES[name] ?? whole) : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
