import type { OciSeccomp } from '#oci';
import { compileSeccomp } from '#sys';

const MAX_FILTERS = 64;

/**
 * Compiles profiles to the base64 of raw BPF, each once: about 10 ms the first time, nothing afterwards. undefined when
 * libseccomp is missing or refuses; the runtime then compiles, or fails with its own words.
 */
export class SeccompCompiler {
  readonly #byIdentity = new WeakMap<OciSeccomp, string>();
  readonly #byText = new Map<string, string>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void = () => {}) {
    this.#onFailure = onFailure;
  }

  compile(profile: OciSeccomp): string | undefined {
    const known = this.#byIdentity.get(profile);
    if (known !== undefined) return known;
    const text = JSON.stringify(profile);
    const filter = this.#byText.get(text) ?? this.#compileNow(profile);
    if (filter === undefined) return undefined;
    if (this.#byText.size >= MAX_FILTERS) this.#byText.clear();
    this.#byText.set(text, filter);
    this.#byIdentity.set(profile, filter);
    return filter;
  }

  #compileNow(profile: OciSeccomp): string | undefined {
    try {
      return compileSeccomp(profile).toString('base64');
    } catch (error) {
      this.#onFailure(error);
      return undefined;
    }
  }
}
