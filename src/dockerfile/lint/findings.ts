import { goQuote } from '#template/quote';
import { DockerfileError, refuse } from '../dockerfile-error.ts';
import type { Finding } from '../finding.ts';
import { parseBool } from '../go-values.ts';
import { findDirective } from '../parse/directives.ts';
import { trim } from '../white-space.ts';
import type { Rule } from './rules.ts';
import { RULES } from './rules.ts';

/** Which rules count, and whether a finding fails the build. */
export interface CheckConfig {
  readonly skip: 'all' | readonly string[];
  readonly experimental: 'all' | readonly string[];
  readonly isError: boolean;
}

const CHECK_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

/** What a build argument, else the directive `# check=…` says. */
export function checkConfig(source: string, buildArgs?: ReadonlyMap<string, string>): CheckConfig {
  // Docker: a directive ends at its first space.
  const given = buildArgs?.get(CHECK_ARG);
  const text = given ?? findDirective('check', source)?.value.split(' ', 1)[0] ?? '';
  const what = given === undefined ? 'check options' : `build-arg:${CHECK_ARG}`;
  try {
    return parseCheckConfig(text);
  } catch (error) {
    if (error instanceof DockerfileError) throw new DockerfileError(`failed to parse ${what}: ${error.message}`);
    throw error;
  }
}

function parseCheckConfig(text: string): CheckConfig {
  const config: { -readonly [K in keyof CheckConfig]: CheckConfig[K] } = { skip: [], experimental: [], isError: false };
  if (trim(text) === '') return config;
  for (const part of splitThrice(trim(text))) {
    const at = part.indexOf('=');
    if (at < 0) refuse(`invalid check option ${goQuote(part)}`);
    const key = trim(part.slice(0, at));
    const value = trim(part.slice(at + 1));
    if (key === 'skip' || key === 'experimental') config[key] = value === 'all' ? value : value.split(',').map(trim);
    else if (key === 'error') config.isError = parseBool(value) ?? notBoolean(part, value);
    else refuse(`invalid check option ${goQuote(key)}`);
  }
  return config;
}

/** Docker: three options are all there can be; the third holds whatever follows. */
function splitThrice(text: string): string[] {
  const parts = text.split(';');
  return parts.length <= 3 ? parts : [parts[0]!, parts[1]!, parts.slice(2).join(';')];
}

function notBoolean(part: string, value: string): never {
  return refuse(
    `failed to parse check option ${goQuote(part)}: strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`,
  );
}

/** Collects the findings that count. */
export class Findings {
  readonly #config: CheckConfig;
  readonly #found: Finding[] = [];

  constructor(config: CheckConfig) {
    this.#config = config;
  }

  readonly report = (finding: Finding): void => {
    const rule: Rule = RULES[finding.rule];
    const { skip, experimental } = this.#config;
    const counts = rule.isExperimental
      ? experimental === 'all' || experimental.includes(finding.rule)
      : skip !== 'all' && !skip.includes(finding.rule);
    if (counts) this.#found.push(finding);
  };

  /** In the order in which they were made. */
  get all(): readonly Finding[] {
    return this.#found;
  }

  /** Refuses the build when it has findings and was told to. */
  refuseIfAsked(): void {
    if (!this.#config.isError || this.#found.length === 0) return;
    const rules = [...new Set(this.#found.map(({ rule }) => rule))];
    throw new DockerfileError(`lint violation found for rules: ${rules.join(', ')}`);
  }
}
