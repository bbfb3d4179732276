import { invalid } from '#errdefs';
import type { BuildRequest } from '../request.ts';

/** Which provenance is asked for. */
export interface ProvenanceRequest {
  readonly mode: 'min' | 'max';
  readonly version: 'v0.2' | 'v1';
  readonly builderId: string;
  readonly reproducible: boolean;
}

/** What an image is to be attested by. */
export interface Attestations {
  readonly provenance: ProvenanceRequest | undefined;
  /** The image that lists what is in an image. */
  readonly scanner: string | undefined;
}

const SCANNER = 'docker/buildkit-syft-scanner:stable-1';
const MODES: Readonly<Record<string, 'min' | 'max'>> = { '': 'min', min: 'min', max: 'max' };
const VERSIONS: Readonly<Record<string, 'v0.2' | 'v1'>> = {
  ...{ '': 'v0.2', 'v0.2': 'v0.2', v1: 'v1', 'v0.1': 'v0.2' },
};

/**
 * Reads `attest:provenance` and `attest:sbom`. Clients ask for a provenance that suits nobody but those who want one anyway
 * (`inline-only`): it has the time in it, so the same image would be another each time; such is not attached.
 */
export function attestationsOf({ attestations }: Pick<BuildRequest, 'attestations'>): Attestations {
  const [provenance, sbom] = [attestations.get('provenance'), attestations.get('sbom')];
  for (const kind of attestations.keys()) {
    if (kind !== 'provenance' && kind !== 'sbom') throw invalid(`unknown attestation type ${JSON.stringify(kind)}`);
  }
  return {
    provenance: provenance === undefined ? undefined : provenanceOf(fieldsOf(provenance)),
    scanner: sbom === undefined ? undefined : scannerOf(fieldsOf(sbom)),
  };
}

function fieldsOf(text: string): Map<string, string> {
  const pairs = text.split(',').filter((field) => field !== '');
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

const isTrue = (text: string | undefined): boolean => text !== undefined && /^(|1|t|true)$/i.test(text);

function provenanceOf(fields: ReadonlyMap<string, string>): ProvenanceRequest | undefined {
  if (isTrue(fields.get('disabled')) || isTrue(fields.get('inline-only'))) return undefined;
  const mode = MODES[fields.get('mode') ?? ''];
  if (!mode) throw invalid(`invalid mode ${JSON.stringify(fields.get('mode'))}`);
  const version = VERSIONS[fields.get('version') ?? ''];
  if (!version) throw invalid(`unsupported provenance version ${JSON.stringify(fields.get('version'))}`);
  const builderId = fields.get('builder-id') ?? '';
  return { mode, version, builderId, reproducible: isTrue(fields.get('reproducible')) };
}

function scannerOf(fields: ReadonlyMap<string, string>): string | undefined {
  return isTrue(fields.get('disabled')) ? undefined : fields.get('generator') || SCANNER;
}
